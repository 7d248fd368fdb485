"""A month of reminders in the browser."""

import datetime
import uuid
from collections.abc import Iterable

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import date_format, get_format
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_GET

from accounts.requests import SignedInRequest
from reminders import month as months
from reminders import quick, words
from reminders.forms import QuickForm
from reminders.month import Day, Month

# So many stand in the field of a day; the day itself shows all.
SHOWN = 3


@require_GET
def month(request: SignedInRequest) -> HttpResponse:
    """A month, with what stands on one of its days below it."""
    now = timezone.now()
    today = timezone.localdate(now)
    chosen = _day(request.GET.get("day", ""))
    try:
        shown = Month.named(request.GET.get("month", "") or _month_of(chosen), today)
    except ValueError:
        raise Http404 from None
    first_weekday = _first_weekday(request)
    weeks = months.of(request.user, shown, first_weekday, now)
    day = _chosen(weeks, chosen, today)
    there = {
        "month": shown,
        "title": date_format(shown.first, "F Y"),
        "before": _within(shown.before, today),
        "after": _within(shown.after, today),
        "today": today,
        "weekdays": [
            (WEEKDAYS[number % 7], WEEKDAYS_ABBR[number % 7])
            for number in range(first_weekday, first_weekday + 7)
        ],
        "weeks": weeks,
        "shown": f":{SHOWN}",
        "further": f"{SHOWN}:",
        "day": day,
        "heading": words.heading(day.of, today),
        "quick": _line(request, day.of, today),
    }
    return render(request, "reminders/month.html", there)


def _day(name: str) -> datetime.date | None:
    """None for what is no day."""
    try:
        return datetime.date.fromisoformat(name)
    except ValueError:
        return None


def _month_of(day: datetime.date | None) -> str:
    return f"{day:%Y-%m}" if day else ""


def _chosen(
    weeks: Iterable[Iterable[Day]], chosen: datetime.date | None, today: datetime.date
) -> Day:
    """The chosen day where the page shows it, else today, else the first of the month."""
    days = {day.of: day for week in weeks for day in week}
    first = next(day for day in days.values() if day.is_in_month)
    return (days.get(chosen) if chosen else None) or days.get(today) or first


def _within(month: Month, today: datetime.date) -> str:
    """Its name, "" for one that is too far away to be shown."""
    return month.name if abs(month.first.year - today.year) <= months.FURTHEST else ""


def _first_weekday(request: SignedInRequest) -> int:
    """By the language that the browser asks for; 0 is Monday here, and Sunday for Django."""
    return (int(get_format("FIRST_DAY_OF_WEEK", get_language_from_request(request))) - 1) % 7


def _line(request: SignedInRequest, day: datetime.date, today: datetime.date) -> QuickForm:
    """The line for a new reminder, which begins with the day."""
    page = uuid.uuid4()
    if day < today:
        return QuickForm(initial={"page": page}, user=request.user)
    # Before the day there is room for what it is.
    said = MultiValueDict({"text": [f" {day.isoformat()}"], "page": [str(page)]})
    form = QuickForm(said, user=request.user, order=quick.order_for(request))
    form.is_valid()
    return form
