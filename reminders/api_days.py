"""What stands on which day, for programs: as the page of a month has it."""

import datetime
import uuid

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Day
from ahfai.templatetags.house import opened
from reminders import month

router = Router()
# As many as the page of a month shows, and some more.
MOST_DAYS = 62


class Time(Schema):
    """One time of a reminder, or that it was done then."""

    # On the person's clock.
    day: datetime.date
    # In UTC; null where the whole day is meant.
    moment: datetime.datetime | None
    reminder: uuid.UUID
    title: str
    # "open", "late", "later" (of a series, where another one is to be done before), "done",
    # "skipped" or "ended".
    state: str


class Times(Schema):
    times: list[Time]


@router.get("days", auth=Allowed(Scope.REMINDERS_READ), response=Times, url_name="reminder_days")
def days(request: SignedInRequest, first: Day, last: Day) -> Times:
    """What is to be done, comes again and was done on these days and those between, day by day."""
    now = timezone.now()
    today = timezone.localdate(now)
    if last < first:
        raise problems.of_field("last", _("That is before it begins."))
    if (last - first).days >= MOST_DAYS:
        raise problems.of_field("last", _("At most %(most)d days at once.") % {"most": MOST_DAYS})
    if max(abs(day.year - today.year) for day in (first, last)) > month.FURTHEST:
        raise problems.of_field("first", _("That is too far away."))
    found = month.between(request.user, first, last, now)
    return Times(times=[_time(day, entry) for day, entry in found])


def _time(day: datetime.date, entry: month.Entry) -> Time:
    state = "late" if entry.is_late else "later" if entry.is_later else "open"
    return Time(
        day=day,
        moment=entry.at,
        reminder=entry.reminder.pk,
        title=opened(entry.reminder, "title"),
        state=entry.completion.kind if entry.completion else state,
    )
