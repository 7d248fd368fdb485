"""What makes dates of the values in slots: a function for each kind of date.

The first argument is what was said; the others are the values, in their order.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from reminders.phrases.meanings import CANNOT_BE, CannotBe, Clock, Day, Moment
from reminders.phrases.said import Said
from reminders.phrases.words import DAY_UNITS

# Nobody is reminded of others, and far from here a date in one zone is none in another.
YEARS = range(1900, 2200)


def date_of(year: int, month: int, day: int) -> date | CannotBe:
    try:
        return date(year, month, day) if year in YEARS else CANNOT_BE
    except ValueError:
        return CANNOT_BE


def next_yearly(said: Said, month: int, day: int) -> date | CannotBe:
    """The next such day, today itself among them; leap days can be eight years apart."""
    for year in range(said.today.year, said.today.year + 9):
        found = date_of(year, month, day)
        if isinstance(found, date) and found >= said.today:
            return found
    return CANNOT_BE


def as_day(found: date | CannotBe) -> Day | CannotBe:
    return Day(found) if isinstance(found, date) else CANNOT_BE


def month_and_day(said: Said, month: int, day: int, year: int | None = None) -> Day | CannotBe:
    return as_day(date_of(year, month, day) if year else next_yearly(said, month, day))


def day_of_month(said: Said, day: int, month: int, year: int | None = None) -> Day | CannotBe:
    return month_and_day(said, month, day, year)


def at_time(said: Said, day: date, clock: Clock) -> Moment:
    return Moment(datetime.combine(day, clock.wall))


def today_in(said: Said, part: str) -> Day:
    return Day(said.today, part)


def next_weekday(said: Said, weekday: int) -> Day:
    return Day(said.today + timedelta((weekday - said.today.weekday() - 1) % 7 + 1))


def this_weekday(said: Said, weekday: int) -> Day:
    return Day(said.today + timedelta((weekday - said.today.weekday()) % 7))


def weekday_of_next_week(said: Said, weekday: int) -> Day:
    return Day(said.today + timedelta(7 - said.today.weekday() + weekday))


def weekend(said: Said) -> Day:
    return Day(said.today) if said.today.weekday() == 6 else this_weekday(said, 5)


def weekday_and_date(said: Said, weekday: int, day: Day | date) -> Day | CannotBe:
    found = day.date if isinstance(day, Day) else day
    return Day(found) if found.weekday() == weekday else CANNOT_BE


def weekday_the(said: Said, weekday: int, number: int) -> Day | CannotBe:
    """ "Friday the 13th": the next one."""
    for months in range(48):
        first = said.today.replace(day=1) + relativedelta(months=months)
        found = date_of(first.year, first.month, number)
        if isinstance(found, date) and found >= said.today and found.weekday() == weekday:
            return Day(found)
    return CANNOT_BE


def next_day_of_month(said: Said, number: int) -> Day | CannotBe:
    for months in range(3):
        first = said.today.replace(day=1) + relativedelta(months=months)
        found = date_of(first.year, first.month, number)
        if isinstance(found, date) and found >= said.today:
            return Day(found)
    return CANNOT_BE


def day_of_next_month(said: Said, number: int) -> Day | CannotBe:
    return day_in_month(said, number, next_month(said).date)


def day_in_month(said: Said, number: int, first: date) -> Day | CannotBe:
    return as_day(date_of(first.year, first.month, number))


def next_month(said: Said) -> Day:
    return Day(said.today.replace(day=1) + relativedelta(months=1))


def next_quarter(said: Said) -> Day:
    return Day(said.today.replace(day=1) + relativedelta(months=3 - (said.today.month - 1) % 3))


def next_year(said: Said) -> Day:
    return Day(date(said.today.year + 1, 1, 1))


def middle_of_month(said: Said, first: date) -> Day:
    return Day(first.replace(day=15))


def last_of_month(said: Said, first: date | None = None) -> Day:
    return Day((first or said.today) + relativedelta(day=31))


def last_of_year(said: Said) -> Day:
    return Day(date(said.today.year, 12, 31))


def weekday_in_month(said: Said, which: int, weekday: int, first: date) -> Day | CannotBe:
    """The first monday of a month; of this month it may have passed, then of the next one."""
    found = _nth_weekday(which, weekday, first)
    if isinstance(found, date) and found < said.today and first == said.today.replace(day=1):
        found = _nth_weekday(which, weekday, first + relativedelta(months=1))
    return as_day(found)


def _nth_weekday(which: int, weekday: int, first: date) -> date | CannotBe:
    if which < 0:
        last = first + relativedelta(day=31)
        return last - timedelta((last.weekday() - weekday) % 7)
    found = first + timedelta((weekday - first.weekday()) % 7 + 7 * (which - 1))
    return found if found.month == first.month else CANNOT_BE


def workday_in_month(said: Said, which: int, first: date) -> Day | CannotBe:
    days = (first + timedelta(number) for number in range((first + relativedelta(day=31)).day))
    work = [day for day in days if day.weekday() < 5]
    return Day(work[which if which < 0 else which - 1]) if which <= len(work) else CANNOT_BE


def in_days(said: Said, count: int = 0, unit: relativedelta = DAY_UNITS["day"]) -> Day | CannotBe:
    return as_day(later(said.today, count, unit))


def in_workdays(said: Said, count: int) -> Day | CannotBe:
    """From Monday to Friday."""
    weeks, days = divmod(count, 5)
    # On a weekend the first one is Monday's.
    start = said.today - timedelta(max(0, said.today.weekday() - 4))
    over_weekend = start.weekday() + days > 4
    return as_day(later(start, weeks * 7 + days + 2 * over_weekend, DAY_UNITS["day"]))


def days_from(said: Said, count: int, unit: relativedelta, side: int, day: Day) -> Day | CannotBe:
    return as_day(later(day.date, side * count, unit))


def one_from(said: Said, unit: relativedelta, side: int, day: Day) -> Day | CannotBe:
    return days_from(said, 1, unit, side, day)


def weeks_on(said: Said, count: int, weekday: int) -> Day | CannotBe:
    """ "Two weeks on friday": from the next one on."""
    return as_day(later(next_weekday(said, weekday).date, count, DAY_UNITS["week"]))


def weekday_week(said: Said, weekday: int) -> Day | CannotBe:
    """ "Friday week": in Britain the one after the next."""
    return weeks_on(said, 1, weekday)


def later(day: date, count: int, unit: relativedelta) -> date | CannotBe:
    try:
        found = day + unit * count
    except (ValueError, OverflowError):
        return CANNOT_BE
    return found if found.year in YEARS else CANNOT_BE


def in_minutes(said: Said, count: int, unit: int = 1, more: int = 0, smaller: int = 1) -> Moment:
    """Counted as time passes, up to the full minute: never earlier than asked."""
    wait = timedelta(minutes=count * unit + more * smaller, seconds=59, microseconds=999_999)
    at = (said.moment.astimezone(UTC) + wait).astimezone(said.moment.tzinfo)
    return Moment(at.replace(second=0, microsecond=0, tzinfo=None))


def in_hours_and(said: Said, hours: int, minutes: int) -> Moment:
    return in_minutes(said, hours, 60, minutes)


def in_hours_and_a_half(said: Said, count: int) -> Moment:
    return in_minutes(said, count, 60, 30)


def _next_holiday(on: Callable[[int], date], said: Said) -> Day:
    found = on(said.today.year)
    return Day(found if found >= said.today else on(said.today.year + 1))


def fixed(month: int, day: int) -> Callable[[Said], Day]:
    return partial(_next_holiday, lambda year: date(year, month, day))


def after_easter(days: int) -> Callable[[Said], Day]:
    return partial(_next_holiday, lambda year: easter(year) + timedelta(days))
