"""Reminders in an export, with all that AhFai knows of them; the calendar beside it is for others.

reminders/reminders.jsonl   one thing a line
reminders/reminders.ics
"""

import datetime
import hashlib
import json
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import changes, tags
from accounts.programs import webhooks
from accounts.sealing.lookup import fold, hashed, key_of
from ahfai.crypto import SealError
from reminders import ical, own_lists, recurrence, schedule
from reminders.models import (
    MAX_LIST_NAME,
    MAX_TITLE,
    Colour,
    Completion,
    Feed,
    Priority,
    Reminder,
    Tagging,
    Telling,
)

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
    look = ical.export.Look(shape=Feed.Shape.TASKS, tags=carried)
    packed.writestr(f"{into}reminders.ics", ical.export.written(living.iterator(), look))
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


@dataclass
class Result:
    """What became of some lines; `broken` are the titles of those that didn't come in."""

    added: int = 0
    present: int = 0
    broken: list[str] = field(default_factory=list)


class Unread(ValueError):
    """A line that can't be a reminder."""


class Arrivals:
    """Takes in what `write` wrote, in its order: lists, then what others are steps of first.

    `place_of` tells where a thing of a kind is here, by the id that it has there.
    """

    def __init__(self, user, place_of: Callable[[str, uuid.UUID], uuid.UUID]) -> None:
        self._user = user
        self._place_of = place_of
        self._key = key_of(user)
        self._ids: dict[uuid.UUID, uuid.UUID] = {}

    def store(self, lines: Iterable[bytes | None]) -> Result:
        """Inside the caller's transaction."""
        result = Result()
        said = [one for line in lines if (one := _read(line, result))]
        number = changes.next_number(self._user.pk)
        known = self._known(said)
        for one in said:
            if "list" in one and "id" not in one:
                self._add_list(one)
            elif "told" in one:
                self._tell(one["told"])
            elif "id" in one:
                self._take(one, known, number, result)
        return result

    def _known(self, said: list[dict[str, Any]]) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
        """The person's reminders of these ids, and all that are taken."""
        ids = [key for one in said if (key := _id(one.get("id")))]
        hashes = {self._hash(key): key for key in ids}
        rows = self._user.reminders.filter(source_hash__in=list(hashes))
        for source_hash, key in rows.values_list("source_hash", "pk"):
            self._ids[hashes[source_hash]] = key
        here = Reminder.objects.filter(pk__in=ids)
        mine = set(here.filter(owner=self._user).values_list("pk", flat=True))
        return mine, set(here.values_list("pk", flat=True))

    def _take(
        self,
        said: dict[str, Any],
        known: tuple[set[uuid.UUID], set[uuid.UUID]],
        number: int,
        result: Result,
    ) -> None:
        mine, taken = known
        key = _id(said["id"])
        if key in self._ids or key in mine:
            if key in mine:
                self._ids[key] = key
            result.present += 1
            return
        try:
            if key is None:
                raise Unread
            reminder = self._reminder(said, key if key not in taken else uuid.uuid4())
        except (Unread, ValidationError, recurrence.Unusable):
            result.broken.append(_text(said, "title")[:MAX_TITLE] or "?")
            return
        reminder.change_number, reminder.source_hash = number, self._hash(key)
        reminder.save(force_insert=True)
        self._ids[key] = reminder.pk
        self._add_completions(reminder, said)
        self._tag(reminder, said)
        webhooks.happened(self._user.pk, "reminder.created", [reminder.pk])
        result.added += 1

    def _reminder(self, said: dict[str, Any], key: uuid.UUID) -> Reminder:
        """Raises Unread, ValidationError and Unusable."""
        now = timezone.now()
        parent = _id(said.get("parent"))
        about = _id(said.get("about_id"))
        kind = _text(said, "about_kind") if about else ""
        reminder = Reminder(
            pk=key,
            owner=self._user,
            title=_text(said, "title"),
            details=_text(said, "details"),
            priority=_priority(said.get("priority")),
            list_id=self._list(said),
            parent_id=self._ids.get(parent) if parent else None,
            about_kind=kind,
            about_id=self._place_of(kind, about) if kind and about else None,
            day=_day(said.get("day")),
            at=_time(said.get("at")),
            rrule=_text(said, "rrule"),
            snoozed_until=_moment(said.get("snoozed_until")),
            done=_moment(said.get("done")),
            created=min(_moment(said.get("created")) or now, now),
            changed=min(_moment(said.get("changed")) or now, now),
            acted=_moment(said.get("acted")),
            # Anew: what lay in the trash elsewhere for long must not be gone in an hour here.
            trashed=now if said.get("trashed") is True else None,
        )
        reminder.zone = _text(said, "zone") if reminder.at and reminder.day else ""
        if reminder.day is None:
            reminder.at, reminder.rrule = None, ""
        if reminder.rrule:
            recurrence.Rule.parse(reminder.rrule)
            reminder.repeat_from = _text(said, "repeat_from")
        reminder.due = schedule.due_at(reminder)
        if reminder.due is None or reminder.done:
            reminder.snoozed_until = None
        if reminder.due and not reminder.done and not reminder.trashed:
            reminder.next_fire_at = schedule.coming(reminder, now - schedule.GRACE)
        reminder.clean_fields(
            exclude={one.name for one in Reminder._meta.fields if one.name not in PLAIN}
        )
        return reminder

    def _list(self, said: dict[str, Any]) -> uuid.UUID | None:
        name = said.get("list")
        if not isinstance(name, str) or not name.strip():
            return None
        found = own_lists.called(own_lists.all_of(self._user), name)
        return found.id if found else None

    def _add_list(self, said: dict[str, Any]) -> None:
        name, colour = said.get("list"), said.get("colour")
        if isinstance(name, str) and 0 < len(name.strip()) <= MAX_LIST_NAME:
            try:
                own_lists.create(
                    self._user,
                    _clean(name),
                    str(colour) if colour in Colour.values else Colour.JADE,
                )
            except (own_lists.NameTaken, own_lists.TooMany):
                # It is there, or its reminders are in none.
                return

    def _tell(self, said: Any) -> None:
        """Quiet hours, where the person has chosen none."""
        if not isinstance(said, dict) or Telling.objects.filter(owner=self._user).exists():
            return
        try:
            begin, end = _time(said.get("quiet_from")), _time(said.get("quiet_until"))
        except Unread:
            return
        if begin and end and begin != end:
            Telling.objects.create(owner=self._user, quiet_from=begin, quiet_until=end)

    def _add_completions(self, reminder: Reminder, said: dict[str, Any]) -> None:
        """What was done, to be seen; it can't be undone in another place."""
        rows = said.get("completions")
        for version, one in enumerate(rows if isinstance(rows, list) else [], 1):
            kind = one.get("kind") if isinstance(one, dict) else None
            if kind not in Completion.Kind.values:
                continue
            try:
                moments = {name: _moment(one.get(name)) for name in OF_COMPLETIONS}
                day, at = _day(one.get("day")), _time(one.get("at"))
            except Unread:
                continue
            along = _id(one.get("along_with"))
            key = _id(one.get("id"))
            is_free = key and not Completion.objects.filter(pk=key).exists()
            made = Completion.objects.create(
                pk=key if is_free else uuid.uuid4(),
                owner=self._user,
                reminder=reminder,
                kind=kind,
                version=version,
                along_with_id=self._ids.get(along) if along else None,
                rrule=_text(one, "rrule")[:500],
                repeat_from=_text(one, "repeat_from")[:4],
                day=day,
                at=at,
                **{**moments, "made": moments["made"] or reminder.changed},
            )
            if key:
                self._ids[key] = made.pk
            reminder.version = version + 2
        if reminder.version > 1:
            reminder.save(update_fields=["version"])

    def _tag(self, reminder: Reminder, said: dict[str, Any]) -> None:
        names = said.get("tags")
        wanted = [one for one in (names if isinstance(names, list) else []) if isinstance(one, str)]
        found: dict[str, None] = {}
        for one in wanted[: tags.MAX_TAGS]:
            if len(one) <= tags.MAX_NAME:
                found.update(dict.fromkeys(tags.parse(one)))
        each = {fold(name): name for name in found}
        Tagging.objects.bulk_create(
            Tagging(owner=self._user, reminder=reminder, tag=tag)
            for tag in tags.named(self._user, each.values())
        )

    def _hash(self, key: uuid.UUID) -> str:
        said = hashlib.sha256(f"ahfai\0{key}".encode()).hexdigest()
        return hashed(self._key, "reminder source", said)


def _read(line: bytes | None, result: Result) -> dict[str, Any] | None:
    try:
        said = json.loads(line) if line is not None else None
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        return said
    result.broken.append("?")
    return None


def _id(said: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return _clean(value) if isinstance(value, str) else ""


def _clean(said: str) -> str:
    """Half characters and NUL are none."""
    whole = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def _priority(said: Any) -> int:
    return said if said in Priority.values and not isinstance(said, bool) else Priority.NONE


def _day(said: Any) -> datetime.date | None:
    """Raises Unread for what is no day; so do the others."""
    try:
        day = datetime.date.fromisoformat(said) if said else None
    except (ValueError, TypeError):
        raise Unread from None
    if day and day.year not in recurrence.YEARS:
        raise Unread
    return day


def _time(said: Any) -> datetime.time | None:
    try:
        return datetime.time.fromisoformat(said).replace(tzinfo=None) if said else None
    except (ValueError, TypeError):
        raise Unread from None


def _moment(said: Any) -> datetime.datetime | None:
    try:
        when = datetime.datetime.fromisoformat(said) if said else None
        return when.astimezone(datetime.UTC) if when else None
    except (ValueError, TypeError, OverflowError):
        raise Unread from None
