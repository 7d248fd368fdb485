"""One message a day, with how many are overdue and how many are for today."""

from datetime import UTC, datetime, time, timedelta

import pytest

from accounts import zones
from ahfai.testing import make_person
from ahfai.tests.at_once import at_once
from reminders import completing, digests, telling
from reminders.models import Delivery, Telling
from reminders.tests.sinks import channel, sink, states
from reminders.tests.test_delivering import send_all
from reminders.tests.test_list import make, noon

__all__ = ["noon", "sink"]

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(owner, since: str = "2026-05-01T12:00", hour: int = 7) -> None:
    following = digests.next_at(time(hour), at(since), owner.zone)
    Telling.objects.create(owner=owner, digest_at=time(hour), next_digest_at=following)


def test_there_is_one_a_day_by_each_usual_channel(owner):
    daily(owner)
    channel(owner), channel(owner, by_default=False), channel(make_person())
    now = at("2026-05-01T12:00")
    while now < at("2026-05-04T12:00"):
        digests.plan_due(now)
        now += timedelta(minutes=30)
    moments = Delivery.objects.order_by("made").values_list("occurrence_at", flat=True)
    assert [f"{moment:%d %H:%M}" for moment in moments] == ["02 07:00", "03 07:00", "04 07:00"]


def test_after_days_of_downtime_there_is_one(owner):
    daily(owner)
    channel(owner)
    assert digests.plan_due(at("2026-05-05T12:00")) == 1
    assert digests.plan_due(at("2026-05-05T12:00")) == 0
    assert Telling.objects.get().next_digest_at == at("2026-05-06T07:00")


def test_late_in_quiet_hours_it_waits_for_their_end(owner):
    daily(owner)
    Telling.objects.update(quiet_from=time(22), quiet_until=time(6))
    channel(owner)
    digests.plan_due(at("2026-05-02T23:30"))
    assert Delivery.objects.get().next_try_at == at("2026-05-03T06:00")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_it_comes_at_the_hour_on_the_persons_wall_when_the_clocks_change(owner, day):
    owner.time_zone = "Europe/Berlin"
    owner.save()
    moment = at(f"{day}T00:00") - timedelta(days=1)
    for _ in range(3):
        moment = digests.next_at(time(7), moment, owner.zone)
        assert moment.astimezone(owner.zone).time() == time(7)


def test_it_follows_its_person_to_another_zone(owner):
    telling.save(owner, quiet_from=None, quiet_until=None, digest_at=time(7))
    owner.time_zone = "Asia/Tokyo"
    zones.save_profile(owner, ["time_zone"])
    assert Telling.objects.get().next_digest_at.astimezone(owner.zone).time() == time(7)


def test_it_says_how_many_and_what_only_where_that_is_allowed(owner, sink, noon):
    make(owner, "Rent", -2)
    make(owner, "Call mum", 0, time(15))
    make(owner, "Bins", 0)
    make(owner, "Cabin", 1)
    telling.save(owner, quiet_from=None, quiet_until=None, digest_at=time(11))
    Telling.objects.update(next_digest_at=noon)
    channel(owner, "quiet"), channel(owner, "open", says_title=True)
    digests.plan_due(noon)
    send_all(noon)
    said = dict(sink.came)
    assert {message.title for message in said.values()} == {"1 overdue, 2 for today"}
    assert said["quiet"].text == ""
    assert "today 15:00: Call mum" in said["open"].text.splitlines()
    assert "Cabin" not in said["open"].text


def test_however_much_there_is_to_do_it_stays_short(owner, sink):
    for number in range(12):
        make(owner, f"{number} " + "very " * 39, -1)
    daily(owner)
    channel(owner, says_title=True)
    digests.plan_due()
    send_all()
    lines = sink.came[0][1].text.splitlines()
    assert len(lines) == 10
    assert max(len(line) for line in lines) < 100


def test_of_nothing_none_is_sent(owner, sink):
    make(owner, "Cabin", 3)
    done = make(owner, "Rent", -2)
    completing.complete(owner, {done.pk: done.version})
    daily(owner)
    channel(owner)
    assert digests.plan_due() == 1
    send_all()
    assert states() == ["dropped"]


@pytest.mark.django_db(transaction=True)
def test_any_number_of_workers_plan_it_once(owner):
    people = [owner, *(make_person() for _ in range(9))]
    for person in people:
        daily(person)
        channel(person)

    def plan(_number: int) -> None:
        while digests.plan_due(at("2026-05-02T09:00")):
            pass

    at_once(plan, 4)
    plan(0)
    assert Delivery.objects.count() == 10
