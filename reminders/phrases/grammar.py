"""The grammar: which words are a date, a time, a repetition or its end, and what they mean."""

import re
from dataclasses import replace
from datetime import date
from functools import partial
from typing import NamedTuple

from reminders.phrases import dates, rules
from reminders.phrases.meanings import (
    CANNOT_BE,
    CannotBe,
    Clock,
    Day,
    End,
    Found,
    Moment,
    Repeat,
    Value,
)
from reminders.phrases.patterns import ALONE, FIRM, LAST, PLAIN, WEAK, WITH_LEAD, Row, Table
from reminders.phrases.said import Said
from reminders.phrases.slots import SLOTS, Slot
from reminders.phrases.words import BYDAY, MONTHS, MONTHS_BEHIND_DOT, WEEKDAYS, WORKDAYS


def _itself(said: Said, value: Value) -> Value:
    return value


def _on(said: Said, day: date) -> Day:
    return Day(day)


def _cannot_be(said: Said, *values: object) -> CannotBe:
    return CANNOT_BE


# --- Dates ------------------------------------------------------------------------------------

_FIXED_HOLIDAYS = (
    Row("christmas|xmas day?", WEAK, dates.fixed(12, 25)),
    Row("christmas|xmas eve", WEAK, dates.fixed(12, 24)),
    Row("boxing day", WEAK, dates.fixed(12, 26)),
    Row("new year|year's|years|years' day?", WEAK, dates.fixed(1, 1)),
    Row("new year|year's|years|years' eve", WEAK, dates.fixed(12, 31)),
    Row("valentine|valentine's|valentines day?", WEAK, dates.fixed(2, 14)),
    Row("halloween", WEAK, dates.fixed(10, 31)),
)
_HOLIDAYS = (
    *_FIXED_HOLIDAYS,
    Row("easter sunday?", WEAK, dates.after_easter(0)),
    Row("easter monday", WEAK, dates.after_easter(1)),
)

# These go with "at", too.
_OCCASIONS = (
    *_HOLIDAYS,
    Row("the weekend", WITH_LEAD, dates.weekend),
    Row("end of month", PLAIN, dates.last_of_month),
    Row("the end of month", PLAIN, dates.last_of_month),
    Row("the? end of the? year", PLAIN, dates.last_of_year),
    Row("eoy", PLAIN, dates.last_of_year),
    Row("the? end of {month meant}", PLAIN, dates.last_of_month),
    Row("the? start|beginning of {month meant}", PLAIN, _on),
)
_FULL_DATES = (
    Row("{date in numbers}", PLAIN, _on),
    Row("the? {day number} of? {month} {year}?", PLAIN, dates.day_of_month),
    Row("{month} the? {day number} {year}?", PLAIN, dates.month_and_day),
    # As Germans write them: "24. Dezember", "am 24.12.".
    Row("am? {day number} . {month behind dot} .? {year}?", PLAIN, dates.day_of_month, ends=True),
    Row("am {date in numbers}", FIRM, _on),
)


def _longest_day(table: str, said: Said, at: int) -> Found:
    """The longest match in a table, where it is a day."""
    matches = TABLES[table].matches(said, at)
    days = [(value, end) for _, value, end in matches if not isinstance(value, Moment)]
    return max(days, key=lambda found: found[1], default=None)


# What other patterns hold.
TABLES = {"full date": Table(*_FULL_DATES), "fixed holiday": Table(*_FIXED_HOLIDAYS)}
for _name, _table in TABLES.items():
    SLOTS[_name] = Slot(partial(_longest_day, _name), _table.by_word)
SLOTS["date"] = Slot(partial(_longest_day, "date"), ())

