"""Somebody who takes what is sent outside, in the process of the test."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from reminders import channels, due
from reminders.channels import Answer, Message, Target, Way
from reminders.models import Channel, Delivery, Reminder
from reminders.tests.test_list import make


class Sink:
    """What came, by the channel's address; `reply` answers, or raises."""

    def __init__(self) -> None:
        self.came: list[tuple[str, Message]] = []
        self.reply: Callable[[str], object] = lambda _address: None
        self._lock = threading.Lock()

    @property
    def titles(self) -> list[str]:
        return [message.title for _address, message in self.came]

    def take(self, address: str, message: Message) -> Answer:
        self.reply(address)
        with self._lock:
            self.came.append((address, message))
        return Answer("Taken.")


@pytest.fixture
def sink(monkeypatch) -> Sink:
    """In the place of the webhooks."""
    taking = Sink()

    @dataclass(frozen=True)
    class ToSink(Target):
        address: str

        @property
        def place(self) -> str:
            return self.address

        def send(self, message: Message) -> Answer:
            return taking.take(self.address, message)

    monkeypatch.setitem(channels.WAYS, "webhook", Way(ToSink))
    return taking


def channel(owner, address: str = "here", **more) -> Channel:
    fields = {"kind": "webhook", "name": "n", "target": json.dumps({"address": address})} | more
    return Channel.objects.create(owner=owner, **fields)


def fire(
    owner,
    title: str = "Call mum",
    ago: timedelta = timedelta(),
    now: datetime | None = None,
    **more,
) -> Reminder:
    """A reminder that became due so long before `now`, and is told of at `now`."""
    now = now or timezone.now()
    reminder = make(owner, title, -1, **more)
    moment = now - ago
    Reminder.objects.filter(pk=reminder.pk).update(
        due=moment, next_fire_at=moment, changed=moment - timedelta(days=1)
    )
    due.fire_due(now)
    reminder.refresh_from_db()
    return reminder


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))
