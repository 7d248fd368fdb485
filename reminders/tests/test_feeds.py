"""Secret addresses at which other programs read reminders as a calendar."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from ahfai.logs import ErrorsByPlace
from ahfai.models import RateCount
from reminders import completing, order, snoozing, writing
from reminders.models import Completion, Feed, Reminder
from reminders.tests.test_list import make

FEEDS, MAKE = reverse("reminders:feeds"), reverse("reminders:feed_make")
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def spring(monkeypatch, owner):
    """Half past eleven on a Wednesday in March, in Berlin."""
    owner.time_zone = "Europe/Berlin"
    owner.save()
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def subscribe(client):
    """Makes an address and returns its path."""

    def make_one(**said) -> str:
        said = {"name": "Phone", "shape": "VEVENT", "shows_titles": "on"} | said
        page = client.post(MAKE, said).content.decode()
        return re.search(r"http://[^/<]+(/reminders/feeds/[\w-]{43}\.ics)", page)[1]

    return make_one


def read(nobody, address: str) -> Calendar:
    answer = nobody.get(address)
    assert answer.status_code == 200
    return Calendar.from_ical(answer.content)


def entries(nobody, address: str) -> dict[str, object]:
    """What stands in the calendar, by title; that of one time of a series with a star."""
    found = [one for one in read(nobody, address).walk() if one.name in ("VEVENT", "VTODO")]
    return {f"{one['summary']}{'*' if 'recurrence-id' in one else ''}": one for one in found}


def test_an_address_is_shown_once_and_read_without_signing_in(client, nobody, owner, subscribe):
    make(owner, "Dentist", 1, time(9))
    address = subscribe()
    secret = address.rpartition("/")[2].removesuffix(".ics")
    answer = nobody.get(address)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert not answer.cookies
    assert b"SUMMARY:Dentist" in answer.content
    page = client.get(FEEDS).content.decode()
    assert "Phone" in page
    assert secret not in page
    assert secret not in str(Feed.objects.values_list("secret_hash", "pk").get())


def test_what_is_read_can_be_read_by_calendars(nobody, owner, subscribe):
    address = subscribe()
    dentist = make(owner, "Dentist", 1, time(9), names=["health"], priority=1, details="Bring *it*")
    make(owner, "Bins", 2)
    make(owner, "Boat", None)
    calendar = read(nobody, address)
    assert calendar["x-wr-calname"] == "Phone"
    assert calendar["refresh-interval"].to_ical() == b"PT1H"
    assert calendar["x-published-ttl"].to_ical() == b"PT1H"
    found = entries(nobody, address)
    assert found.keys() == {"Dentist", "Bins"}
    event = found["Dentist"]
    assert event["uid"] == f"{dentist.pk}@ahfai"
    assert event["dtstart"].to_ical() == b"20260326T080000Z"
    assert event["duration"].dt == timedelta(minutes=15)
    assert event["transp"] == "TRANSPARENT"
    assert event["priority"] == 1
    assert event["categories"].to_ical() == b"health"
    assert event["description"] == "Bring *it*"
    assert event["url"].endswith(dentist.get_absolute_url())
    assert {"dtstamp", "last-modified", "created", "sequence"} <= {key.lower() for key in event}
    assert found["Bins"]["dtstart"].dt == date(2026, 3, 27)
    assert found["Bins"]["dtstart"].params["value"] == "DATE"


def test_a_series_keeps_its_wall_clock_and_brings_its_zone(nobody, owner, subscribe):
    address = subscribe()
    make(owner, "Standup", 0, time(9), rrule="FREQ=WEEKLY;UNTIL=20260501", repeat_from="due")
    make(owner, "Call", 0, time(9), zone="Asia/Tokyo", rrule="FREQ=DAILY", repeat_from="due")
    make(owner, "Pill", 0, time(8), rrule="FREQ=HOURLY;INTERVAL=12", repeat_from="due")
    make(owner, "Rent", 0, rrule="FREQ=MONTHLY;UNTIL=20270101", repeat_from="due")
    found = entries(nobody, address)
    standup = found["Standup"]
    assert standup["dtstart"].to_ical() == b"20260325T090000"
    assert standup["dtstart"].params["tzid"] == "Europe/Berlin"
    # UNTIL in UTC, where the start has a zone; as a date, where it is one.
    assert standup["rrule"].to_ical() == b"FREQ=WEEKLY;UNTIL=20260501T215959Z"
    assert found["Rent"]["rrule"].to_ical() == b"FREQ=MONTHLY;UNTIL=20270101"
    assert found["Pill"]["dtstart"].to_ical() == b"20260325T070000Z"
    zones = {one["tzid"] for one in read(nobody, address).walk("VTIMEZONE")}
    assert zones == {"Europe/Berlin", "Asia/Tokyo"}


def test_what_counts_from_when_it_is_done_stands_there_once(nobody, owner, subscribe):
    address = subscribe()
    make(owner, "Filter", 3, time(9), rrule="FREQ=MONTHLY", repeat_from="done")
    filter_ = entries(nobody, address)["Filter"]
    assert "rrule" not in filter_
    assert filter_["dtstart"].to_ical() == b"20260328T080000Z"


def test_what_is_put_off_stands_where_it_was_put_off_to(nobody, owner, subscribe):
    address = subscribe()
    once = make(owner, "Once", 0, time(9))
    series = make(owner, "Series", 0, time(9), rrule="FREQ=DAILY", repeat_from="due")
    snoozing.snooze(owner, [once.pk, series.pk], datetime(2026, 3, 25, 20, tzinfo=UTC))
    found = entries(nobody, address)
    assert found["Once"]["dtstart"].to_ical() == b"20260325T200000Z"
    assert found["Series"]["dtstart"].to_ical() == b"20260325T090000"
    assert found["Series*"]["recurrence-id"].to_ical() == b"20260325T090000"
    assert found["Series*"]["dtstart"].to_ical() == b"20260325T200000Z"
    assert found["Series*"]["uid"] == found["Series"]["uid"]


def test_tasks_have_a_due_time_and_are_ticked_off(nobody, owner, subscribe):
    address = subscribe(shape="VTODO")
    call = make(owner, "Call", 1, time(9))
    make(owner, "Boat", None)
    make(owner, "Standup", 1, time(9), rrule="FREQ=DAILY", repeat_from="due")
    completing.complete(owner, {call.pk: 1})
    found = entries(nobody, address)
    assert found["Call"]["status"] == "COMPLETED"
    assert found["Call"]["completed"].dt == NOW
    assert found["Call"]["due"].to_ical() == b"20260326T080000Z"
    assert "due" not in found["Boat"]
    assert found["Standup"]["status"] == "NEEDS-ACTION"
    # A rule needs a start to count from.
    assert found["Standup"]["dtstart"].to_ical() == b"20260326T090000"
    call.refresh_from_db()
    call.done = NOW - timedelta(days=31)
    call.save()
    assert "Call" not in entries(nobody, address)


def test_without_titles_nothing_tells_what_it_is(nobody, owner, subscribe):
    make(owner, "Dentist", 1, time(9), names=["health"], details="Bring it", priority=1)
    said = nobody.get(subscribe(name="Office", shows_titles="")).content.decode()
    assert "SUMMARY:Busy" in said
    for word in ("Dentist", "health", "Bring", "PRIORITY", "Office", "URL"):
        assert word not in said


def test_an_alarm_is_there_for_who_asks_for_it(nobody, owner, subscribe):
    address = subscribe()
    make(owner, "Dentist", 1, time(9))
    make(owner, "Bins", 2)
    assert b"VALARM" not in nobody.get(address).content
    said = nobody.get(address, {"alarm": "15"}).content.decode()
    assert "TRIGGER:-PT15M" in said
    # Of a whole day by the time when AhFai tells of it.
    assert "TRIGGER:PT8H45M" in said
    assert b"VALARM" not in nobody.get(address, {"alarm": "soon"}).content


def test_an_id_stays_and_each_change_is_a_new_answer(nobody, owner, subscribe):
    """Words, times, tags, done, undone, trash: what was read before is not the answer then."""
    address = subscribe()
    one = make(owner, "Dentist", 1, time(9), names=["health"])
    uid = entries(nobody, address)["Dentist"]["uid"]
    words = {"title": "Doctor", "details": "", "priority": 0, "day": one.day, "at": one.at}
    same = {"zone": "", "rrule": "", "repeat_from": ""}
    seen: list[str] = []

    def new_answer() -> None:
        assert not seen or nobody.get(address, headers={"if-none-match": seen[-1]}).content
        answer = nobody.get(address)
        assert answer["ETag"] not in seen[-1:]
        seen.append(answer["ETag"])
        again = nobody.get(address, headers={"if-none-match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    new_answer()
    writing.save(one, 1, words | same, ["health"])
    new_answer()
    assert entries(nobody, address)["Doctor"]["uid"] == uid
    assert entries(nobody, address)["Doctor"]["sequence"] == 1
    order.add_tags(owner, [one.pk], ["urgent"])
    new_answer()
    snoozing.snooze(owner, [one.pk], NOW + timedelta(hours=1))
    new_answer()
    outcome = completing.complete(owner, {one.pk: 3})
    new_answer()
    completing.undo(owner, [outcome.completions[0].pk])
    new_answer()
    order.trash(owner, [one.pk])
    new_answer()


def test_each_act_is_a_new_state_of_the_entry(nobody, owner, subscribe, monkeypatch):
    one = make(owner, "Dentist", 1, time(9), rrule="FREQ=DAILY", repeat_from="due")
    Reminder.objects.update(changed=NOW)
    address = subscribe()
    seen = []

    def is_newer() -> bool:
        entry = entries(nobody, address)["Dentist"]
        assert entry["last-modified"].dt == entry["dtstamp"].dt
        seen.append((entry["sequence"], entry["last-modified"].dt))
        later = timezone.now() + timedelta(minutes=1)
        monkeypatch.setattr(timezone, "now", lambda: later)
        return len(seen) == 1 or all(a > b for a, b in zip(seen[-1], seen[-2], strict=True))

    assert is_newer()
    put_off = snoozing.snooze(owner, [one.pk], NOW + timedelta(days=2))
    assert is_newer()
    snoozing.take_back(owner, put_off)
    assert is_newer()
    skipped = completing.complete(owner, {one.pk: 3}, Completion.Kind.SKIPPED)
    assert is_newer()
    completing.undo(owner, [skipped.completions[0].pk])
    assert is_newer()
    first, again = nobody.get(address), nobody.get(address)
    assert (first["ETag"], first.content) == (again["ETag"], again.content)


def test_behind_tls_it_is_neither_read_nor_led_on_in_clear(nobody, settings, subscribe):
    address = subscribe()
    settings.IS_HTTPS = True
    answer = nobody.get(address)
    assert (answer.status_code, answer.content) == (403, b"Ask for this address with https://.")
    assert nobody.get(address, secure=True).status_code == 200


def test_a_revoked_address_is_gone_at_once(client, strangers_client, nobody, owner, subscribe):
    make(owner, "Dentist", 1, time(9))
    address = subscribe()
    revoke = reverse("reminders:feed_revoke", args=[Feed.objects.get().pk])
    assert strangers_client.post(revoke).status_code == 404
    assert nobody.get(address).status_code == 200
    assert "Revoke this address?" in client.get(revoke).content.decode()
    assert client.post(revoke).url == FEEDS
    gone = nobody.get(address)
    never = nobody.get(reverse("reminders:feed", args=["x" * 43]))
    assert (gone.status_code, gone.content) == (never.status_code, never.content)
    assert gone.status_code == 404
    assert not gone.cookies


def test_who_may_not_sign_in_any_more_has_no_address_either(nobody, owner, subscribe):
    address = subscribe()
    owner.__class__.objects.update(is_active=False)
    assert nobody.get(address).status_code == 404


def test_its_secret_is_in_no_log(nobody, subscribe, caplog, owner):
    address = subscribe()
    Feed.objects.all().delete()
    nobody.get(address)
    nobody.post(address)
    lines = [ErrorsByPlace().format(record) for record in caplog.records]
    assert any("/reminders/feeds/….ics" in line for line in lines)
    assert not any(address in line for line in lines)


def test_an_address_without_a_name_is_refused(client):
    answer = client.post(MAKE, {"shape": "VEVENT"})
    assert answer.status_code == 422
    assert "Give it a name" in answer.content.decode()
    assert not Feed.objects.exists()


def test_one_person_has_at_most_twenty(client, owner, subscribe):
    for number in range(20):
        Feed.objects.create(owner=owner, name="n", secret_hash=f"{number:064}")
    answer = client.post(MAKE, {"name": "Phone", "shape": "VEVENT"})
    assert answer.status_code == 422
    assert "You have 20 addresses already." in answer.content.decode()


def test_guessing_is_limited_and_keeps_nobody_from_reading(nobody, subscribe, monkeypatch):
    address = subscribe()
    wrong = reverse("reminders:feed", args=["x" * 43])
    monkeypatch.setattr("reminders.feed_views.WRONG_PER_HOUR", 2)
    assert [nobody.get(wrong).status_code for _ in range(3)] == [404, 404, 429]
    assert nobody.get(address).status_code == 200
    monkeypatch.setattr("reminders.feed_views.READS_PER_HOUR", 1)
    assert nobody.get(address)["Retry-After"] == "3600"
    assert RateCount.objects.count() == 2


def test_the_last_reading_is_written_down_now_and_then(nobody, client, subscribe, monkeypatch):
    address = subscribe()
    assert "not read yet" in client.get(FEEDS).content.decode()
    for minutes, known in ((0, 0), (4, 0), (6, 6)):
        now = NOW + timedelta(minutes=minutes)
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        nobody.get(address)
        assert Feed.objects.get().last_read == NOW + timedelta(minutes=known)


def test_more_reminders_are_no_more_questions(nobody, owner, subscribe):
    address = subscribe()

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            nobody.get(address)
        return len(asked)

    for number in range(3):
        make(owner, f"One {number}", number, time(9), names=["a"])
    nobody.get(address)
    few = questions()
    for number in range(3, 9):
        make(owner, f"One {number}", number, time(9), names=["b"])
    assert questions() == few
