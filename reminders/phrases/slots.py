"""What can stand in the slots of patterns: each reads words and gives what they mean.

A reader takes the place of its first word, and returns a value with the place behind its last one,
or None. A value CANNOT_BE stands for words that look right and mean nothing possible.
"""

from collections.abc import Callable, Collection
from datetime import date
from functools import partial
from typing import Any, Literal, NamedTuple

from dateutil.relativedelta import relativedelta

from reminders.phrases.dates import YEARS, date_of, next_yearly
from reminders.phrases.meanings import CANNOT_BE, Clock, Found, Value
from reminders.phrases.said import Said
from reminders.phrases.words import (
    ADVERBS,
    BYDAY,
    CLEAR_WEEKDAYS,
    COUNTS,
    DAY_WORDS,
    HOUR_WORDS,
    MINUTES,
    MONTHS,
    MONTHS_BEHIND_DOT,
    ORDINALS,
    PARTS,
    PERIODS,
    PLURAL_WEEKDAYS,
    SUFFIXES,
    WEEKDAYS,
)

Reader = Callable[[Said, int], Found]
# Among the words that something can begin with: any number in digits.
NUMBER = "0"
MAX_LIST = 7
ANY_WEEKDAYS = WEEKDAYS | PLURAL_WEEKDAYS


def _look_up(table: dict[str, Any], said: Said, at: int) -> Found:
    word = said.word(at)
    return (table[word], at + 1) if word in table else None


def _number(said: Said, at: int, digits: int) -> int | None:
    word = said.word(at)
    return int(word) if word.isdecimal() and len(word) <= digits else None


def _which_weekdays(said: Said, at: int) -> Found:
    """Several of one month, as BYDAY has them: "2nd and 4th thursday", "first, third friday"."""
    found = _listed(_which, {",", "and", "&", "the"}, said, at)
    if not found or len(found[0]) < 2:
        return None
    weekday = _look_up(ANY_WEEKDAYS, said, found[1])
    if not weekday:
        return None
    which = sorted(set(found[0]), key=lambda one: (one < 0, one))
    return ",".join(f"{one}{BYDAY[weekday[0]]}" for one in which), weekday[1]


def _no_count(said: Said, at: int) -> Found:
    """Of what can't be: 0, -1, or more than four digits. Without a value."""
    is_negative = said.word(at) in ("-", "−")
    at += is_negative
    word = said.word(at)
    if not word.isdecimal() or (is_negative and not said.is_glued(at)):
        return None
    return (None, at + 1) if is_negative or not int(word) or len(word) > 4 else None


def _count(said: Said, at: int) -> Found:
    number = _number(said, at, 4)
    return (number, at + 1) if number else _look_up(COUNTS, said, at)


def _ordinal_number(said: Said, at: int) -> Found:
    number = _number(said, at, 2)
    if number and number <= 31 and said.is_glued(at + 1) and said.word(at + 1) in SUFFIXES:
        return number, at + 2
    return None


def _ordinal(said: Said, at: int) -> Found:
    return _ordinal_number(said, at) or _look_up(ORDINALS, said, at)


def _which(said: Said, at: int) -> Found:
    """The first to fifth, or -1 for the last one."""
    if said.word(at) == "last":
        return -1, at + 1
    found = _ordinal(said, at)
    return found if found and found[0] <= 5 else None


def _day_number(said: Said, at: int) -> Found:
    number = _number(said, at, 2)
    return _ordinal(said, at) or ((number, at + 1) if number and number <= 31 else None)


def _listed(one: Reader, between: Collection[str], said: Said, at: int) -> Found:
    """One or more of them, with other words between."""
    found = one(said, at)
    values: list = []
    while found and len(values) < MAX_LIST:
        values.append(found[0])
        at = following = found[1]
        while said.word(following) in between:
            following += 1
        found = one(said, following) if following > at else None
    return (values, at) if values else None


def _days_of_month(said: Said, at: int) -> Found:
    return _listed(_day_number, {",", "and", "&", "the"}, said, at)


