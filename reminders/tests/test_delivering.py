"""What is to be sent outside: planned once, sent at least once, and nothing that is over."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import UserKey
from accounts.sealing import keys
from ahfai.testing import make_person
from ahfai.tests.at_once import at_once
from reminders import completing, delivering, due, order, rescheduling, snoozing, writing
from reminders.channels import Answer, Permanent, Temporary
from reminders.models import Channel, ChosenChannel, Delivery, Notice, Reminder, Telling
from reminders.tests.sinks import channel, fire, sink, states
from reminders.tests.test_list import make

__all__ = ["sink"]

pytestmark = pytest.mark.django_db


def send_all(now: datetime | None = None) -> int:
    """As a sender does it, one after the other."""
    leases = delivering.claim(100, now)
    for lease in leases:
        for ready in delivering.look_at([lease], now):
            delivering.settle(ready, ready.send(), now)
    return len(leases)


def test_what_is_due_goes_out_by_each_usual_channel(owner, sink):
    for address in ("phone", "work"):
        channel(owner, address)
    channel(owner, "not usual", by_default=False)
    channel(owner, "off", off_since=timezone.now())
    channel(make_person(), "somebody else's")
    fire(owner)
    assert send_all() == 2
    assert sorted(address for address, _message in sink.came) == ["phone", "work"]
    assert {message.title for _address, message in sink.came} == {"You have a reminder"}
    assert states() == ["sent", "sent"]
    assert send_all() == 0


def test_a_reminder_can_have_channels_of_its_own_or_none(owner, sink):
    channel(owner, "usual")
    other = channel(owner, "other", by_default=False)
    reminder = make(owner, "Call mum", -1)
    Reminder.objects.update(has_own_channels=True, next_fire_at=timezone.now())
    due.fire_due()
    assert not Delivery.objects.exists()
    ChosenChannel.objects.create(owner=owner, reminder=reminder, channel=other)
    Reminder.objects.update(next_fire_at=timezone.now())
    due.fire_due()
    send_all()
    assert [address for address, _message in sink.came] == ["other"]


def test_the_words_go_along_only_where_the_person_allows_it(owner, sink):
    channel(owner, "quiet"), channel(owner, "open", says_title=True)
    fire(owner, "Call mum")
    send_all()
    assert {address: message.title for address, message in sink.came} == {
        "quiet": "You have a reminder",
        "open": "Call mum",
    }


def test_the_words_are_one_line_wherever_they_came_from(owner, sink):
    channel(owner, says_title=True)
    reminder = fire(owner)
    edit(reminder, title="Call\r\nmum")
    send_all()
    assert sink.titles == ["Call mum"]


def test_to_who_may_not_sign_in_any_more_nothing_is_sent(owner, sink):
    channel(owner)
    fire(owner)
    owner.is_active = False
    owner.save()
    send_all()
    assert (sink.came, states()) == ([], ["dropped"])
    owner.is_active = True
    owner.save()
    fire(owner)
    assert send_all() == 1
    assert states() == ["dropped", "sent"]


def test_what_comes_late_says_when_it_was_due(owner, sink):
    channel(owner)
    fire(owner)
    late = fire(owner, ago=timedelta(days=1))
    Delivery.objects.filter(reminder=late).update(missed=2)
    send_all()
    said = sorted(message.text for _address, message in sink.came)
    assert said[0] == ""
    assert said[1].startswith("It was due yesterday ")
    assert said[1].endswith(", and 2 times more since.")


def test_quiet_hours_are_waited_for(owner, sink):
    owner.time_zone = "Asia/Tokyo"
    owner.save()
    Telling.objects.create(owner=owner, quiet_from=time(22), quiet_until=time(7))
    channel(owner)
    at_night = datetime(2026, 5, 2, 15, tzinfo=UTC)
    fire(owner, now=at_night)
    assert Notice.objects.count() == 1
    morning = datetime(2026, 5, 2, 22, tzinfo=UTC)
    assert send_all(morning - timedelta(seconds=1)) == 0
    assert send_all(morning) == 1
    assert sink.came[0][1].text == "It was due today 0:00."


def test_a_time_that_was_told_of_before_is_not_sent_again(owner):
    channel(owner)
    now = timezone.now()
    reminder = fire(owner, now=now)
    Reminder.objects.filter(pk=reminder.pk).update(next_fire_at=now)
    due.fire_due(now + timedelta(minutes=1))
    assert Delivery.objects.count() == 1


def done(owner, reminder):
    completing.complete(owner, {reminder.pk: reminder.version})


def put_off(owner, reminder):
    snoozing.snooze(owner, [reminder.pk], timezone.now() + timedelta(hours=1))


def thrown(owner, reminder):
    order.trash(owner, [reminder.pk])


def moved(_owner, reminder):
    edit(reminder, day=timezone.localdate() + timedelta(days=3))


def rescheduled(owner, reminder):
    seen = {reminder.pk: reminder.version}
    rescheduling.reschedule(owner, seen, timezone.localdate() + timedelta(days=3))


def edit(reminder, **changed):
    kept = {name: getattr(reminder, name) for name in writing.TIMES}
    writing.save(reminder, reminder.version, kept | changed, [])


@pytest.mark.parametrize("act", [done, put_off, thrown, moved, rescheduled])
def test_what_is_over_before_it_is_sent_is_not_sent(owner, sink, act):
    channel(owner)
    reminder = fire(owner)
    leases = delivering.claim(10)
    act(owner, reminder)
    assert delivering.look_at(leases) == []
    assert states() == ["dropped"]
    assert not sink.came


def test_of_a_series_the_time_that_is_done_is_not_sent(owner, sink):
    channel(owner)
    reminder = fire(owner, rrule="FREQ=DAILY", repeat_from="due")
    done(owner, reminder)
    send_all()
    assert states() == ["dropped"]


def test_what_was_renamed_is_sent_under_its_new_name(owner, sink):
    channel(owner, says_title=True)
    reminder = fire(owner)
    edit(reminder, title="Call dad")
    send_all()
    assert sink.titles == ["Call dad"]


def test_what_was_deleted_is_not_sent(owner, sink):
    channel(owner)
    reminder = fire(owner)
    leases = delivering.claim(10)
    order.delete(reminder)
    assert delivering.look_at(leases) == []


def test_two_senders_never_hold_the_same_one(owner):
    channel(owner)
    for _ in range(5):
        fire(owner)
    first, second = delivering.claim(3), delivering.claim(3)
    assert (len(first), len(second)) == (3, 2)
    assert not {one.delivery_id for one in first} & {one.delivery_id for one in second}
    assert delivering.claim(3) == []


def run_out() -> None:
    """The leases, as if a sender had died some time ago."""
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_lease_that_ran_out_is_taken_up_by_somebody_else(owner, sink):
    channel(owner)
    fire(owner)
    (old,) = delivering.claim(1)
    (ready,) = delivering.look_at([old])
    run_out()
    (new,) = delivering.claim(1)
    assert old.delivery_id == new.delivery_id
    # Whoever comes back after that has nothing to say any more.
    assert delivering.look_at([old]) == []
    delivering.settle(ready, Answer("Taken."))
    delivering.settle(ready, Permanent("Gone."))
    assert states() == ["waiting"]
    assert not Channel.objects.exclude(off_since=None).exists()
    delivering.settle(*delivering.look_at([new]), Answer("Taken."))
    assert states() == ["sent"]


def test_a_lost_acknowledgement_is_a_second_message_of_the_same_id(owner, sink):
    channel(owner)
    fire(owner)
    delivering.look_at(delivering.claim(1))[0].send()
    run_out()
    send_all()
    (_, first), (_, second) = sink.came
    assert first.id == second.id


def test_a_lease_that_is_nearly_over_is_not_begun_with(owner):
    channel(owner)
    fire(owner)
    leases = delivering.claim(1)
    Delivery.objects.update(lease_until=timezone.now() + timedelta(seconds=30))
    assert delivering.look_at(leases) == []


def test_what_cannot_be_sent_is_tried_again_after_1_5_15_and_60_minutes(owner, sink):
    def refuse(_address: str) -> None:
        raise Temporary("Nobody answers.")

    sink.reply = refuse
    channel(owner)
    now = timezone.now()
    fire(owner, now=now)
    for minutes in (1, 5, 15, 60):
        assert send_all(now) == 1
        assert states() == ["waiting"]
        now += timedelta(minutes=minutes)
        assert send_all(now - timedelta(seconds=1)) == 0
    assert send_all(now) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.error) == ("failed", 5, "Nobody answers.")
    assert send_all(now + timedelta(days=1)) == 0
    assert not Channel.objects.exclude(off_since=None).exists()


def test_another_try_waits_for_the_end_of_quiet_hours(owner, sink):
    def refuse(_address: str) -> None:
        raise Temporary("Nobody answers.")

    sink.reply = refuse
    Telling.objects.create(owner=owner, quiet_from=time(22), quiet_until=time(7))
    channel(owner)
    now = datetime(2026, 5, 2, 21, 59, 30, tzinfo=UTC)
    fire(owner, now=now)
    send_all(now)
    assert Delivery.objects.get().next_try_at == datetime(2026, 5, 3, 7, tzinfo=UTC)


def test_what_is_gone_for_good_switches_the_channel_off_and_says_why(owner, sink):
    def refuse(_address: str) -> None:
        raise Permanent("Nobody lives here any more.")

    sink.reply = refuse
    channel(owner)
    fire(owner), fire(owner)
    send_all()
    assert states() == ["failed", "failed"]
    assert Channel.objects.get().off_because == "Nobody lives here any more."
    fire(owner)
    assert Delivery.objects.count() == 2


def test_what_failed_can_be_sent_again(owner, sink):
    channel(owner)
    fire(owner)
    Delivery.objects.update(state="failed", attempts=5)
    delivery = Delivery.objects.get()
    assert not delivering.again(make_person(), delivery.pk)
    assert delivering.again(owner, delivery.pk)
    assert not delivering.again(owner, delivery.pk)
    send_all()
    assert states() == ["sent"]


def test_one_that_ends_its_sender_each_time_is_given_up(owner, sink):
    channel(owner)
    fire(owner)
    for _ in range(5):
        delivering.look_at(delivering.claim(1))
        run_out()
    send_all()
    assert states() == ["failed"]
    assert not sink.came


def test_a_channel_that_cannot_be_read_fails_alone(owner, sink):
    channel(owner)
    broken = channel(owner, "other")
    Channel.objects.filter(pk=broken.pk).update(
        target=Channel.objects.exclude(pk=broken.pk).get().__dict__["target"]
    )
    fire(owner)
    send_all()
    assert states() == ["failed", "sent"]


def test_old_deliveries_are_forgotten_unless_they_are_still_to_be_sent(owner, sink):
    channel(owner)
    fire(owner)
    send_all()
    fire(owner)
    Delivery.objects.update(made=timezone.now() - timedelta(days=91))
    delivering.forget_old()
    assert states() == ["waiting"]


def test_a_batch_is_planned_with_the_same_few_questions(owner):
    people = [owner, *(make_person() for _ in range(2))]
    for person in people:
        Telling.objects.create(owner=person, quiet_from=time(22), quiet_until=time(7))
        channel(person), channel(person)

    def asked(count: int) -> int:
        for number in range(count):
            make(people[number % 3], "t", -1)
        Reminder.objects.filter(notices=None).update(next_fire_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            due.fire_due()
        return len([one for one in queries if "reminders_reminder" not in one["sql"][:40]])

    assert asked(3) == asked(12)
    assert Delivery.objects.count() == 30


def test_of_each_person_only_a_part_is_taken_and_of_the_longest_waiting_first(owner):
    other, third = make_person(), make_person()
    for person in (owner, other, third):
        channel(person)
    for person in (*[owner] * 6, other, *[third] * 2):
        fire(person)

    def taken(**asked) -> list:
        leases = delivering.claim(each=2, **asked)
        found = Delivery.objects.in_bulk([lease.delivery_id for lease in leases])
        rows = [found[lease.delivery_id] for lease in leases]
        delivering.give_back(leases)
        return [row.owner for row in rows]

    assert taken(most=20) == [owner, owner, other, third, third]
    assert taken(most=3) == [owner, owner, other]
    assert taken(most=20, busy={owner.pk: 2, third.pk: 1}) == [other, third]
    assert taken(most=20, busy={one.pk: 2 for one in (owner, other, third)}) == []


def test_a_batch_is_looked_at_in_one_question(owner, sink, django_assert_num_queries):
    channel(owner)
    for _ in range(5):
        fire(owner)
    leases = delivering.claim(10)
    with django_assert_num_queries(1):
        assert len(delivering.look_at(leases)) == 5


@pytest.mark.only_on_sqlite
def test_the_next_ones_are_found_without_a_look_at_all(owner):
    rows = Delivery.objects.filter(state="waiting", next_try_at__lte=timezone.now())
    plan = rows.order_by("next_try_at", "id").explain()
    assert "delivery_next_to_send (next_try_at<?)" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.django_db(transaction=True)
def test_any_number_of_senders_send_each_once(owner, sink):
    channel(owner)
    for _ in range(60):
        make(owner, "t", -1)
    Reminder.objects.update(next_fire_at=timezone.now())
    due.fire_due()

    def work(_number: int) -> None:
        while leases := delivering.claim(7):
            for ready in delivering.look_at(leases):
                delivering.settle(ready, ready.send())

    at_once(work, 4)
    work(0)
    assert len({message.id for _address, message in sink.came}) == 60
    assert len(sink.came) == 60
    assert set(states()) == {"sent"}


def test_a_series_of_which_one_time_is_put_off_goes_on_outside_too(owner, sink):
    channel(owner)
    now = timezone.now()
    reminder = fire(owner, now=now, at=time(9), rrule="FREQ=DAILY", repeat_from="due")
    send_all(now)
    snoozing.snooze(owner, [reminder.pk], now + timedelta(days=7))
    tomorrow = now + timedelta(days=1)
    Reminder.objects.update(next_fire_at=tomorrow)
    due.fire_due(tomorrow)
    send_all(tomorrow)
    assert states() == ["sent", "sent"]
    Reminder.objects.update(next_fire_at=tomorrow + timedelta(hours=1))
    due.fire_due(tomorrow + timedelta(hours=1))
    # Now it is this one that is put off.
    snoozing.snooze(owner, [reminder.pk], now + timedelta(days=7))
    send_all(tomorrow + timedelta(hours=1))
    assert states() == ["dropped", "sent", "sent"]


def test_a_person_whose_key_cannot_be_opened_keeps_nobody_elses_messages_back(owner, sink):
    for person in (make_person(), owner):
        channel(person)
        fire(person)
    broken = Delivery.objects.exclude(owner=owner).get()
    UserKey.objects.filter(owner=broken.owner_id).update(wrapped=b"broken")
    keys.clear_cache()
    send_all()
    assert states() == ["failed", "sent"]


def test_what_is_on_its_way_for_somebody_who_is_erased_is_settled(owner, sink):
    channel(owner)
    fire(owner)
    [ready] = delivering.look_at(delivering.claim(1))
    UserKey.objects.filter(owner=owner).delete()
    keys.clear_cache()
    delivering.settle(ready, Temporary("Nobody answers."))
    assert not Delivery.objects.exclude(lease_token=None).exists()
