"""Lists in pages: each begins beside the key of a row, however far down that is."""

import datetime
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ahfai import problems

PER_PAGE = 50
_MOMENT = "%Y%m%d%H%M%S%f"


@dataclass(frozen=True)
class Page:
    """Some of the rows, and the keys beside which earlier and later ones begin, "" for none."""

    rows: list[Any]
    before: str
    after: str


def page(rows: QuerySet, by: str, asked: Mapping[str, str]) -> Page:
    """The rows that `asked` says: "before" or "after" a key, by the moment in the column `by`; with
    a minus before its name the newest first."""
    column = by.lstrip("-")
    down, up = ("lt", "gt") if by.startswith("-") else ("gt", "lt")
    rows = rows.order_by(by, by.replace(column, "id"))
    before, after = _read(asked.get("before", "")), _read(asked.get("after", ""))
    if before:
        found = list(rows.filter(_beyond(before, column, up)).reverse()[: PER_PAGE + 1])
        shown, is_more = found[:PER_PAGE][::-1], len(found) > PER_PAGE
        return Page(shown, _key(shown, 0, column) if is_more else "", _key(shown, -1, column))
    found = list((rows.filter(_beyond(after, column, down)) if after else rows)[: PER_PAGE + 1])
    shown, is_more = found[:PER_PAGE], len(found) > PER_PAGE
    return Page(
        shown, _key(shown, 0, column) if after else "", _key(shown, -1, column) if is_more else ""
    )


def _beyond(key: tuple[datetime.datetime, uuid.UUID], column: str, how: str) -> Q:
    moment, row_id = key
    # Said twice, so that the database begins to read right there.
    return Q(**{f"{column}__{how}e": moment}) & (
        Q(**{f"{column}__{how}": moment}) | Q(**{f"id__{how}": row_id})
    )


def _key(rows: list[Any], place: int, column: str) -> str:
    if not rows:
        return ""
    moment = getattr(rows[place], column).astimezone(datetime.UTC).strftime(_MOMENT)
    return f"{moment}-{rows[place].pk.hex}"


def _read(text: str) -> tuple[datetime.datetime, uuid.UUID] | None:
    """None for what is no key."""
    moment, _dash, row_id = text.partition("-")
    try:
        when = datetime.datetime.strptime(moment, _MOMENT).replace(tzinfo=datetime.UTC)
        return when, uuid.UUID(row_id)
    except ValueError:
        return None


def asked_after(text: str, read: Callable[[str], object] = _read) -> dict[str, str]:
    """What a program asks for a page by.

    Raises Refused for what is no key: it would read the same rows from their beginning for ever.
    """
    if text and read(text) is None:
        raise problems.of_field("after", _("That is no “next” of this list."))
    return {"after": text}
