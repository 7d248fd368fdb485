"""Lists in pages: each begins beside the key of a row, however far down that is."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from ahfai import pages

PER_PAGE = 30
_MOMENT = "%Y%m%d%H%M%S%f"


@dataclass(frozen=True)
class Page:
    """Some of the notes, and the keys beside which earlier and later ones begin, "" for none.

    What else can be pinned is listed in the same way."""

    notes: list[Any]
    before: str
    after: str


class _Key(NamedTuple):
    """Where a note stands in a list."""

    pinned: bool
    moment: datetime.datetime
    id: uuid.UUID


def page(notes: QuerySet, by: str, asked: Mapping[str, str]) -> Page:
    """The notes that `asked` says: "before" or "after" a key; pinned ones first, then by the
    column `by`, the newest first."""
    notes = notes.order_by("-pinned", f"-{by}", "-id")
    before, after = _read(asked.get("before", "")), _read(asked.get("after", ""))
    if before:
        found = list(notes.filter(_beyond(before, by, "gt")).reverse()[: PER_PAGE + 1])
        shown, is_more = found[:PER_PAGE][::-1], len(found) > PER_PAGE
        return Page(shown, _key(shown, 0, by) if is_more else "", _key(shown, -1, by))
    rows = notes.filter(_beyond(after, by, "lt")) if after else notes
    found = list(rows[: PER_PAGE + 1])
    shown, is_more = found[:PER_PAGE], len(found) > PER_PAGE
    return Page(shown, _key(shown, 0, by) if after else "", _key(shown, -1, by) if is_more else "")


def _beyond(key: _Key, by: str, how: str) -> Q:
    """The notes on one side of a key: "lt" for those after it, "gt" for those before."""
    there = Q(**{f"{by}__{how}": key.moment}) | Q(**{f"id__{how}": key.id})
    # Said twice, and as a list of one, so that the database begins to read right there: no index
    # helps it with "NOT pinned".
    alike = Q(pinned__in=[key.pinned], **{f"{by}__{how}e": key.moment}) & there
    return alike | Q(pinned=not key.pinned) if key.pinned == (how == "lt") else alike


def _key(notes: list[Any], place: int, by: str) -> str:
    if not notes:
        return ""
    note = notes[place]
    moment = getattr(note, by).astimezone(datetime.UTC).strftime(_MOMENT)
    return f"{int(note.pinned)}-{moment}-{note.pk.hex}"


def _read(text: str) -> _Key | None:
    """None for what is no key."""
    pinned, _dash, rest = text.partition("-")
    moment, _dash, note_id = rest.partition("-")
    try:
        when = datetime.datetime.strptime(moment, _MOMENT).replace(tzinfo=datetime.UTC)
        return _Key(pinned == "1", when, uuid.UUID(note_id))
    except ValueError:
        return None


def asked_after(text: str) -> dict[str, str]:
    """As `ahfai.pages.asked_after`."""
    return pages.asked_after(text, _read)