_DATES = (
    *_FULL_DATES,
    *_OCCASIONS,
    Row("{ddmm}", PLAIN, _on),
    Row("{dd/mm}", LAST, _on),
    Row("{d/m}", WEAK, _on),
    Row("{d.m.}", LAST, _on),
    Row("{d.m}", WITH_LEAD, _on),
    Row("am {d.m}", FIRM, _on, ends=True),
    Row("{date in numbers} t {clock}", PLAIN, dates.at_time),
    Row("later? today", PLAIN, dates.in_days),
    Row("tod", WEAK, dates.in_days),
    Row("tonight", PLAIN, partial(dates.today_in, part="tonight")),
    Row("this {part}", PLAIN, dates.today_in),
    Row("tomorrow|tmr|tmrw|tmw|2moro", PLAIN, partial(dates.in_days, count=1)),
    Row("tom", WEAK, partial(dates.in_days, count=1)),
    # Weekdays
    Row("{clear weekday}", PLAIN, dates.next_weekday),
    Row("{weekday}", WEAK, dates.next_weekday),
    Row("this|coming|upcoming {weekday}", PLAIN, dates.this_weekday),
    Row("next {weekday}", PLAIN, dates.weekday_of_next_week),
    Row("{weekday} next week", PLAIN, dates.weekday_of_next_week),
    Row("next week on? {weekday}", PLAIN, dates.weekday_of_next_week),
    Row("{clear weekday} week", PLAIN, dates.weekday_week),
    Row("{weekday} after next", PLAIN, _cannot_be),
    Row("{weekday} or|and|& {weekday}", PLAIN, _cannot_be),
    Row("{weekday} ,? {full date}", PLAIN, dates.weekday_and_date),
    Row("{weekday} ,? {d.m.}", PLAIN, dates.weekday_and_date),
    Row("{weekday} ,? {dd/mm}", PLAIN, dates.weekday_and_date),
    Row("{weekday} the {ordinal}", WEAK, dates.weekday_the, ends=True),
    # Weeks, months and years
    Row("this weekend", PLAIN, dates.weekend),
    Row("next weekend", PLAIN, partial(dates.weekday_of_next_week, weekday=5)),
    Row("next week", PLAIN, partial(dates.weekday_of_next_week, weekday=0)),
    Row("next month", PLAIN, dates.next_month),
    Row("next month on the? {ordinal}", PLAIN, dates.day_of_next_month),
    Row("next quarter", PLAIN, dates.next_quarter),
    Row("next year", PLAIN, dates.next_year),
    Row("eom", PLAIN, dates.last_of_month),
    Row("the? last day of {month meant}", PLAIN, dates.last_of_month),
    Row("mid -? {month meant}", PLAIN, dates.middle_of_month),
    Row("the? middle of {month meant}", PLAIN, dates.middle_of_month),
    Row("the {ordinal}", WITH_LEAD, dates.next_day_of_month, ends=True),
    Row("the? {ordinal number}", WEAK, dates.next_day_of_month, ends=True),
    Row("the? {ordinal} of {month meant}", PLAIN, dates.day_in_month),
    Row("the? {ordinal} day of {month meant}", PLAIN, dates.day_in_month),
    Row("the? {which} {weekday} of|in {month meant}", PLAIN, dates.weekday_in_month),
    Row("the? {which} {workday} of|in {month meant}", PLAIN, dates.workday_in_month),
    Row("the? {which} {weekday} {month meant}", PLAIN, dates.weekday_in_month, ends=True),
    # From now, or from another day
    Row("in {count} {day unit} '? time?", FIRM, dates.in_days),
    Row("+ {count} {day unit}", FIRM, dates.in_days),
    Row("{count} {day unit} from now", FIRM, dates.in_days),
    Row("in {count} {workdays}", FIRM, dates.in_workdays),
    Row("{count} {workdays} from now", FIRM, dates.in_workdays),
    Row("{count} {workdays}", ALONE, dates.in_workdays),
    Row("{count} {day unit}", ALONE, dates.in_days),
    Row("in {count} {minutes}", FIRM, dates.in_minutes),
    Row("+ {count} {minutes}", FIRM, dates.in_minutes),
    Row("{count} {minutes} from now", FIRM, dates.in_minutes),
    Row("{count} {minutes}", ALONE, dates.in_minutes),
    Row("in {count} {minutes} and? {count} {minutes}", FIRM, dates.in_minutes),
    Row(
        "in {count} h {count}",
        FIRM,
        dates.in_hours_and,
    ),
    Row("in half an hour", FIRM, partial(dates.in_minutes, count=30)),
    Row("in half a day", FIRM, partial(dates.in_minutes, count=12 * 60)),
    Row("in {count} hour|hours and a half", FIRM, dates.in_hours_and_a_half),
    Row("in {count} and a half hour|hours", FIRM, dates.in_hours_and_a_half),
    Row("in {count} . 5 hour|hours|h", FIRM, dates.in_hours_and_a_half),
    Row("{count} {day unit} {side} {date}", FIRM, dates.days_from),
    Row("the? {day unit} {side} {date}", PLAIN, dates.one_from),
    Row("{count} week|weeks on {weekday}", FIRM, dates.weeks_on),
)

