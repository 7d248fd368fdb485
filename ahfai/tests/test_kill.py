"""kill -9 of workers while they send to webhooks: each event gets there, and where one comes twice,
its id says so."""

import json
import random
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import WebhookEvent
from accounts.programs import webhooks
from accounts.programs.webhook_sending import LEASE
from ahfai.testing import make_person
from ahfai.tests.sinks import Sink, http_sink
from ahfai.tests.workers import Workers
from chats.tests.conftest import wait_until

PEOPLE = 3
# So much happens at a time, and a worker is killed as soon as some of it, half at most, has come.
TOGETHER = 100
HELD = timedelta(seconds=3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("count", "workers"), [(100, 1), pytest.param(3000, 4, marks=pytest.mark.prove)]
)
def test_killing_workers_loses_no_event_of_a_webhook_and_each_keeps_its_id(
    count, workers, tmp_path, record_property
):
    chance = random.Random(17)
    kills, sending = 0, 0
    with http_sink() as sink, Workers(workers, tmp_path, NOTIFY_ALLOW=sink.place) as running:
        people = make(sink)
        wait_until(lambda: len(running.at_work()) == workers, 60)
        things = [uuid.uuid4() for _ in range(count)]
        for first in range(0, count, TOGETHER):
            victim = running.whichever(chance)
            enough = len(sink.requests) + chance.randrange(TOGETHER // 2)
            happen(people, things[first : first + TOGETHER])
            wait_until(lambda enough=enough: len(sink.requests) >= enough, 60)
            running.kill(victim)
            sending += WebhookEvent.objects.filter(lease_until__isnull=False).exists()
            kills += 1
        wait_until(all_are_sent, 60)
    events = {str(one.pk): one for one in WebhookEvent.objects.all()}
    assert sorted(one.thing for one in events.values()) == sorted(things)
    came = Counter(request.headers["webhook-id"] for request in sink.requests)
    assert came.keys() == events.keys()
    for request in sink.requests:
        about = json.loads(request.body)["data"]["id"]
        assert about == str(events[request.headers["webhook-id"]].thing)
    # Nothing comes again but what was taken up again, of a worker that was killed.
    assert all(times <= events[key].attempts for key, times in came.items())
    record_property("kills", kills)
    record_property("while some were being sent", sending)
    record_property("events that came again", came.total() - len(came))


def make(sink: Sink) -> list[uuid.UUID]:
    """People whose programs want to know of each note that is new."""
    people = [make_person() for _ in range(PEOPLE)]
    for person in people:
        with transaction.atomic():
            webhooks.make(person, sink.url, ["note.created"])
    return [person.pk for person in people]


def happen(people: list[uuid.UUID], things: list[uuid.UUID]) -> None:
    owned = [(people[number % PEOPLE], thing) for number, thing in enumerate(things)]
    with transaction.atomic():
        webhooks.happened_to_many("note.created", owned)


def all_are_sent() -> bool:
    """What a worker held that was killed is free after seconds here, which else takes minutes."""
    held = WebhookEvent.objects.filter(lease_until__lt=timezone.now() + LEASE - HELD)
    held.update(lease_until=timezone.now() - HELD)
    return not WebhookEvent.objects.exclude(state="sent").exists()
