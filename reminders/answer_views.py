"""Where the link in a message leads: one reminder, and a button for each thing to do with it.

Looking changes nothing, since mail scanners follow links; each press acts once.
"""

import datetime
import uuid

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedInRequest
from reminders import completing, snoozing, words
from reminders.models import Completion, Reminder

DONE = "done"


class AnswerForm(forms.Form):
    """`do` is "done", or the name of a choice to put it off to; `version` is of the reminder as the
    page showed it."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 2)
    do = forms.CharField(max_length=20)


@require_http_methods(["GET", "POST"])
def answer(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """`at` in the address is when it was due, in seconds since 1970."""
    reminder = get_object_or_404(request.user.reminders.listed(), pk=reminder_id)
    if reminder.trashed:
        gone = {"reminder": reminder}
        return render(request, "reminders/reminder_trashed.html", gone, status=404)
    if request.method == "POST":
        form = AnswerForm(request.POST)
        if not (form.is_valid() and _do(request, reminder, **form.cleaned_data)):
            messages.warning(request, _("It was changed meanwhile. This is how it stands now."))
        return redirect(request.get_full_path())
    now = timezone.now()
    today = timezone.localdate(now)
    done = _done_since(reminder, request.GET.get("at", ""))
    put_off = reminder.snoozed_until
    since = put_off or reminder.due
    shown = {
        "reminder": reminder,
        "when": words.when(reminder, today),
        "late": words.lateness(since, now) if since and reminder.is_late(now, today) else "",
        "put_off": words.moment(put_off, today) if put_off and put_off > now else "",
        "done": done and words.done(done),
        "undo": done.pk if done and done.version == reminder.version - 1 else None,
        "choices": snoozing.choices(now, request.user.zone) if reminder.due else [],
    }
    return render(request, "reminders/answer.html", shown)


def _done_since(reminder: Reminder, at: str) -> Completion | None:
    """That this time of it was done, or the whole of it."""
    completions = reminder.completions.exclude(kind=Completion.Kind.AGAIN).order_by("-made")
    if reminder.done:
        return completions.first()
    try:
        moment = datetime.datetime.fromtimestamp(int(at), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return completions.filter(made__gte=moment).first()


def _do(request: SignedInRequest, reminder: Reminder, version: int, do: str) -> bool:
    """Whether it is so now, by this press or by an earlier one of the same button."""
    if do == DONE:
        return bool(completing.complete(request.user, {reminder.pk: version}).completions)
    moment = snoozing.until(do, timezone.now(), request.user.zone)
    if moment is None:
        return False
    with transaction.atomic():
        found = completing.locked(request.user, [reminder.pk])
        if not found or found[0].version != version:
            return False
        return bool(snoozing.snooze(request.user, [reminder.pk], moment))