# --- Times ------------------------------------------------------------------------------------

_TIMES = (
    Row("{clock}", PLAIN, _itself),
    Row("{dotted}", ALONE, _itself),
    Row("{dotted}", WITH_LEAD, _itself),
    Row("{dotted}", WEAK, _itself, behind_day=True),
    Row("{bare}", WEAK, _itself, ends=True, behind_day=True),
    Row("um {clock}", PLAIN, _itself),
    Row("um? {clock} uhr", PLAIN, _itself),
    Row("um? {dotted} uhr", PLAIN, _itself),
    Row("um? {bare} uhr", PLAIN, _itself),
    # A reminder has one time.
    Row("{clock} -|–|to|and|& {clock}", LAST, _cannot_be),
    Row("{bare} -|–|to|and|& {bare}", WEAK, _cannot_be, ends=True, behind_day=True),
    Row("12? noon|midday", PLAIN, lambda said: Clock(12)),
    Row("12? midnight", PLAIN, lambda said: Clock(24)),
    Row("half past {hour}", PLAIN, lambda said, clock: replace(clock, minute=30)),
    Row("quarter past {hour}", PLAIN, lambda said, clock: replace(clock, minute=15)),
    Row("quarter to {hour}", PLAIN, lambda said, clock: clock.quarter_before),
)
# Behind "at".
_HOURS = (
    Row("{hour}", FIRM, _itself, ends=True),
    Row("{hhmm}", FIRM, _itself, ends=True, behind_day=True),
    Row("{hour} -|–|to|and|&|, {hour}", FIRM, _cannot_be, ends=True),
)
_PARTS_OF_DAY = (
    Row("in the {part}", LAST, _itself),
    Row("{part}", WEAK, _itself),
    Row("at night", WEAK, lambda said: "night"),
)

# --- Repetitions ------------------------------------------------------------------------------

