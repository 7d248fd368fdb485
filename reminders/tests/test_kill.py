"""kill -9 of workers while they tell of what is due: here each is told of once, outside at least
once, with fewer doubles than kills."""

import json
import random
import time
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from ahfai.signing import new_secret
from ahfai.testing import make_person
from ahfai.tests.sinks import Sink, http_sink
from ahfai.tests.workers import Workers
from chats.tests.conftest import wait_until
from reminders.delivering import LEASE
from reminders.models import Channel, Delivery, Notice, Reminder

PEOPLE = 3
# So many become due together, and a worker is killed within so many seconds of that: while they are
# told of here, or while they are sent.
TOGETHER, WITHIN_S = 75, (0.06, 0.5)
APART = timedelta(seconds=0.8)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("count", "workers"), [(150, 2), pytest.param(3000, 4, marks=pytest.mark.prove)]
)
def test_killing_workers_leaves_one_notice_of_each_and_few_doubles_outside(
    count, workers, tmp_path, record_property
):
    chance = random.Random(13)
    kills, telling, sending = 0, 0, 0
    with (
        http_sink() as sink,
        Workers(workers, tmp_path, NOTIFY_ALLOW=sink.place) as running,
    ):
        ids = make(count, sink)
        wait_until(lambda: len(running.at_work()) == workers, 60)
        begin = timezone.now() + timedelta(seconds=0.5)
        moments = {}
        for number, first in enumerate(range(0, count, TOGETHER)):
            moment = begin + number * APART
            moments[moment] = ids[first : first + TOGETHER]
            Reminder.objects.filter(pk__in=moments[moment]).update(due=moment, next_fire_at=moment)
        for moment in moments:
            kill_at = moment + timedelta(seconds=chance.uniform(0, chance.choice(WITHIN_S)))
            time.sleep(max(0, (kill_at - timezone.now()).total_seconds()))
            victim = running.whichever(chance)
            telling += Reminder.objects.to_fire(moment).exists()
            sending += Delivery.objects.filter(lease_until__isnull=False).exists()
            running.kill(victim)
            kills += 1
        wait_until(lambda: Notice.objects.count() >= count, 60)
        wait_until(lambda: not Reminder.objects.to_fire(timezone.now()).exists(), 60)
        wait_until(all_are_taken_up if count < 1000 else all_are_sent, 60 + LEASE.total_seconds())
    told = Notice.objects.values_list("reminder", "occurrence_at", "missed")
    assert sorted(told) == sorted((key, moment, 0) for moment in moments for key in moments[moment])
    assert Reminder.objects.exclude(rrule="").filter(next_fire_at__gt=begin).count() == count // 3
    came = Counter(uuid.UUID(request.headers["webhook-id"]) for request in sink.requests)
    sent = set(Delivery.objects.filter(state="sent").values_list("pk", flat=True))
    assert sent <= set(came) <= set(Delivery.objects.values_list("pk", flat=True))
    assert Delivery.objects.count() == count
    doubled = came.total() - len(came)
    assert doubled <= kills
    record_property("kills", kills)
    record_property("while some were still to be told of", telling)
    record_property("while some were being sent", sending)
    record_property("doubles outside", doubled)


def all_are_taken_up() -> bool:
    """What a worker had taken that was killed waits for the end of its lease."""
    return not Delivery.objects.filter(state="waiting", lease_until=None).exists()


def all_are_sent() -> bool:
    return not Delivery.objects.exclude(state="sent").exists()


def make(count: int, sink: Sink) -> list[uuid.UUID]:
    """Each third one comes again the next day."""
    people = [make_person() for _ in range(PEOPLE)]
    for person in people:
        target = json.dumps({"address": sink.url, "secret": new_secret()})
        Channel.objects.create(owner=person, kind="webhook", name="n", target=target)
    far = timezone.now() + timedelta(days=9)
    made = Reminder.objects.bulk_create(
        Reminder(
            owner=people[number // 3 % PEOPLE],
            title="t",
            day=far.date(),
            at=far.time(),
            due=far,
            next_fire_at=far,
            **({} if number % 3 else {"rrule": "FREQ=DAILY", "repeat_from": "due"}),
        )
        for number in range(count)
    )
    return [one.pk for one in made]
