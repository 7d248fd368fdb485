"""Reminders in an export, with all that AhFai knows of them; the calendar beside it is for others.

reminders/reminders.jsonl   one thing a line
reminders/reminders.ics
"""

import datetime
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from accounts import tags
from ahfai.crypto import SealError
from reminders import own_lists
from reminders.ical import export as ical
from reminders.models import Completion, Feed, Reminder, Tagging, Telling

VERSION = 1
# What a reminder's columns say by themselves.
PLAIN = ("title", "details", "priority", "about_kind", "zone", "rrule", "repeat_from")
DAYS = ("day", "at")
MOMENTS = ("due", "snoozed_until", "done", "created", "changed", "acted")
OF_COMPLETIONS = ("due", "snoozed_until", "next_fire_at", "done", "made")


def write(packed: zipfile.ZipFile, user, into: str = "reminders/") -> Iterator[int]:
    """Yields 1 behind each reminder: what is packed so far can be taken out then."""
    lists = {one.id: one.name for one in own_lists.all_of(user)}
    links = Tagging.objects.filter(owner=user)
    carried = tags.of_each(links, "reminder", tags.all_of(user))
    closed = []
    with packed.open(f"{into}reminders.jsonl", "w", force_zip64=True) as file:
        file.write(_line({"ahfai": "reminders", "version": VERSION}))
        for one in own_lists.all_of(user):
            file.write(_line({"list": one.name, "colour": one.colour}))
        file.write(_line({"told": _telling(user)}))
        for reminder in _in_order(user):
            try:
                names = [tag.name for tag in carried.get(reminder.pk, [])]
                file.write(_line(as_json(reminder, lists, names)))
            except SealError:
                closed.append(str(reminder.pk))
            yield 1
    living = user.reminders.living().select_related("owner").order_by("created", "pk")
    look = ical.Look(shape=Feed.Shape.TASKS, tags=carried)
    packed.writestr(f"{into}reminders.ics", ical.written(living.iterator(), look))
    if closed:
        packed.writestr(f"{into}not exported.txt", "\n".join([*closed, ""]))
    yield 0


def _in_order(user) -> Iterator[Reminder]:
    """What others are steps of first."""
    reminders = user.reminders.order_by("created", "pk").prefetch_related("completions")
    yield from reminders.filter(parent=None).iterator(chunk_size=200)
    yield from reminders.exclude(parent=None).iterator(chunk_size=200)


def as_json(reminder: Reminder, lists: dict, tag_names: list[str]) -> dict[str, Any]:
    """Raises SealError."""
    done = sorted(reminder.completions.all(), key=lambda one: (one.made, one.pk))
    return {
        "id": str(reminder.pk),
        "parent": str(reminder.parent_id) if reminder.parent_id else None,
        "list": lists.get(reminder.list_id),
        "tags": sorted(tag_names),
        "about_id": str(reminder.about_id) if reminder.about_id else None,
        "trashed": bool(reminder.trashed),
        **{name: getattr(reminder, name) for name in PLAIN},
        **{name: _said(getattr(reminder, name)) for name in (*DAYS, *MOMENTS)},
        "completions": [_completion(one) for one in done],
    }


def _completion(one: Completion) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "kind": one.kind,
        "along_with": str(one.along_with_id) if one.along_with_id else None,
        "rrule": one.rrule,
        "repeat_from": one.repeat_from,
        **{name: _said(getattr(one, name)) for name in (*DAYS, *OF_COMPLETIONS)},
    }


def _telling(user) -> dict[str, Any]:
    """Of the ways to be told only when: addresses and tokens stay here."""
    telling = Telling.objects.filter(owner=user).first()
    names = ("quiet_from", "quiet_until", "digest_at")
    return {name: _said(getattr(telling, name)) if telling else None for name in names}


def _said(value: datetime.date | datetime.time | None) -> str | None:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if value else None


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"