def _weekday_list(table: dict[str, int], said: Said, at: int) -> Found:
    """As BYDAY has them: "mon, wed and fri", or "mon-fri"."""
    first = _look_up(table, said, at)
    if first and said.word(first[1]) in ("-", "–", "to", "through"):
        last = _look_up(table, said, first[1] + 1)
        if last and first[0] < last[0]:
            return ",".join(BYDAY[first[0] : last[0] + 1]), last[1]
    found = _listed(partial(_look_up, table), {",", "and", "&", "/"}, said, at)
    return (",".join(BYDAY[day] for day in sorted(set(found[0]))), found[1]) if found else None


def _year(said: Said, at: int) -> Found:
    """Behind a month, perhaps with a comma between."""
    at += said.word(at) == ","
    number = _number(said, at, 4)
    return (number, at + 1) if number in YEARS else None


def _date_in_numbers(said: Said, at: int) -> Found:
    """With a year: 2026-04-01, 1.4.2026, 1/4/26."""
    numbers, end = _joined_numbers(said, at, 3)
    if len(numbers) < 3:
        return None
    mark = said.word(at + 1)
    lengths = [len(said.word(place)) for place in (at, at + 2, at + 4)]
    if lengths[0] == 4:
        return date_of(*numbers), end
    if lengths[2] not in (2, 4) or max(lengths[:2]) > 2:
        return None
    year = numbers[2] + (2000 if lengths[2] == 2 else 0)
    return _in_order(said, mark, numbers[0], numbers[1], partial(date_of, year)), end


def _day_and_month_in_numbers(mark: str, said: Said, at: int) -> Found:
    """Without a year: 1/4, or 1.4, perhaps with a dot at its end."""
    numbers, end = _joined_numbers(said, at, 2)
    if len(numbers) < 2 or said.word(at + 1) != mark or max(numbers) > 31:
        return None
    if mark == ".":
        end += said.is_glued(end) and said.word(end) == "."
    found = _in_order(said, mark, numbers[0], numbers[1], partial(next_yearly, said))
    # 24/7 is no date that failed: who writes one that can't be adds the year, or means no date.
    return None if found is CANNOT_BE and min(numbers) > 12 else (found, end)


def _with_two_digits(said: Said, at: int) -> Found:
    """27/1, and not 1/2."""
    found = _day_and_month_in_numbers("/", said, at)
    return found if found and max(len(said.word(at)), len(said.word(at + 2))) == 2 else None


def _with_four_digits(said: Said, at: int) -> Found:
    """12/05, which is no fraction; 10/10 is praise where no more tells that it is a day."""
    found = _day_and_month_in_numbers("/", said, at)
    numbers = (said.word(at), said.word(at + 2))
    is_one = numbers != ("10", "10") and all(len(number) == 2 for number in numbers)
    return found if is_one else None


def _with_last_dot(said: Said, at: int) -> Found:
    """1.4. with a dot at its end, or with a time behind it; 1.4 is more often a number."""
    found = _day_and_month_in_numbers(".", said, at)
    if not found:
        return None
    end = found[1]
    is_timed = said.word(end) in ("at", "um") or (
        said.word(end + 1) == ":" and said.is_glued(end + 1)
    )
    return found if said.word(end - 1) == "." or is_timed else None


def _joined_numbers(said: Said, at: int, most: int) -> tuple[list[int], int]:
    """Numbers with the same mark between them, and where they end."""
    numbers, mark, end = list[int](), said.word(at + 1), at
    while mark in ("/", ".", "-") and len(numbers) < most:
        number = _number(said, end, 4)
        if number is None or (numbers and not said.is_glued(end)):
            return [], at
        numbers.append(number)
        end += 1
        if len(numbers) < most:
            if said.word(end) != mark or not said.is_glued(end):
                return [], at
            end += 1
    return numbers, end


