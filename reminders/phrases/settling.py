"""What the chosen pieces mean together: a start on the wall clock, and a rule."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from reminders.phrases.choosing import Piece, PieceKind
from reminders.phrases.dates import in_minutes, later
from reminders.phrases.meanings import CannotBe, Clock, Day, End, Moment, Repeat
from reminders.phrases.rules import days_or_last
from reminders.phrases.said import Said
from reminders.phrases.words import LATE_PARTS, PARTS
from reminders.recurrence import Rule, Unusable, as_wall, occurrence, walls

Chosen = dict[PieceKind, Piece]


class Impossible(Exception):
    """They can't be meant together; `piece` is the one that doesn't fit."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece


@dataclass(frozen=True, slots=True)
class Plan:
    """`is_moved`: the clock skips the time that was named."""

    start: datetime | date
    rrule: str = ""
    from_done: bool = False
    is_moved: bool = False


def settle(said: Said, zone: tzinfo, chosen: Chosen) -> Plan:
    """Raises Impossible."""
    at = _time_meant(chosen)
    if "repeat" in chosen:
        return _settle_series(said, zone, chosen, at)
    day = chosen["date"].value if "date" in chosen else None
    start: datetime | date
    if isinstance(day, Moment):
        start = day.wall
    elif day is None:
        assert at
        start = _combined(said.today, at)
        start = start if start > said.now else _combined(said.today + timedelta(1), at)
    else:
        start = _combined(day.date, at) if at else day.date
    if not isinstance(start, datetime):
        return Plan(start)
    one = occurrence(start, zone)
    return Plan(one.wall, is_moved=one.is_moved)


def _time_meant(chosen: Chosen) -> Clock | None:
    """The time that was named, in the part of the day that was named."""
    clock: Clock | None = chosen["time"].value if "time" in chosen else None
    named = [
        getattr(chosen[kind].value, "part", "") for kind in ("date", "repeat") if kind in chosen
    ]
    part = next(filter(None, [chosen["part"].value if "part" in chosen else "", *named]), "")
    if clock is None:
        return Clock(PARTS[part]) if part else None
    is_late = part in LATE_PARTS and clock.is_open
    return replace(clock, hour=clock.hour + 12) if is_late else clock


def _combined(day: date, clock: Clock) -> datetime:
    return datetime.combine(day + timedelta(clock.hour // 24), clock.wall)


def _settle_series(said: Said, zone: tzinfo, chosen: Chosen, at: Clock | None) -> Plan:
    repeat: Repeat = chosen["repeat"].value
    day = chosen["date"].value if "date" in chosen else None
    try:
        start = _start_of_series(said, repeat, day, at)
        rrule = _rule(repeat, start)
        Rule.parse(rrule)
    except (Unusable, StopIteration):
        raise Impossible(chosen["repeat"]) from None
    end: End | None = chosen["end"].value if "end" in chosen else None
    if end:
        limit = _limit(end, start, zone)
        if limit is None:
            raise Impossible(chosen["end"])
        rrule += limit
    return Plan(start, rrule, repeat.from_done)


def _start_of_series(
    said: Said, repeat: Repeat, day: Day | Moment | None, at: Clock | None
) -> datetime | date:
    """The first time that fits the rule, from the named day on or from now."""
    if isinstance(day, Moment):
        return day.wall
    first = day.date if day else said.today
    if repeat.frequency in ("MINUTELY", "HOURLY"):
        if not (day or at):
            unit = 60 if repeat.frequency == "HOURLY" else 1
            return in_minutes(said, repeat.interval * unit).wall
        at = at or Clock(PARTS["morning"])
    start = datetime.combine(first, at.wall) if at else first
    if not day and isinstance(start, datetime) and start <= said.now:
        start += timedelta(1)
    if not repeat.parts:
        return start
    # Counted from the first time on: "every other tuesday" begins with the next tuesday.
    rule = Rule.parse(_rule(replace(repeat, interval=1), start))
    wall = next(walls(start, rule, as_wall(start)))
    return wall if at else wall.date()


def _rule(repeat: Repeat, start: datetime | date) -> str:
    parts = repeat.parts
    if not parts and repeat.frequency == "MONTHLY" and start.day > 28:
        parts = days_or_last([start.day])
    if not parts and repeat.frequency == "YEARLY" and (start.month, start.day) == (2, 29):
        parts = {"BYMONTH": "2", **days_or_last([29])}
    interval = {"INTERVAL": str(repeat.interval)} if repeat.interval > 1 else {}
    named = {"FREQ": repeat.frequency, **interval, **parts}
    return ";".join(f"{name}={value}" for name, value in named.items())


def _limit(end: End, start: datetime | date, zone: tzinfo) -> str | None:
    """As a rule says it; None where it would end before it begins."""
    if end.times:
        return f";COUNT={end.times}"
    first = as_wall(start).date()
    last = end.day or (later(first, 1, end.lasts) if end.lasts else first)
    if isinstance(last, CannotBe):
        return None
    if end.lasts:
        last -= timedelta(1)
    if last < first:
        return None
    if not isinstance(start, datetime):
        return f";UNTIL={last:%Y%m%d}"
    over = occurrence(datetime.combine(last, time(23, 59, 59)), zone).at
    return f";UNTIL={over:%Y%m%dT%H%M%SZ}"
