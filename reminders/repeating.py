"""Repeats as a form offers them, and the rules of RFC 5545 that they stand for."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from reminders import recurrence

# By the names that a form sends; each follows "Every".
UNITS = {
    "": _("Never"),
    "minute": _("Minutes"),
    "hour": _("Hours"),
    "day": _("Days"),
    "weekday": _("Weekdays, Monday to Friday"),
    "week": _("Weeks"),
    "month": _("Months"),
    "year": _("Years"),
}
# In months and years.
ON = {
    "": _("On the day it begins with"),
    "last": _("On the last day of the month"),
    "days": _("On certain days of the month"),
    "which": _("On one of its weekdays"),
}
WHICH = {1: _("first"), 2: _("second"), 3: _("third"), 4: _("fourth"), -1: _("last")}
DAYS = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), WEEKDAYS.values(), strict=True))
WORKDAY = "workday"
_WORKDAYS = "MO,TU,WE,TH,FR"
_FREQUENCIES = {
    "minute": "MINUTELY",
    "hour": "HOURLY",
    "day": "DAILY",
    "weekday": "WEEKLY",
    "week": "WEEKLY",
    "month": "MONTHLY",
    "year": "YEARLY",
}
_UNITS = {frequency: unit for unit, frequency in _FREQUENCIES.items()}


@dataclass(frozen=True)
class Repeat:
    """Each so many `unit`s, the last time on the day `until` at the latest, or only `count` times.

    `weekdays` are those of a week, as DAYS names them. `on` says where in its month it is: on
    `days`, or on the `which` one of a `weekday`. Where they are empty, it is as on the day that it
    begins with.
    """

    unit: str
    interval: int = 1
    until: datetime.date | None = None
    count: int | None = None
    weekdays: tuple[str, ...] = ()
    on: str = ""
    days: tuple[int, ...] = ()
    which: int = 1
    weekday: str = "MO"

    @classmethod
    def of(
        cls, rrule: str, day: datetime.date, zone: datetime.tzinfo | None = None
    ) -> "Repeat | None":
        """What stands for this rule, from this day on, in this zone or in UTC; None where a form
        has nothing for it."""
        if not rrule:
            return cls("")
        try:
            rule = recurrence.Rule.parse(rrule)
            until = _day_of(rule, zone or datetime.UTC)
        except ValueError:
            return None
        if rule.parts.get("WKST", "MO") != "MO":
            return None
        first = cls(_UNITS[rule.frequency], rule.interval, until, rule.count or None)
        parts = {name: value for name, value in rule.parts.items() if name in _NAMED}
        return _on(first, parts, day)

    def rule(self, day: datetime.date) -> str:
        """The rule for what begins on this day."""
        if not self.unit:
            return ""
        said = {"FREQ": _FREQUENCIES[self.unit]}
        if self.interval > 1 and self.unit != "weekday":
            said["INTERVAL"] = str(self.interval)
        said |= self._parts(day)
        if self.until:
            said["UNTIL"] = f"{self.until:%Y%m%d}"
        elif self.count:
            said["COUNT"] = str(self.count)
        return ";".join(f"{name}={value}" for name, value in said.items())

    def _parts(self, day: datetime.date) -> dict[str, str]:
        month = {"BYMONTH": str(day.month)} if self.unit == "year" else {}
        match self.unit, self.on:
            case "weekday", _on:
                return {"BYDAY": _WORKDAYS}
            case "week", _on:
                days = [name for name in DAYS if name in self.weekdays]
                return {"BYDAY": ",".join(days)} if days else {}
            case "month" | "year", "last":
                return month | _day_or_last(31)
            case "month" | "year", "days":
                return month | _days(self.days)
            case "month" | "year", "which" if self.weekday == WORKDAY:
                return month | {"BYDAY": _WORKDAYS, "BYSETPOS": str(self.which)}
            case "month" | "year", "which":
                return month | {"BYDAY": f"{self.which}{self.weekday}"}
            # A month that is too short has its last day instead of none at all.
            case "month", _on if day.day > 28:
                return _day_or_last(day.day)
            case "year", _on if (day.month, day.day) == (2, 29):
                return month | _day_or_last(29)
            case _:
                return {}


def fields(repeat: Repeat | None) -> dict[str, object]:
    """What a form shows of it, by the names of its fields."""
    repeat = repeat or Repeat("")
    return {
        "unit": repeat.unit,
        "interval": repeat.interval,
        "until": repeat.until,
        "count": repeat.count,
        "weekdays": list(repeat.weekdays),
        "on": repeat.on,
        "days": ", ".join(map(str, repeat.days)),
        "which": repeat.which,
        "weekday": repeat.weekday,
    }


_NAMED = {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"}


def _day_of(rule: recurrence.Rule, zone: datetime.tzinfo) -> datetime.date | None:
    """The day that UNTIL names. Raises ValueError where it ends in the middle of one."""
    last = rule.last(zone)
    if last is None:
        return None
    wall = last.astimezone(zone)
    if (wall.hour, wall.minute) != (23, 59):
        raise ValueError
    return wall.date()


def _on(first: Repeat, parts: dict[str, str], day: datetime.date) -> Repeat | None:
    """With what its rule names beside the frequency, which it must stand for as well."""
    for one in _candidates(first, parts, day):
        if one and _same(one._parts(day), parts, first.unit, day):
            return one
    return None


def _candidates(first: Repeat, parts: dict[str, str], day: datetime.date) -> list[Repeat | None]:
    names, place = parts.get("BYDAY", ""), parts.get("BYSETPOS", "")
    numbers = [int(one) for one in parts.get("BYMONTHDAY", "").split(",") if one]
    match first.unit:
        case "week":
            weekdays = tuple(names.split(",")) if names else ()
            is_workdays = names == _WORKDAYS and first.interval == 1
            own = list(DAYS)[day.weekday()]
            return [
                replace(first, unit="weekday") if is_workdays else None,
                first if weekdays == (own,) else None,
                replace(first, weekdays=weekdays),
            ]
        case "month" | "year":
            days = tuple(numbers[-1:] if place else numbers)
            return [
                replace(first, on="last") if days in ((31,), (-1,)) else None,
                first,
                replace(first, on="days", days=days) if days else None,
                _which(first, names, place),
            ]
        case _:
            return [first]


def _which(first: Repeat, names: str, place: str) -> Repeat | None:
    number, weekday = place or names[:-2], names[-2:]
    if names == _WORKDAYS:
        weekday = WORKDAY
    if number not in map(str, WHICH) or weekday not in (*DAYS, WORKDAY):
        return None
    return replace(first, on="which", which=int(number), weekday=weekday)


def _same(ours: dict[str, str], theirs: dict[str, str], unit: str, day: datetime.date) -> bool:
    """Whether both name the same days, in one way of saying it or another."""
    return _spelled(ours, unit, day) == _spelled(theirs, unit, day)


def _spelled(parts: dict[str, str], unit: str, day: datetime.date) -> dict[str, str]:
    """What is left open is as on the day that it begins with."""
    said = dict(parts)
    names, place = said.get("BYDAY", ""), said.get("BYSETPOS", "")
    if place and len(names) == 2:
        said["BYDAY"] = said.pop("BYSETPOS") + names
    if said.get("BYMONTHDAY") == "-1":
        said |= _day_or_last(31)
    if unit == "year":
        said.setdefault("BYMONTH", str(day.month))
    if unit == "week":
        said.setdefault("BYDAY", list(DAYS)[day.weekday()])
    if unit in ("month", "year") and not said.keys() & {"BYDAY", "BYMONTHDAY"}:
        said["BYMONTHDAY"] = str(day.day)
    return said


def _days(days: Sequence[int]) -> dict[str, str]:
    if len(days) == 1 and days[0] > 28:
        return _day_or_last(days[0])
    return {"BYMONTHDAY": ",".join(map(str, sorted(set(days))))}


def _day_or_last(day: int) -> dict[str, str]:
    """A day that short months lack is their last one."""
    return {"BYMONTHDAY": ",".join(map(str, range(28, day + 1))), "BYSETPOS": "-1"}
