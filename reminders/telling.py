"""When a person wants to be told outside AhFai, by the clock on their wall."""

import datetime

from django.utils import timezone

from accounts.models import User
from reminders import digests
from reminders.models import Telling


def of(user: User) -> Telling:
    """What the person chose; a row that is nowhere yet where they chose nothing."""
    return Telling.objects.filter(owner=user).first() or Telling(owner=user)


def save(user: User, **chosen: datetime.time | None) -> None:
    """How the person wants to be told: `quiet_from`, `quiet_until` and `digest_at`."""
    hour = chosen["digest_at"]
    following = digests.next_at(hour, timezone.now(), user.zone) if hour else None
    Telling.objects.update_or_create(owner=user, defaults={**chosen, "next_digest_at": following})


def follow(user: User) -> None:
    """The person's clock begins to show other times. Inside the caller's transaction."""
    for telling in Telling.objects.select_for_update().filter(owner=user, digest_at__isnull=False):
        assert telling.digest_at
        following = digests.next_at(telling.digest_at, timezone.now(), user.zone)
        Telling.objects.filter(pk=telling.pk).update(next_digest_at=following)
