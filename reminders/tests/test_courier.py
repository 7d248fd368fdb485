"""The courier: what is planned goes out by itself, also beside somebody who is slow."""

import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from ahfai import courier
from ahfai.courier import Courier
from ahfai.testing import make_person
from reminders import delivering, due
from reminders.channels import Temporary
from reminders.models import Delivery, Reminder
from reminders.tests.sinks import channel, fire, sink, states
from reminders.tests.test_list import make

__all__ = ["sink"]

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until(is_so, within_s: float = 10) -> None:
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_sends_what_was_planned_before_and_what_it_is_woken_for(owner, sink):
    channel(owner, says_title=True)
    fire(owner, "Before")
    with Courier(delivering) as carrying:
        wait_until(lambda: states() == ["sent"])
        fire(owner, "Since")
        carrying.wake()
        wait_until(lambda: states() == ["sent", "sent"], within_s=courier.EVERY_S / 2)
    assert sink.titles == ["Before", "Since"]


def test_who_is_slow_keeps_nobody_else_waiting(owner, sink):
    answer = threading.Event()
    sink.reply = lambda address: answer.wait(10) if address == "slow" else None
    channel(owner, "slow")
    fire(owner)
    channel(owner, "quick")
    with Courier(delivering) as carrying:
        wait_until(lambda: carrying._sending == 1)
        fire(owner)
        carrying.wake()
        wait_until(lambda: states() == ["sent", "waiting", "waiting"])
        assert not answer.is_set()
        answer.set()
        # Each is written down before it is over.
    assert states() == ["sent"] * 3


def test_who_has_many_to_a_dead_server_leaves_senders_to_the_others(owner, sink, monkeypatch):
    monkeypatch.setattr(courier, "SENDING", 3)
    monkeypatch.setattr(courier, "EACH", 2)
    answer = threading.Event()
    sink.reply = lambda address: answer.wait(10) if address == "dead" else None
    channel(owner, "dead")
    for _ in range(5):
        fire(owner)
    with Courier(delivering) as carrying:
        wait_until(lambda: carrying._sending == 2)
        other = make_person()
        channel(other, "alive")
        fire(other)
        carrying.wake()
        wait_until(lambda: states().count("sent") == 1)
        assert [address for address, _message in sink.came] == ["alive"]
        answer.set()
        wait_until(lambda: states() == ["sent"] * 6, within_s=courier.EVERY_S)


def test_what_waited_for_its_turn_is_looked_at_once_more(owner, sink, monkeypatch):
    asked, answer = threading.Event(), threading.Event()

    def reply(_address: str) -> None:
        asked.set()
        answer.wait(10)

    sink.reply = reply
    monkeypatch.setattr(courier, "STEPS_ASIDE_S", 10)
    monkeypatch.setattr(courier, "LOOKED_S", 0)
    channel(owner)
    for _ in range(2):
        make(owner, "t", -1)
    Reminder.objects.update(next_fire_at=timezone.now())
    due.fire_due()
    with Courier(delivering):
        assert asked.wait(10)
        Reminder.objects.update(done=timezone.now())
        answer.set()
        wait_until(lambda: states() == ["dropped", "sent"])


def test_at_a_stop_the_rest_is_left_to_others_at_once(owner, sink, monkeypatch):
    asked, answer = threading.Event(), threading.Event()

    def reply(_address: str) -> None:
        asked.set()
        answer.wait(10)

    sink.reply = reply
    monkeypatch.setattr(courier, "STEPS_ASIDE_S", 10)
    channel(owner)
    for _ in range(3):
        make(owner, "t", -1)
    Reminder.objects.update(next_fire_at=timezone.now())
    due.fire_due()
    with Courier(delivering):
        assert asked.wait(10)
        threading.Timer(0.1, answer.set).start()
    assert states() == ["sent", "waiting", "waiting"]
    assert Delivery.objects.filter(state="waiting", lease_until=None, attempts=0).count() == 2


def test_an_error_of_a_channel_is_a_try_that_failed_and_is_not_in_the_log(owner, sink, caplog):
    def reply(_address: str) -> None:
        raise RuntimeError("canary")

    sink.reply = reply
    channel(owner)
    fire(owner)
    with Courier(delivering):
        wait_until(lambda: Delivery.objects.filter(attempts=1, lease_until=None).exists())
    assert "canary" not in caplog.text
    assert "a channel failed: RuntimeError" in caplog.text


def test_what_could_not_be_written_down_is_written_down_later(owner, sink, monkeypatch):
    settle, broken = delivering.settle, [True]

    def once_broken(*arguments) -> None:
        if broken.pop() if broken else False:
            raise RuntimeError
        settle(*arguments)

    monkeypatch.setattr(delivering, "settle", once_broken)
    monkeypatch.setattr(courier, "EVERY_S", 0.05)
    channel(owner)
    fire(owner)
    with Courier(delivering):
        wait_until(lambda: states() == ["sent"])
    assert len(sink.came) == 1


def test_it_goes_on_after_the_database_was_away(owner, sink, monkeypatch):
    look_at, calls = delivering.look_at, []

    def look(leases):
        calls.append(leases)
        if len(calls) == 2:
            # As in a restart of the server, between claiming and looking once more.
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return look_at(leases)

    monkeypatch.setattr(delivering, "look_at", look)
    monkeypatch.setattr(courier, "EVERY_S", 0.05)
    monkeypatch.setattr(courier, "LOOKED_S", 0)
    channel(owner)
    fire(owner)
    with Courier(delivering):
        wait_until(lambda: states() == ["sent"])
    assert len(calls) > 1


def test_one_that_waits_for_its_next_try_is_not_sent_before(owner, sink, monkeypatch):
    def reply(_address: str) -> None:
        raise Temporary("Nobody answers.")

    sink.reply = reply
    monkeypatch.setattr(courier, "EVERY_S", 0.02)
    channel(owner)
    fire(owner)
    with Courier(delivering):
        wait_until(lambda: Delivery.objects.filter(attempts=1, lease_until=None).exists())
        time.sleep(0.1)
    delivery = Delivery.objects.get()
    assert delivery.attempts == 1
    assert delivery.next_try_at > timezone.now() + timedelta(seconds=50)
