"""Calendars for other programs, at secret addresses."""

import datetime
import hashlib
import secrets
import uuid

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import tags
from reminders import ical
from reminders.models import Feed, Reminder, Tagging

MAX_FEEDS = 20
# What was done stays that long among the tasks, ticked off.
DONE_SHOWN_FOR = datetime.timedelta(days=30)
# Programs look often; so exact nobody wants to know it.
_READ_WRITTEN_AFTER = datetime.timedelta(minutes=5)
# Raised when what is written of the same rows becomes another text.
_FORMAT = 1


class TooMany(Exception):
    """The person has as many addresses as one may have."""


def make(user, name: str, shape: str, shows_titles: bool) -> tuple[Feed, str]:
    """A new address, and the secret in it, which nobody can be told again. Raises TooMany."""
    if user.feeds.count() >= MAX_FEEDS:
        raise TooMany
    secret = secrets.token_urlsafe(32)
    feed = Feed.objects.create(
        owner=user,
        name=name,
        shape=shape,
        shows_titles=shows_titles,
        secret_hash=_hash(secret),
    )
    return feed, secret


def find(secret: str) -> Feed | None:
    """The feed with this secret in its address, None for one that was revoked or never was, and of
    somebody who may not sign in any more."""
    feeds = Feed.objects.select_related("owner").filter(owner__is_active=True)
    return feeds.filter(secret_hash=_hash(secret)).first()


def note_reading(feed: Feed) -> None:
    now = timezone.now()
    is_old = Q(last_read=None) | Q(last_read__lt=now - _READ_WRITTEN_AFTER)
    Feed.objects.filter(is_old, pk=feed.pk).update(last_read=now)


def state(feed: Feed, alarm: int | None) -> str:
    """A mark that changes whenever `body` would: it follows the rows without opening a word.

    The person's number of changes is there for words and tags, the rows for times, for what was
    done, and for what isn't there any more."""
    rows = _shown(feed).order_by("pk")
    said = hashlib.sha256()
    whole = (_FORMAT, feed.pk, feed.shape, feed.shows_titles, alarm)
    said.update(repr((whole, feed.owner.time_zone, feed.owner.change_number)).encode())
    columns = (
        "pk",
        "version",
        "acted",
        "day",
        "at",
        "zone",
        "rrule",
        "due",
        "snoozed_until",
        "done",
    )
    for row in rows.values_list(*columns).iterator(chunk_size=2000):
        said.update("\0".join(map(str, row)).encode())
    return said.hexdigest()


def body(feed: Feed, alarm: int | None) -> bytes:
    """The calendar; `alarm` is how many minutes before each reminder, None for none."""
    reminders = list(_shown(feed).order_by("pk"))
    for reminder in reminders:
        reminder.owner = feed.owner
    look = ical.export.Look(
        name=feed.name if feed.shows_titles else "AhFai",
        shape=feed.shape,
        shows_titles=feed.shows_titles,
        alarm=alarm,
        tags=_tags(feed) if feed.shows_titles else {},
    )
    return ical.export.written(reminders, look)


def _shown(feed: Feed) -> QuerySet[Reminder]:
    """What has a time; of tasks also those without one, and what was done lately."""
    reminders = feed.owner.reminders
    if feed.shape == Feed.Shape.EVENTS:
        return reminders.open().filter(due__isnull=False)
    lately = timezone.now() - DONE_SHOWN_FOR
    return reminders.living().filter(Q(done=None) | Q(done__gte=lately))


def _tags(feed: Feed) -> dict[uuid.UUID, list[tags.Named]]:
    links = Tagging.objects.filter(reminder__in=_shown(feed))
    return tags.of_each(links, "reminder", tags.all_of(feed.owner))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
