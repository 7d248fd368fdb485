"""Entries of another calendar on their way to the disk, in batches of one short transaction each.

An entry that came in before is known by a keyed hash of its UID, so that nothing comes in twice,
however often a file is read; what became of it here is never overwritten. What is AhFai's own, read
at a calendar address and brought back, is known by its id.
"""

import datetime
import hashlib
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction
from django.utils import timezone

from accounts import changes, tags
from accounts.programs import webhooks
from accounts.sealing.lookup import fold, hashed, key_of
from reminders import schedule
from reminders.ical import reading
from reminders.ical.reading import Entry, Incoming
from reminders.ical.reasons import Broken
from reminders.models import Completion, Reminder, RepeatFrom, Tagging

AT_ONCE = 100
_OURS = re.compile(r"([0-9a-f-]{36})@ahfai", re.ASCII)


@dataclass(frozen=True)
class Remark:
    """What is to be known of an entry: that it didn't come in, or how. `name` is its title."""

    name: str
    code: str
    reminder: Reminder | None = None


@dataclass
class Result:
    """What became of a file. `over` are appointments that were over already and stayed out; `left`
    are entries that nobody has looked at yet, since it took too long."""

    added: int = 0
    present: int = 0
    over: int = 0
    broken: int = 0
    left: int = 0
    remarks: list[Remark] = field(default_factory=list)


def take_in(user, entries: Sequence[Entry], seconds: float | None = None) -> Result:
    """Take in what isn't here yet, for so many seconds; taken in again, it goes on from there."""
    result = Result()
    end = seconds and time.monotonic() + seconds
    waiting = iter(entries)
    seen = 0
    while batch := list(islice(waiting, AT_ONCE)):
        if end and time.monotonic() > end:
            break
        with transaction.atomic():
            _store(user, _read(batch, user.zone, result), result)
        seen += len(batch)
    result.left = len(entries) - seen
    return result


def _read(batch: Iterable[Entry], zone: datetime.tzinfo, result: Result) -> Iterator[Incoming]:
    for entry in batch:
        try:
            yield reading.read(entry, zone)
        except Broken as broken:
            result.broken += 1
            result.remarks.append(Remark(entry.name, broken.code))


def _store(user, found: Iterable[Incoming], result: Result) -> None:
    """Inside the caller's transaction."""
    incoming = list(found)
    number = changes.next_number(user.pk)
    key = key_of(user)
    hashes = {id(one): _hash(key, one) for one in incoming}
    known = _Known(user, hashes.values(), incoming)
    now = timezone.now()
    new: list[tuple[Reminder, Incoming]] = []
    for one in incoming:
        if known.is_here(one, hashes[id(one)]):
            result.present += 1
            continue
        reminder = _reminder(user, one, now)
        if reminder is None:
            result.over += 1
            continue
        reminder.source_hash, reminder.change_number = hashes[id(one)], number
        known.hashes.add(hashes[id(one)])
        new.append((reminder, one))
        result.remarks += [Remark(one.title, code, reminder) for code in one.remarks]
    result.added += len(new)
    completions = [
        _done(reminder, min(one.done or now, now)) for reminder, one in new if one.is_done
    ]
    Reminder.objects.bulk_create(reminder for reminder, _one in new)
    Completion.objects.bulk_create(completions)
    webhooks.happened(user.pk, "reminder.created", [reminder.pk for reminder, _one in new])
    names = list(dict.fromkeys(name for _reminder, one in new for name in one.tags))
    carried = dict(zip(map(fold, names), tags.named(user, names), strict=True))
    Tagging.objects.bulk_create(
        Tagging(owner=user, reminder=reminder, tag=carried[name])
        for reminder, one in new
        for name in {fold(name): None for name in one.tags}
    )


def _reminder(user, one: Incoming, now: datetime.datetime) -> Reminder | None:
    """Not stored yet; None for an appointment that is over, also for a series that is."""
    reminder = Reminder(
        owner=user,
        title=one.title,
        details=one.details,
        priority=one.priority,
        day=one.day,
        at=one.at,
        zone=one.zone if one.at else "",
        rrule=one.rrule,
        repeat_from=RepeatFrom.DUE if one.rrule else "",
    )
    schedule.settle(reminder, now)
    today = now.astimezone(user.zone).date()
    if not one.is_appointment or not reminder.is_late(now, today):
        return reminder
    # A task is overdue; an appointment has been, and of a series the next one counts.
    following = schedule.following(reminder, now, is_done=False) if reminder.rrule else None
    if following is None:
        return None
    for name, value in following.items():
        setattr(reminder, name, value)
    return reminder


def _done(reminder: Reminder, when: datetime.datetime) -> Completion:
    """It is done, and can be undone, as if that had been said here."""
    completion = Completion(
        owner_id=reminder.owner_id,
        reminder=reminder,
        kind=Completion.Kind.DONE,
        made=when,
        version=reminder.version,
        **reminder.state(),
    )
    reminder.done, reminder.next_fire_at = when, None
    reminder.version += 1
    return completion


def _hash(key: bytes, one: Incoming) -> str:
    said = f"{one.kind}\0{one.uid}".encode(errors="replace")
    return hashed(key, "reminder source", hashlib.sha256(said).hexdigest())


class _Known:
    """Which of some entries are here already."""

    def __init__(self, user, hashes: Iterable[str], incoming: Iterable[Incoming]) -> None:
        rows = user.reminders.filter(source_hash__in=list(hashes))
        self.hashes = set(rows.values_list("source_hash", flat=True))
        ids = [our_id for one in incoming if (our_id := _our_id(one))]
        self._ids = set(user.reminders.filter(pk__in=ids).values_list("pk", flat=True))

    def is_here(self, one: Incoming, source_hash: str) -> bool:
        return source_hash in self.hashes or _our_id(one) in self._ids


def _our_id(one: Incoming) -> uuid.UUID | None:
    found = _OURS.fullmatch(one.uid)
    try:
        return uuid.UUID(found[1]) if found else None
    except ValueError:
        return None
