"""Times of reminders in words, by the person's own clock and calendar."""

import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reminders.models import Completion, Notice, Reminder


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
        return day(timezone.localdate(reminder.due), today) if with_day else _("all day")
    return moment(reminder.due, today) if with_day else clock(reminder.due)


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
