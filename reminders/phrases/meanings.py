"""What words can mean: a day, a moment, a time of day, a repetition and its end."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Literal

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class Day:
    """`part` is set where the words name a part of the day, too."""

    date: date
    part: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """On the wall clock."""

    wall: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """`hour` 24 is the end of the day. `is_open`: it may be one of the afternoon, too."""

    hour: int
    minute: int = 0
    is_open: bool = False
    form: Literal["clock", "dotted", "bare"] = "clock"

    @property
    def wall(self) -> time:
        return time(self.hour % 24, self.minute)

    @property
    def quarter_before(self) -> "Clock":
        return replace(self, hour=(self.hour - 1) % 24, minute=45)


@dataclass(frozen=True, slots=True)
class Repeat:
    """`parts` are those of a rule, beside frequency and interval."""

    frequency: str
    interval: int = 1
    parts: dict[str, str] = field(default_factory=dict)
    part: str = ""
    from_done: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """One of them: the last day, how many times, or how long from the start on."""

    day: date | None = None
    times: int = 0
    lasts: relativedelta | None = None


class CannotBe:
    """In the place of a meaning: the words look like one, and none is possible."""


CANNOT_BE = CannotBe()
# One of those above, or a part of one: a number, a unit.
Value = Any
# With the place behind its words.
Found = tuple[Value, int] | None
