"""Giving reminders another day, in the browser."""

import datetime
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import SignedInRequest
from reminders import rescheduling, words
from reminders.act_views import back, none_picked
from reminders.forms import DayForm, PickedForm


@require_POST
def several(request: SignedInRequest) -> HttpResponse:
    """To the day that a button names, or to the one that was picked."""
    form, chosen = PickedForm(request.POST), DayForm(request.POST)
    day = rescheduling.day_of(request.GET.get("to", ""), timezone.now(), request.user.zone)
    if day is None and chosen.is_valid():
        day = chosen.cleaned_data["day"]
    if not form.is_valid():
        return redirect("reminders:list")
    if not form.cleaned_data["seen"]:
        return none_picked(request, form)
    if day is None:
        messages.warning(request, _("Say which day."))
    else:
        moved, left = rescheduling.reschedule(request.user, form.cleaned_data["seen"], day)
        _say_moved(request, day, moved, left)
    return back(request, form)


@require_http_methods(["GET", "POST"])
def one(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """To a day that the person picks."""
    there = request.user.reminders.open().filter(rrule="").listed()
    reminder = get_object_or_404(there, pk=reminder_id)
    form = DayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["day"]
        seen = {reminder.pk: reminder.version}
        _say_moved(request, day, *rescheduling.reschedule(request.user, seen, day))
        return redirect(reminder)
    choices = rescheduling.choices(timezone.now(), request.user.zone)
    shown = {"reminder": reminder, "form": form, "choices": choices}
    status = 422 if form.is_bound else 200
    return render(request, "reminders/reminder_reschedule.html", shown, status=status)


def _say_moved(request: SignedInRequest, day: datetime.date, moved: int, left: int) -> None:
    if moved:
        named = words.day(day, timezone.localdate())
        messages.success(request, _("Moved to %(day)s.") % {"day": named})
    if left:
        said = ngettext(
            "A reminder was left alone: it repeats, is done, or was changed elsewhere meanwhile.",
            "%(count)d reminders were left alone: they repeat, are done, or were changed elsewhere "
            "meanwhile.",
            left,
        )
        messages.warning(request, said % {"count": left})