def _in_order(
    said: Said, mark: str, first: int, second: int, make: Callable[[int, int], Value]
) -> Value:
    """A date of month and day, in the order of the person if that makes one."""
    is_day_first = said.order == "dmy" or mark == "."
    made = make(second, first) if is_day_first else make(first, second)
    if made is CANNOT_BE and mark != ".":
        made = make(first, second) if is_day_first else make(second, first)
    return made


def _time_of_day(said: Said, at: int) -> Found:
    hour, minute, end = _number(said, at, 2), 0, at + 1
    if hour is None:
        return None
    form: Literal["clock", "dotted", "bare"] = "bare"
    mark = said.word(end) if said.is_glued(end) else ""
    if mark in (":", ".", "h") and said.is_glued(end + 1) and len(said.word(end + 1)) == 2:
        minutes = _number(said, end + 1, 2)
        if minutes is not None:
            minute, end, form = minutes, end + 2, "dotted" if mark == "." else "clock"
    elif mark == "h":
        end += 1
    is_open = form == "bare" or len(said.word(at)) == 1
    meridiem = _meridiem(said, end)
    if meridiem:
        if not 1 <= hour <= 12:
            return CANNOT_BE, meridiem[1]
        hour = hour % 12 + (12 if meridiem[0] == "pm" else 0)
        end, form, is_open = meridiem[1], "clock", False
    elif said.word(end) == "o'clock":
        end, form = end + 1, "clock"
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        return (CANNOT_BE, end) if form == "clock" and hour < 30 else None
    return Clock(hour, minute, is_open and 0 < hour < 12, form), end


def _meridiem(said: Said, at: int) -> Found:
    word = said.word(at)
    if word in ("am", "pm"):
        return word, at + 1
    dotted = [said.word(place) for place in range(at, at + 4)]
    if dotted in (["a", ".", "m", "."], ["p", ".", "m", "."]):
        return f"{word}m", at + 4
    return None


def _in_form(form: str, said: Said, at: int) -> Found:
    """A time of day that is written this way; one that can't be counts as any."""
    found = _time_of_day(said, at)
    if found and found[0] is CANNOT_BE:
        return found if form == "clock" else None
    return found if found and found[0].form == form else None


def _hour(said: Said, at: int) -> Found:
    """A bare one, in digits or as a word."""
    found = _look_up(HOUR_WORDS, said, at)
    if found:
        return Clock(found[0], is_open=found[0] < 12), found[1]
    return _in_form("bare", said, at)


def _four_digits(said: Said, at: int) -> Found:
    word = said.word(at)
    if not (word.isdecimal() and len(word) == 4):
        return None
    hour, minute = divmod(int(word), 100)
    return (Clock(hour, minute), at + 1) if hour < 24 and minute < 60 else None


def _month_meant(said: Said, at: int) -> Found:
    """The first day of "may", "may 2026", "the month", "this month" or "next month"."""
    word, following = said.word(at), said.word(at + 1)
    if following == "month" and word in ("the", "this", "next"):
        first = said.today.replace(day=1)
        return first + relativedelta(months=word == "next"), at + 2
    found = _look_up(MONTHS, said, at)
    if not found:
        return None
    year = _year(said, found[1])
    if year:
        return date(year[0], found[0], 1), year[1]
    passed = found[0] < said.today.month
    return date(said.today.year + passed, found[0], 1), found[1]


def _any_month(said: Said, at: int) -> Found:
    """ "Of the month", or nothing; without a value."""
    words = [said.word(place) for place in range(at, at + 3)]
    is_said = words[0] in ("of", "in") and words[1] in ("the", "every", "each")
    return None, (at + 3 if is_said and words[2] == "month" else at)


def _workday(said: Said, at: int) -> Found:
    """Without a value."""
    if said.word(at) in ("workday", "weekday"):
        return None, at + 1
    is_said = said.word(at) in ("business", "working") and said.word(at + 1) == "day"
    return (None, at + 2) if is_said else None