# Behind "every".
_EVERYS = (
    Row("{period}", FIRM, rules.every),
    Row("{period} on {weekdays}", FIRM, rules.on_weekdays),
    Row("{period} on the? {days of month}", FIRM, rules.on_days),
    Row("{period} on the? {which} {weekday}", FIRM, rules.on_which),
    Row("{period} on the? last day", FIRM, rules.on_last_day),
    Row("{period} on {full date}", FIRM, rules.on_date),
    Row("{part}", FIRM, lambda said, part: Repeat("DAILY", part=part)),
    Row("{weekdays}", FIRM, rules.weekly),
    Row("other {weekdays}", FIRM, partial(rules.weekly, interval=2)),
    Row("second {weekday}", FIRM, lambda said, day: rules.weekly(said, BYDAY[day], interval=2)),
    Row("{workday}", FIRM, partial(rules.weekly, days=WORKDAYS)),
    Row("weekend", FIRM, partial(rules.weekly, days="SA")),
    Row("{days of month} {of any month}", FIRM, rules.monthly, ends=True),
    Row("{ordinal} day of the month", FIRM, rules.monthly),
    Row("last day {of any month}", FIRM, partial(rules.monthly, days=-1)),
    Row("end of? the? month", FIRM, partial(rules.monthly, days=-1)),
    Row("{which} {weekday} {of any month}", FIRM, rules.monthly_weekday),
    Row("{which weekdays} {of any month}", FIRM, rules.monthly_weekdays),
    Row("{ordinal} {workday} {of any month}", FIRM, rules.monthly_workday),
    Row("last {workday} {of any month}", FIRM, partial(rules.monthly_workday, which=-1)),
    Row("{which} {weekday} of|in? {month}", FIRM, rules.yearly_weekday),
    Row("{month}", FIRM, partial(rules.yearly, day=1)),
    Row("{month} the? {day number}", FIRM, rules.yearly),
    Row("{day number} of? {month}", FIRM, rules.day_of),
    Row("{fixed holiday}", FIRM, rules.yearly_on),
    # Nobody means never, or after centuries.
    Row("{no count} {period unit}", FIRM, _cannot_be),
    # No one rule says these.
    Row("easter sunday|monday?", FIRM, _cannot_be),
    Row("{count} workday|workdays|weekday|weekdays", FIRM, _cannot_be),
    Row("{ordinal} {workday} ,|and|& {which}", FIRM, _cannot_be),
    Row("{which} {weekday} ,|and|& {which}", FIRM, _cannot_be),
    Row("{which} {weekday} of|in? {month} ,|and|& {which}", FIRM, _cannot_be),
    Row("{full date} ,|and|& {full date}", FIRM, _cannot_be),
)
_REPEATS = (
    Row("the? {days of month} of every|each {period}", FIRM, rules.days_of),
    Row("the? {which} {weekday} of|in every|each {period}", FIRM, rules.which_of),
    Row("the? {which weekdays} of|in every|each {period}", FIRM, rules.several_of),
    Row("the? {ordinal} day of every|each month", FIRM, rules.monthly),
    Row("the? last day of|in every|each month", FIRM, partial(rules.monthly, days=-1)),
    Row("the? end of every|each month", FIRM, partial(rules.monthly, days=-1)),
    Row("the? {ordinal} {workday} of|in every|each month", FIRM, rules.monthly_workday),
    Row("the? last {workday} of|in every|each month", FIRM,
        partial(rules.monthly_workday, which=-1)),
    Row("the? {day number} of every|each {month}", FIRM, rules.day_of),
    Row("weekdays|workdays", WEAK, partial(rules.weekly, days=WORKDAYS)),
    Row("weekends", WEAK, partial(rules.weekly, days="SA")),
    Row("{plural weekdays}", WEAK, rules.weekly),
    Row("everyday", LAST, lambda said: Repeat("DAILY")),
    Row("{adverb}", LAST, rules.every),
    Row("{adverb} on {weekdays}", FIRM, rules.on_weekdays),
    Row("{adverb} on the? {days of month}", FIRM, rules.on_days),
    Row("{adverb} on the? {which} {weekday}", FIRM, rules.on_which),
    Row("once a|every {period}", LAST, rules.every),
    Row("twice a|every|each|per {period}", LAST, _cannot_be),
    Row("{count} times a|every|each|per {period}", LAST, _cannot_be),
)  # fmt: skip
_ENDS = (
    Row("until|till|til|ending|ends on? {date}", FIRM, lambda said, day: End(day=day.date)),
    Row("to|through {date}", WEAK, lambda said, day: End(day=day.date)),
    Row("until|till|til|ending|ends {month meant}", FIRM, lambda said, first: End(day=first)),
    Row("until|till|til {clock}", FIRM, _cannot_be),
    Row("for {count} {day unit}", FIRM, lambda said, count, unit: End(lasts=unit * count)),
    Row("for {count} times", FIRM, lambda said, count: End(times=count)),
    Row("except on? {weekdays}", FIRM, _cannot_be),
    Row("but not? on? {weekdays}", FIRM, _cannot_be),
)


# --- Together ---------------------------------------------------------------------------------


class Lead(NamedTuple):
    """A word before a date or time. A firm one makes it sure."""

    tables: tuple[str, ...]
    is_firm: bool = True
    needs_repeat: bool = False


LEADS = {
    "on": Lead(("date", "repeat")),
    "by": Lead(("date", "time")),
    "due": Lead(("date", "time")),
    "at": Lead(("time", "hour", "occasion", "repeat")),
    "@": Lead(("time", "hour", "date")),
    "for": Lead(("date",), is_firm=False),
    "around": Lead(("time",), is_firm=False),
    "from": Lead(("date", "time"), needs_repeat=True),
    "starting": Lead(("date", "time"), needs_repeat=True),
    "beginning": Lead(("date", "time"), needs_repeat=True),
}

TABLES |= {
    "date": Table(*_DATES),
    "occasion": Table(*_OCCASIONS),
    "time": Table(*_TIMES),
    "hour": Table(*_HOURS),
    "part": Table(*_PARTS_OF_DAY),
    "every": Table(*_EVERYS),
    "repeat": Table(*_REPEATS),
    "end": Table(*_ENDS),
}
# Words that may stand in capitals.
CALENDAR_WORDS = {*WEEKDAYS, *MONTHS, *MONTHS_BEHIND_DOT, "eom", "eoy", "t"}.union(
    *(re.findall(r"[a-z']+", row.pattern) for row in _HOLIDAYS)
)
