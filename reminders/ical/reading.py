"""Appointments and tasks of other calendars (RFC 5545), as reminders that are still to be stored.

A file is taken apart here into its entries, and of each only the lines that are needed are read by
the library: a broken entry keeps no other one out, and what is huge or nested is never unfolded.
"""

import datetime
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils.html import strip_tags
from icalendar import Event, Todo
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from accounts import tags
from reminders import recurrence, words
from reminders.ical.reasons import Broken, Refused
from reminders.models import MAX_DETAILS, MAX_RULE, MAX_TITLE, Priority

MAX_BYTES = 5_000_000
MAX_ENTRIES = 5000
# Of one entry, of what is read of it.
_MAX_LINES = 100_000
_KINDS = {"VEVENT": Event, "VTODO": Todo}
_READ = frozenset(
    {
        *("UID", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "CATEGORIES", "PRIORITY"),
        *("DTSTART", "DUE", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"),
        *("STATUS", "COMPLETED", "PERCENT-COMPLETE"),
    }
)
_BREAK = re.compile(r"\r\n|\n|\r")
_NAME = re.compile(r"[A-Za-z-]+", re.ASCII)
_DATES = ("DTSTART", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE", "COMPLETED")
_ZONE = re.compile(r""";TZID=(?:"([^"]*)"|([^:;"]*))""", re.IGNORECASE)
_WORKDAYS = "MO,TU,WE,TH,FR"
# What the library raises where it can't read something, or read it as something else.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, OverflowError)


@dataclass
class Incoming:
    """An entry in the words of reminders. `remarks` are codes of what it lost on the way."""

    kind: str
    uid: str
    title: str
    details: str = ""
    priority: int = Priority.NONE
    day: datetime.date | None = None
    at: datetime.time | None = None
    # Empty for the person's own.
    zone: str = ""
    rrule: str = ""
    is_done: bool = False
    # When, where it says so.
    done: datetime.datetime | None = None
    tags: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_appointment(self) -> bool:
        return self.kind == "VEVENT"


@dataclass(frozen=True)
class Entry:
    """A piece of a file, not looked into yet."""

    kind: str
    lines: list[str]
    size: int

    @property
    def name(self) -> str:
        """What a person knows it by, also where it is broken."""
        said = next((line for line in self.lines if line.upper().startswith("SUMMARY")), "")
        text = re.sub(r"\\([,;\\])", r"\1", said.partition(":")[2].replace("\\n", " "))
        return " ".join(text.split())[:MAX_TITLE]


def entries(raw: bytes) -> list[Entry]:
    """The appointments and tasks of a file, in their order. Raises Refused."""
    if len(raw) > MAX_BYTES:
        raise Refused("too_large")
    try:
        text = raw.decode("utf-8-sig").replace("\0", "\ufffd")
    except UnicodeDecodeError:
        raise Refused("not_text") from None
    if "BEGIN:VCALENDAR" not in text[:1000].upper():
        raise Refused("not_a_calendar")
    found = []
    for entry in _taken_apart(_BREAK.split(text)):
        found.append(entry)
        if len(found) > MAX_ENTRIES:
            raise Refused("too_many")
    if not found:
        raise Refused("empty")
    return found


def _taken_apart(lines: list[str]) -> Iterator[Entry]:
    """What lies in an entry, such as its alarms, is left out, however deep."""
    kind, depth, kept, size, is_wanted = "", 0, list[str](), 0, False
    for line in lines:
        if line[:1] in (" ", "\t"):
            if is_wanted and size < _MAX_LINES:
                kept[-1] += line[1:]
                size += len(line)
            continue
        upper = line[:40].strip().upper()
        is_wanted = False
        if upper.startswith("BEGIN:"):
            if kind:
                depth += 1
            elif upper[6:] in _KINDS:
                kind, kept, size = upper[6:], [], 0
        elif upper.startswith("END:") and kind:
            if depth:
                depth -= 1
            else:
                yield Entry(kind, kept, size)
                kind = ""
        elif kind and not depth:
            name = _NAME.match(line)
            is_wanted = name is not None and name[0].upper() in _READ and size < _MAX_LINES
            if is_wanted:
                kept.append(line)
                size += len(line)


def read(entry: Entry, zone: datetime.tzinfo) -> Incoming:
    """What an entry says, for somebody in this zone. Raises Broken."""
    if entry.size >= _MAX_LINES:
        raise Broken("too_long")
    lines = [
        _ZONE.sub(_known_zone, line, count=1) if line.upper().startswith(_DATES) else line
        for line in entry.lines
    ]
    text = "\r\n".join((f"BEGIN:{entry.kind}", *lines, f"END:{entry.kind}", ""))
    try:
        found = _KINDS[entry.kind].from_ical(text)
        return _incoming(entry.kind, found, zone)
    except _UNREADABLE:
        raise Broken("not_understood") from None


def _known_zone(found: re.Match[str]) -> str:
    """The zone by a name that is known; the library would look for a file of any other one."""
    name = found[1] or found[2] or ""
    parts = name.split("/")
    # Some programs put their own name before it: "/mozilla.org/20050126_1/Europe/Berlin".
    for one in (name, "/".join(parts[-3:]), "/".join(parts[-2:])):
        if one in _zones() or one in WINDOWS_TO_OLSON:
            return f";TZID={one}"
    return ";X-TZID=unknown"


@cache
def _zones() -> set[str]:
    return zoneinfo.available_timezones()


def _incoming(kind: str, found: Any, zone: datetime.tzinfo) -> Incoming:
    if _text(found, "STATUS").upper() == "CANCELLED":
        raise Broken("cancelled")
    if "RECURRENCE-ID" in found:
        raise Broken("changed_once")
    title = " ".join(_text(found, "SUMMARY").split())
    incoming = Incoming(kind, _text(found, "UID")[:1000], title[:MAX_TITLE])
    incoming.details = _details(found, title, incoming.remarks)
    incoming.priority = _priority(found)
    incoming.tags = _tags(found)
    _set_time(incoming, found, zone)
    if incoming.is_appointment and incoming.day is None:
        raise Broken("no_date")
    if kind == "VTODO":
        _set_done(incoming, found)
    if "RRULE" in found and incoming.day and not incoming.is_done:
        _set_rule(incoming, found)
    if not incoming.title:
        incoming.title = words.without_title()
    if not incoming.uid:
        incoming.uid = f"{incoming.title}\n{incoming.day}\n{incoming.at}"
    return incoming


def _text(found: Any, name: str) -> str:
    """Of a property that is there twice, the first."""
    value = found.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _number(found: Any, name: str) -> int:
    """0 for what is none."""
    value = _text(found, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0


def _details(found: Any, title: str, remarks: list[str]) -> str:
    said = [title] if len(title) > MAX_TITLE else []
    description = _text(found, "DESCRIPTION").replace("\r\n", "\n").strip()
    if re.search(r"</?(?:p|br|b|i|a|ul|li|div|span|html)\b", description, re.IGNORECASE):
        # Google's and Microsoft's are HTML.
        description = strip_tags(re.sub(r"<(?:br|/p|/li|/div)[^>]*>", "\n", description)).strip()
    said += filter(None, (description, _text(found, "LOCATION"), _text(found, "URL")))
    whole = "\n\n".join(said)
    if len(whole) > MAX_DETAILS:
        remarks.append("cut")
    return whole[:MAX_DETAILS]


def _priority(found: Any) -> int:
    """RFC 5545: 1 to 4 are high, 5 is in the middle, 6 to 9 are low, 0 says nothing."""
    number = _number(found, "PRIORITY")
    if not 1 <= number <= 9:
        return Priority.NONE
    return Priority.HIGH if number < 5 else Priority.MIDDLE if number == 5 else Priority.LOW


def _tags(found: Any) -> list[str]:
    """A category of several words becomes one tag; what is too long for one stays out."""
    groups = found.get("CATEGORIES", [])
    names: dict[str, None] = {}
    for group in groups if isinstance(groups, list) else [groups]:
        for category in getattr(group, "cats", []):
            try:
                parsed = tags.parse("-".join(str(category).split()))
            except tags.TooLong:
                continue
            names |= dict.fromkeys(parsed)
    return list(names)[: tags.MAX_TAGS]


def _set_time(incoming: Incoming, found: Any, zone: datetime.tzinfo) -> None:
    """A task's time is when it is due; where it has none, when it begins."""
    names = ("DTSTART",) if incoming.is_appointment else ("DUE", "DTSTART")
    prop = next((found[name] for name in names if name in found), None)
    if prop is None:
        return
    if isinstance(prop, list):
        prop = prop[0]
    when = prop.dt
    if not isinstance(when, datetime.date) or when.year not in recurrence.YEARS:
        raise Broken("no_date")
    if not isinstance(when, datetime.datetime):
        incoming.day = when
        return
    if when.tzinfo is None:
        if "X-TZID" in prop.params:
            incoming.remarks.append("zone")
    else:
        key = getattr(when.tzinfo, "key", "")
        if key == "UTC" and "RRULE" not in found:
            # A moment, which the person's own clock shows.
            when = when.astimezone(zone)
        elif key != getattr(zone, "key", ""):
            if _is_a_place(key):
                incoming.zone = key
            elif "RRULE" in found:
                incoming.remarks.append("zone")
            else:
                when = when.astimezone(zone)
    incoming.day, incoming.at = when.date(), when.time().replace(second=0, microsecond=0, fold=0)


def _is_a_place(key: str) -> bool:
    """One of the zones that a form offers; see `accounts.forms.time_zones`."""
    return key == "UTC" or ("/" in key and not key.startswith(("Etc/", "SystemV/", "posix")))


def _set_done(incoming: Incoming, found: Any) -> None:
    when = found["COMPLETED"].dt if "COMPLETED" in found else None
    if isinstance(when, datetime.datetime) and when.year in recurrence.YEARS:
        incoming.done = when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
    status = _text(found, "STATUS").upper()
    incoming.is_done = (
        bool(when) or status == "COMPLETED" or _number(found, "PERCENT-COMPLETE") == 100
    )


def _set_rule(incoming: Incoming, found: Any) -> None:
    rrule = _as_ours(found["RRULE"], incoming)
    if not rrule:
        incoming.remarks.append("repeat")
        return
    incoming.rrule = rrule
    if "EXDATE" in found or "RDATE" in found:
        incoming.remarks.append("exceptions")


def _as_ours(rule: Any, incoming: Incoming) -> str:
    """The rule as reminders have it, "" where they can't."""
    if isinstance(rule, list):
        return ""
    parts = dict(part.partition("=")[::2] for part in rule.to_ical().decode().upper().split(";"))
    if parts.get("FREQ") == "DAILY" and parts.get("BYDAY") and parts.get("INTERVAL", "1") == "1":
        parts["FREQ"] = "WEEKLY"
    at = incoming.at or datetime.time()
    for name, number in (("BYHOUR", at.hour), ("BYMINUTE", at.minute), ("BYSECOND", 0)):
        # The time of day comes from the start; where it says the same, nothing is lost.
        if parts.get(name) == str(number):
            del parts[name]
    # Some programs say "without an end" by the last day that they can.
    if parts.get("UNTIL", "")[:4] > str(recurrence.YEARS[-1]):
        del parts["UNTIL"]
    if parts.get("FREQ") in ("DAILY", "WEEKLY") and parts.get("BYDAY") == _WORKDAYS:
        parts.pop("WKST", None)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    if len(text) > MAX_RULE:
        return ""
    try:
        parsed = recurrence.Rule.parse(text)
        parsed.last(datetime.UTC)
        words.repeat(text, "")
        assert incoming.day
        start = datetime.datetime.combine(incoming.day, at)
        is_whole_day = incoming.at is None
        if (parsed.is_shorter_than_days and is_whole_day) or not parsed.comes(start):
            return ""
    except (ValueError, OverflowError):
        return ""
    return text