def _workdays(said: Said, at: int) -> Found:
    """Behind a count, without a value."""
    if said.word(at) in ("workday", "workdays"):
        return None, at + 1
    is_said = said.word(at) in ("business", "working") and said.word(at + 1) in ("day", "days")
    return (None, at + 2) if is_said else None


def _period(said: Said, at: int) -> Found:
    """A frequency and an interval: "day", "3 days", "other week", "2nd month", "half hour"."""
    word, interval = said.word(at), 1
    if word == "half" and said.word(at + 1) in ("hour", "an"):
        return ("MINUTELY", 30), at + 2 + (said.word(at + 1) == "an")
    if word == "other":
        interval, at = 2, at + 1
    elif found := _ordinal(said, at) or _count(said, at):
        interval, at = found
    found = _look_up(PERIODS, said, at)
    if not found:
        return None
    frequency, times = found[0]
    return (frequency, interval * times), found[1]


class Slot(NamedTuple):
    """`first` are the words with which it can begin."""

    read: Reader
    first: Collection[str]


def _table(words: dict[str, Any]) -> Slot:
    return Slot(partial(_look_up, words), words)


_ORDINAL_WORDS = {NUMBER, *ORDINALS}
SLOTS: dict[str, Slot] = {
    "clear weekday": _table(CLEAR_WEEKDAYS),
    "weekday": _table(WEEKDAYS),
    "weekdays": Slot(partial(_weekday_list, ANY_WEEKDAYS), ANY_WEEKDAYS),
    "plural weekdays": Slot(partial(_weekday_list, PLURAL_WEEKDAYS), PLURAL_WEEKDAYS),
    "workdays": Slot(_workdays, {"workday", "workdays", "business", "working"}),
    "workday": Slot(_workday, {"workday", "weekday", "business", "working"}),
    "month": _table(MONTHS),
    "month behind dot": _table(MONTHS_BEHIND_DOT),
    "month meant": Slot(_month_meant, {"the", "this", "next", *MONTHS}),
    "of any month": Slot(_any_month, ()),
    "year": Slot(_year, {",", NUMBER}),
    "count": Slot(_count, {NUMBER, *COUNTS}),
    "ordinal": Slot(_ordinal, _ORDINAL_WORDS),
    "ordinal number": Slot(_ordinal_number, {NUMBER}),
    "which": Slot(_which, {"last", *_ORDINAL_WORDS}),
    "which weekdays": Slot(_which_weekdays, {"last", *_ORDINAL_WORDS}),
    "no count": Slot(_no_count, {NUMBER, "-", "−"}),
    "period unit": _table(PERIODS),
    "day number": Slot(_day_number, _ORDINAL_WORDS),
    "days of month": Slot(_days_of_month, _ORDINAL_WORDS),
    "day unit": _table(DAY_WORDS),
    "minutes": _table(MINUTES),
    "part": _table({part: part for part in PARTS if part != "tonight"}),
    "period": Slot(_period, {"half", "other", NUMBER, *ORDINALS, *COUNTS, *PERIODS}),
    "adverb": _table(ADVERBS),
    "date in numbers": Slot(_date_in_numbers, {NUMBER}),
    "d/m": Slot(partial(_day_and_month_in_numbers, "/"), {NUMBER}),
    "dd/mm": Slot(_with_two_digits, {NUMBER}),
    "ddmm": Slot(_with_four_digits, {NUMBER}),
    "d.m": Slot(partial(_day_and_month_in_numbers, "."), {NUMBER}),
    "d.m.": Slot(_with_last_dot, {NUMBER}),
    "clock": Slot(partial(_in_form, "clock"), {NUMBER}),
    "dotted": Slot(partial(_in_form, "dotted"), {NUMBER}),
    "bare": Slot(partial(_in_form, "bare"), {NUMBER}),
    "hour": Slot(_hour, {NUMBER, *HOUR_WORDS}),
    "hhmm": Slot(_four_digits, {NUMBER}),
    "side": _table({"before": -1, "after": 1, "from": 1}),
}
