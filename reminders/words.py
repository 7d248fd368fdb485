"""Times of reminders in words, by the person's own clock and calendar."""

import datetime
from collections.abc import Iterable, Iterator

from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from reminders import recurrence, schedule
from reminders.models import Completion, Delivery, Notice, Reminder, RepeatFrom

_WORKDAYS = "MO,TU,WE,TH,FR"
_NTH = {
    "1": gettext_lazy("first"),
    "2": gettext_lazy("second"),
    "3": gettext_lazy("third"),
    "4": gettext_lazy("fourth"),
    "-1": gettext_lazy("last"),
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def heading(of: datetime.date, today: datetime.date) -> str:
    """What stands over the reminders of a day: "Today · Tuesday 24 November"."""
    named = date_format(of, "l j F" if of.year == today.year else "l j F Y")
    match (of - today).days:
        case -1:
            return _("Yesterday · %(day)s") % {"day": named}
        case 0:
            return _("Today · %(day)s") % {"day": named}
        case 1:
            return _("Tomorrow · %(day)s") % {"day": named}
        case _:
            return named


def when(reminder: Reminder, today: datetime.date, with_day: bool = True) -> str:
    """When it is due; under the heading of its day only the time."""
    if reminder.due is None:
        return _("no date")
    if reminder.at is None:
        return day(timezone.localdate(reminder.due), today) if with_day else all_day()
    return moment(reminder.due, today) if with_day else clock(reminder.due)


def all_day() -> str:
    return _("all day")


def without_title() -> str:
    """What a thing from outside is called that has none there."""
    return _("Without a title")


def done(completion: Completion) -> str:
    """ "done 9:04" """
    said = {
        Completion.Kind.DONE: _("done %(time)s"),
        Completion.Kind.SKIPPED: _("skipped %(time)s"),
        Completion.Kind.ENDED: _("series ended %(time)s"),
    }
    return said[Completion.Kind(completion.kind)] % {"time": clock(completion.made)}


def moment(of: datetime.datetime, today: datetime.date) -> str:
    """ "tomorrow 9:00" """
    return f"{day(timezone.localdate(of), today)} {clock(of)}"


def day(of: datetime.date, today: datetime.date) -> str:
    """ "yesterday", "Sunday", "24 November": as short as it is clear."""
    match (of - today).days:
        case -1:
            return _("yesterday")
        case 0:
            return _("today")
        case 1:
            return _("tomorrow")
        case near if -7 < near < 7:
            return date_format(of, "l")
        case _:
            return date_format(of, "j F" if of.year == today.year else "j F Y")


def clock(moment: datetime.datetime) -> str:
    return date_format(timezone.localtime(moment), "G:i")


def lateness(since: datetime.datetime, now: datetime.datetime) -> str:
    """ "2 days", "3 hours", "5 minutes": in one unit, more would only look exact."""
    days = (timezone.localdate(now) - timezone.localdate(since)).days
    minutes = max(int((now - since).total_seconds()) // 60, 1)
    if days:
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if minutes >= 60:
        hours = minutes // 60
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def told(notice: Notice, today: datetime.date) -> str:
    """ "yesterday 9:00"; of a late one "was due yesterday 9:00, and 2 times since"."""
    due = moment(notice.occurrence_at, today)
    if not notice.is_late:
        return due
    if not notice.missed:
        return _("was due %(time)s") % {"time": due}
    said = ngettext(
        "was due %(time)s, and once more since",
        "was due %(time)s, and %(count)d times more since",
        notice.missed,
    )
    return said % {"time": due, "count": notice.missed}


def delivery(of: Delivery, today: datetime.date) -> str:
    """What became of a message, and when: "sent today 9:00", "failed after 5 tries"."""
    tries = ngettext("%(count)d try", "%(count)d tries", of.attempts) % {"count": of.attempts}
    match Delivery.State(of.state):
        case Delivery.State.SENT:
            sent = {"time": moment(of.sent_at or of.made, today), "tries": tries}
            if of.attempts > 1:
                return _("sent %(time)s, after %(tries)s") % sent
            return _("sent %(time)s") % sent
        case Delivery.State.DROPPED:
            return _("not sent: there was nothing to tell of any more")
        case Delivery.State.FAILED:
            return _("failed after %(tries)s.") % {"tries": tries}
        case _:
            following = {"time": moment(of.next_try_at, today), "tries": tries}
            if of.attempts:
                return _("%(tries)s so far, the next one %(time)s.") % following
            return _("to be sent %(time)s") % following


def coming(reminder: Reminder, today: datetime.date) -> str:
    """Of a new one, when the person will be told."""
    said = []
    if reminder.due and _is_today_untold(reminder, reminder.due, today):
        over = _("It is in your list for today. No message comes today, since %(time)s is over.")
        said.append(over % {"time": clock(reminder.due)})
    if reminder.next_fire_at:
        told = moment(reminder.next_fire_at, today)
        said.append(_("You will be reminded %(time)s.") % {"time": told})
    if said:
        return " ".join(said)
    if reminder.due:
        return _("It is in your list; its time is over already.")
    return _("It is in your list, without a date.")


def _is_today_untold(reminder: Reminder, due: datetime.datetime, today: datetime.date) -> bool:
    """The whole day isn't over, and the time in its morning when one is told of it is."""
    is_today = reminder.counts_as_day and timezone.localdate(due) == today
    return is_today and reminder.next_fire_at != due


def preview(
    reminder: Reminder, times: Iterable[datetime.datetime], now: datetime.datetime
) -> list[str]:
    """The next times of one that is being written; of a time that is over nobody is told."""
    today, said = timezone.localdate(now), []
    for one in times:
        if one > now - schedule.GRACE:
            said.append(moment(one, today))
        elif reminder.at is None:
            said.append(f"{day(timezone.localdate(one), today)}, {all_day()}")
        else:
            said.append(_("%(time)s (over already)") % {"time": moment(one, today)})
    return said


def repeat(rrule: str, repeat_from: str, with_end: bool = True) -> str:
    """ "every 3 days", "every week on Monday until 3 May 2027, counted from when it is done" """
    try:
        rule = recurrence.Rule.parse(rrule)
    except recurrence.Unusable:
        return _("by a rule of its own")
    said = [_every(rule), *_on(rule)]
    if with_end and (last := end(rrule)):
        said.append(last)
    if repeat_from == RepeatFrom.DONE:
        said.append(_("after it is done"))
    return " ".join(said)


def end(rrule: str) -> str:
    """ "until 3 May 2027", "5 times more"; empty where it goes on."""
    rule = recurrence.Rule.parse(rrule)
    if rule.until:
        return _("until %(day)s") % {"day": date_format(_last_day(rule.until), "j F Y")}
    if rule.count:
        said = ngettext("once more", "%(count)d times more", rule.count)
        return said % {"count": rule.count}
    return ""


def _last_day(until: str) -> datetime.date:
    if not until.endswith("Z"):
        return datetime.datetime.strptime(until[:8], "%Y%m%d").date()  # noqa: DTZ007
    # In UTC the person's day may have begun or ended already.
    last = datetime.datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    return timezone.localdate(last)


def _every(rule: recurrence.Rule) -> str:
    if rule.frequency == "WEEKLY" and rule.parts.get("BYDAY") == _WORKDAYS and rule.interval == 1:
        return _("every weekday")
    said = {
        "MINUTELY": ngettext_lazy("every minute", "every %(count)d minutes", "count"),
        "HOURLY": ngettext_lazy("every hour", "every %(count)d hours", "count"),
        "DAILY": ngettext_lazy("every day", "every %(count)d days", "count"),
        "WEEKLY": ngettext_lazy("every week", "every %(count)d weeks", "count"),
        "MONTHLY": ngettext_lazy("every month", "every %(count)d months", "count"),
        "YEARLY": ngettext_lazy("every year", "every %(count)d years", "count"),
    }
    return said[rule.frequency] % {"count": rule.interval}


def _on(rule: recurrence.Rule) -> Iterator[str]:
    """The days of a rule, where it names them."""
    parts, place = rule.parts, rule.parts.get("BYSETPOS", "")
    days = parts.get("BYMONTHDAY", "").split(",")
    if days == ["-1"] or (days[-1] == "31" and place == "-1"):
        yield _("on the last day")
    elif days != [""]:
        # A 30th gives way to the last day of a shorter month.
        meant = days[-1:] if place == "-1" else days
        yield _("on the %(days)s") % {"days": ", ".join(map(_day_of_month, meant))}
    names = parts.get("BYDAY", "")
    if names == _WORKDAYS and place:
        yield _("on the %(nth)s weekday") % {"nth": _nth(place)}
    elif names and (names != _WORKDAYS or rule.interval > 1):
        named = [_weekday(name, place) for name in names.split(",")]
        yield _("on %(days)s") % {"days": ", ".join(named)}
    if month := parts.get("BYMONTH", ""):
        months = ", ".join(str(MONTHS.get(int(one), one)) for one in month.split(","))
        yield _("of %(month)s") % {"month": months}


def _day_of_month(number: str) -> str:
    """ "15th", "2nd last day" """
    if number.startswith("-"):
        return _("%(nth)s day") % {"nth": _one_nth(number)}
    return str(ordinal(number))


def _weekday(name: str, place: str) -> str:
    """ "Monday", "the last Friday" """
    number, day = name[:-2] or place, str(WEEKDAYS[_DAYS.index(name[-2:])])
    return _("the %(nth)s %(day)s") % {"nth": _nth(number), "day": day} if number else day


def _nth(numbers: str) -> str:
    """ "first", "5th", "2nd last"; of several all. Other calendars have any of them."""
    return ", ".join(map(_one_nth, numbers.replace("+", "").split(",")))


def _one_nth(number: str) -> str:
    if number in _NTH:
        return str(_NTH[number])
    if number.startswith("-"):
        return _("%(nth)s last") % {"nth": ordinal(number[1:])}
    return str(ordinal(number))
