"""What makes repetitions of the values in slots, as `dates` does dates."""

from collections.abc import Sequence
from dataclasses import replace

from reminders.phrases.dates import date_of
from reminders.phrases.meanings import CANNOT_BE, CannotBe, Day, Repeat
from reminders.phrases.said import Said
from reminders.phrases.words import BYDAY, WORKDAYS

Period = tuple[str, int]


def every(said: Said, period: Period) -> Repeat:
    return Repeat(*period)


def on_weekdays(said: Said, period: Period, days: str) -> Repeat | None:
    return Repeat(*period, {"BYDAY": days}) if period[0] == "WEEKLY" else None


def on_days(said: Said, period: Period, days: list[int]) -> Repeat | None:
    return replace(monthly(said, days), interval=period[1]) if period[0] == "MONTHLY" else None


def on_which(said: Said, period: Period, which: int, weekday: int) -> Repeat | None:
    parts = {"BYDAY": f"{which}{BYDAY[weekday]}"}
    return Repeat(*period, parts) if period[0] == "MONTHLY" else None


def days_of(said: Said, days: list[int], period: Period) -> Repeat | None:
    return on_days(said, period, days)


def which_of(said: Said, which: int, weekday: int, period: Period) -> Repeat | None:
    return on_which(said, period, which, weekday)


def several_of(said: Said, days: str, period: Period) -> Repeat | None:
    """`days` as BYDAY has them."""
    return Repeat(*period, {"BYDAY": days}) if period[0] == "MONTHLY" else None


def on_last_day(said: Said, period: Period) -> Repeat | None:
    return Repeat(*period, {"BYMONTHDAY": "-1"}) if period[0] == "MONTHLY" else None


def on_date(said: Said, period: Period, day: Day) -> Repeat | None:
    return replace(yearly_on(said, day), interval=period[1]) if period[0] == "YEARLY" else None


def weekly(said: Said, days: str, interval: int = 1) -> Repeat:
    return Repeat("WEEKLY", interval, {"BYDAY": days})


def monthly(said: Said, days: int | Sequence[int]) -> Repeat:
    return Repeat("MONTHLY", 1, days_or_last([days] if isinstance(days, int) else days))


def days_or_last(days: Sequence[int]) -> dict[str, str]:
    """A day that short months lack is their last one."""
    if len(days) == 1 and days[0] > 28:
        until_it = ",".join(map(str, range(28, days[0] + 1)))
        return {"BYMONTHDAY": until_it, "BYSETPOS": "-1"}
    return {"BYMONTHDAY": ",".join(str(day) for day in sorted(set(days)))}


def monthly_weekday(said: Said, which: int, weekday: int) -> Repeat:
    return Repeat("MONTHLY", 1, {"BYDAY": f"{which}{BYDAY[weekday]}"})


def monthly_weekdays(said: Said, days: str) -> Repeat:
    """`days` as BYDAY has them."""
    return Repeat("MONTHLY", 1, {"BYDAY": days})


def monthly_workday(said: Said, which: int) -> Repeat:
    return Repeat("MONTHLY", 1, {"BYDAY": WORKDAYS, "BYSETPOS": str(which)})


def yearly(said: Said, month: int, day: int) -> Repeat | CannotBe:
    return CANNOT_BE if date_of(2000, month, day) is CANNOT_BE else _yearly(month, day)


def day_of(said: Said, day: int, month: int) -> Repeat | CannotBe:
    return yearly(said, month, day)


def yearly_on(said: Said, day: Day) -> Repeat:
    return _yearly(day.date.month, day.date.day)


def _yearly(month: int, day: int) -> Repeat:
    days = days_or_last([day]) if (month, day) == (2, 29) else {"BYMONTHDAY": str(day)}
    return Repeat("YEARLY", 1, {"BYMONTH": str(month), **days})


def yearly_weekday(said: Said, which: int, weekday: int, month: int) -> Repeat:
    return Repeat("YEARLY", 1, {"BYMONTH": str(month), "BYDAY": f"{which}{BYDAY[weekday]}"})
