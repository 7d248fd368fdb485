"""kill -9 of workers while they tell of what is due: nothing is missed and nothing told twice."""

import random
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from ahfai.testing import make_person
from ahfai.tests.workers import Workers
from chats.tests.conftest import wait_until
from reminders.models import Notice, Reminder

PEOPLE = 3
# So many become due together, and a worker is killed within so many seconds of that.
TOGETHER, WITHIN_S = 75, 0.06
APART = timedelta(seconds=0.8)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("count", "workers"), [(300, 3), pytest.param(3000, 4, marks=pytest.mark.prove)]
)
def test_killing_workers_leaves_exactly_one_notice_of_each(
    count, workers, tmp_path, record_property
):
    chance = random.Random(13)
    ids = make(count)
    kills = in_the_middle = 0
    with Workers(workers, tmp_path) as running:
        wait_until(lambda: len(running.at_work()) == workers, 60)
        begin = timezone.now() + timedelta(seconds=0.5)
        moments = {}
        for number, first in enumerate(range(0, count, TOGETHER)):
            moment = begin + number * APART
            moments[moment] = ids[first : first + TOGETHER]
            Reminder.objects.filter(pk__in=moments[moment]).update(due=moment, next_fire_at=moment)
        for moment in moments:
            kill_at = moment + timedelta(seconds=chance.uniform(0, WITHIN_S))
            time.sleep(max(0, (kill_at - timezone.now()).total_seconds()))
            victim = chance.choice(wait_until(running.at_work, 60))
            in_the_middle += Reminder.objects.to_fire(moment).exists()
            running.kill(victim)
            kills += 1
        wait_until(lambda: Notice.objects.count() >= count, 60)
        wait_until(lambda: not Reminder.objects.to_fire(timezone.now()).exists(), 60)
    told = Notice.objects.values_list("reminder", "occurrence_at", "missed")
    assert sorted(told) == sorted((key, moment, 0) for moment in moments for key in moments[moment])
    assert Reminder.objects.exclude(rrule="").filter(next_fire_at__gt=begin).count() == count // 3
    record_property("kills", kills)
    record_property("of them while some were still to be told of", in_the_middle)


def make(count: int) -> list:
    """Each third one comes again the next day."""
    people = [make_person() for _ in range(PEOPLE)]
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
