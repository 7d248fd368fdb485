"""A reminder in one line: what is shown of how it was read, and what is saved of it."""

import datetime
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import get_format, time_format
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _

from accounts import tags
from reminders import own_lists, recurrence, schedule, words
from reminders.about import About
from reminders.models import Priority, Reminder
from reminders.phrases import Order, Phrase, Span

SHOWN_DAYS = 3
_WORDS = ("title", "details")


@dataclass(frozen=True)
class Around:
    """What a line is written in: the person's `lists`, the list and the tag that the page shows
    alone, and what it is to be about."""

    lists: Sequence[own_lists.Named] = ()
    in_list: own_lists.Named | None = None
    tag: tags.Named | None = None
    about: About | None = None
    # What the line becomes a step of.
    parent: Reminder | None = None

    @property
    def query(self) -> dict[str, str]:
        """What leads to a page that shows them alone."""
        alone = {"list": self.in_list, "tag": self.tag}
        return {name: str(one.id) for name, one in alone.items() if one}


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that was understood; `words` are those in the text, each piece on a line."""

    kind: str
    label: str
    words: str
    # Of a list.
    colour: str = ""

    @property
    def is_of_time(self) -> bool:
        return self.kind not in ("tag", "priority", "list")


def order_for(request: HttpRequest) -> Order:
    """What comes first in a date of numbers, in the language that the browser asks for."""
    return order_in(get_language_from_request(request))


def order_in(language: str) -> Order:
    """What comes first in a date of numbers."""
    shown = get_format("SHORT_DATE_FORMAT", language)
    # Year, month and day are n or m, and j or d.
    letters = [letter for letter in shown if letter in "nmjd"]
    return "mdy" if letters[0] in "nm" else "dmy"


def wanted(phrase: Phrase) -> dict[str, Any]:
    """What it says, by the columns of a reminder."""
    start = phrase.start
    day = start.date() if isinstance(start, datetime.datetime) else start
    return {
        "title": phrase.title,
        "details": "",
        "priority": phrase.priority or Priority.NONE,
        "day": day,
        "at": start.time() if isinstance(start, datetime.datetime) else None,
        "zone": "",
        "rrule": phrase.rrule,
        "repeat_from": phrase.repeat_from,
    }


def is_over(phrase: Phrase, now: datetime.datetime, zone: datetime.tzinfo) -> bool:
    if phrase.start is None:
        return False
    if not isinstance(phrase.start, datetime.datetime):
        return phrase.start < now.astimezone(zone).date()
    return recurrence.occurrence(phrase.start, zone).at <= now


def chips(
    phrase: Phrase,
    today: datetime.date,
    in_list: own_lists.Named | None = None,
    is_over: bool = False,
) -> list[Chip]:
    """One for each thing that was understood, in the order of the text; `in_list` is the list that
    it goes to, `is_over` says that its time is."""
    said: dict[str, list[str]] = {}
    for span in phrase.spans:
        # Each tag for itself; a time in two places ("in the evening", "at 7") is one time.
        said.setdefault(span.words if span.kind == "tag" else span.kind, []).append(span.words)
    labels = _labels(phrase, said.keys(), today, is_over) | {"list": phrase.in_list}
    colours = {"list": in_list.colour} if in_list else {}
    return [
        Chip(
            kind if kind in labels else "tag",
            labels.get(kind, kind),
            "\n".join(pieces),
            colours.get(kind, ""),
        )
        for kind, pieces in said.items()
    ]


def _labels(phrase: Phrase, kinds: Set[str], today: datetime.date, is_over: bool) -> dict[str, str]:
    labels = {}
    named = wanted(phrase)
    if named["day"]:
        day = words.day(named["day"], today)
        if is_over:
            day = _("%(day)s, over already") % {"day": day}
        clock = time_format(named["at"], "G:i") if named["at"] else ""
        # What has no words of its own is shown all the same: "at 9" is one of today or tomorrow.
        labels["date"] = day if "time" in kinds else f"{day} {clock}".strip()
        labels["time"] = clock if kinds & {"date", "repeat"} else f"{day} {clock}"
    if phrase.rrule:
        labels["repeat"] = words.repeat(phrase.rrule, phrase.repeat_from, with_end=False)
        is_short = recurrence.Rule.parse(phrase.rrule).is_shorter_than_days
        if named["at"] and not kinds & {"date", "time"} and not is_short:
            # Nor has that of "every morning".
            labels["repeat"] += f" {clock}"
        labels["end"] = words.end(phrase.rrule)
    if phrase.priority:
        level = Priority(phrase.priority).label
        labels["priority"] = _("priority: %(priority)s") % {"priority": level}
    return labels


def next_days(user, phrase: Phrase, today: datetime.date) -> list[str]:
    """When a series comes first, and then."""
    if not phrase.rrule:
        return []
    named = {name: value for name, value in wanted(phrase).items() if name not in _WORDS}
    times = schedule.times(Reminder(owner=user, **named), SHOWN_DAYS)
    if recurrence.Rule.parse(phrase.rrule).is_shorter_than_days:
        return [words.moment(one, today) for one in times]
    return [words.day(timezone.localdate(one), today) for one in times]


def doubts(phrase: Phrase) -> Iterator[Chip]:
    """What looks like a date or a time and can't be one; the label says so."""
    for span in phrase.doubts:
        yield Chip(span.kind, _doubt(span), span.words)


def _doubt(span: Span) -> str:
    said = {
        "date": _("“%(words)s” isn't a day."),
        "time": _("“%(words)s” isn't a time."),
        "repeat": _("“%(words)s” isn't a way for it to repeat."),
        # A last day, or a day to leave out.
        "end": _("“%(words)s” can't limit how it repeats."),
    }
    return said[span.kind] % {"words": span.words}
