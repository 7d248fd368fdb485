"""Reminders in the browser. Each lookup starts at the signed-in person."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import tags
from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from reminders import order, snoozing, words, writing
from reminders.forms import ReminderForm
from reminders.list_views import tags_of
from reminders.models import Reminder


@require_GET
def detail(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    reminder = get_object_or_404(request.user.reminders, pk=reminder_id)
    if reminder.trashed:
        gone = {"reminder": reminder}
        return render(request, "reminders/reminder_trashed.html", gone, status=404)
    now = timezone.now()
    today = timezone.localdate(now)
    since = reminder.snoozed_until or reminder.due
    put_off = reminder.snoozed_until
    is_late = not reminder.done and reminder.is_late(now, today)
    shown = {
        "reminder": reminder,
        "when": words.when(reminder, today),
        "late": words.lateness(since, now) if since and is_late else "",
        "put_off": put_off and words.moment(put_off, today),
        "choices": snoozing.choices(now, request.user.zone),
        "undo": _last_completion(reminder) if reminder.done else None,
        "tags": tags_of([reminder], tags.all_of(request.user)).get(reminder.pk, []),
    }
    return render(request, "reminders/reminder_detail.html", shown)


@require_POST
def put_back(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """Take the reminder out of the trash, and open it."""
    reminder = get_object_or_404(request.user.reminders.listed(), pk=reminder_id)
    order.restore(request.user, [reminder.pk])
    messages.success(request, _("The reminder is back."))
    return redirect(reminder)


def _last_completion(reminder: Reminder) -> uuid.UUID | None:
    """What can still be taken back."""
    last = reminder.completions.filter(version=reminder.version - 1)
    return last.values_list("pk", flat=True).first()


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        first = {"page": uuid.uuid4(), "day": timezone.localdate()}
        return _form_page(request, ReminderForm(initial=first))
    if "more" in request.POST:
        # The short form in the list leads here, with what was typed there.
        return _form_page(request, ReminderForm(initial=request.POST.dict()))
    form = ReminderForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    said = form.cleaned_data
    reminder = writing.create(request.user, form.wanted, said["tags"], said["page"])
    _say_when(request, reminder)
    return redirect("reminders:list" if reminder.due else "reminders:undated")


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """The words and times of a reminder; 409, with what was typed, where it was changed elsewhere
    meanwhile."""
    reminder = get_object_or_404(request.user.reminders.open(), pk=reminder_id)
    if request.method == "GET":
        try:
            return _form_page(request, ReminderForm(initial=_as_saved(reminder)), reminder)
        except SealError:
            # An empty form would look like an empty reminder.
            return redirect(reminder)
    form = ReminderForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, reminder, status=422)
    said = form.cleaned_data
    try:
        saved = writing.save(reminder, said["version"] or 0, form.wanted, said["tags"])
    except writing.Outdated as outdated:
        return _outdated(request, outdated.reminder)
    except Reminder.DoesNotExist:
        raise Http404 from None
    except SealError:
        form.add_error(None, _("What was saved before can't be opened, so it isn't overwritten."))
        return _form_page(request, form, reminder, status=422)
    _say_when(request, saved)
    return redirect(saved)


def _as_saved(reminder: Reminder) -> dict[str, object]:
    columns = ("title", "details", "priority", "day", "at", "zone", "version")
    names = [tag.name for tag in reminder.tags.all()]
    return {name: getattr(reminder, name) for name in columns} | {"tags": " ".join(sorted(names))}


def _outdated(request: SignedInRequest, reminder: Reminder) -> HttpResponse:
    """What was typed, with what was saved meanwhile beside it: who sends it again has seen both."""
    data = request.POST.copy()
    data["version"] = str(reminder.version)
    form = ReminderForm(data)
    form.full_clean()
    saved = _as_saved(reminder)
    mine = {**form.cleaned_data, "tags": " ".join(sorted(form.cleaned_data["tags"]))}
    named = saved | {
        "priority": reminder.get_priority_display(),
        "day": reminder.day and date_format(reminder.day, "j F Y"),
        "at": reminder.at and time_format(reminder.at, "G:i"),
    }
    others = [
        (str(form[name].label), named[name])
        for name in ("title", "day", "at", "zone", "tags", "priority", "details")
        if saved[name] != mine[name]
    ]
    return _form_page(request, form, reminder, status=409, others=others)


def _form_page(
    request: SignedInRequest,
    form: ReminderForm,
    reminder: Reminder | None = None,
    status: int = 200,
    others: list[tuple[str, object]] | None = None,
) -> HttpResponse:
    shown = {"form": form, "reminder": reminder, "others": others}
    return render(request, "reminders/reminder_form.html", shown, status=status)


def _say_when(request: SignedInRequest, reminder: Reminder) -> None:
    """What was understood; the message is kept in a cookie, so it says nothing of what it is."""
    if reminder.next_fire_at:
        told = words.moment(reminder.next_fire_at, timezone.localdate())
        messages.success(request, _("You will be reminded %(time)s.") % {"time": told})
    elif reminder.due:
        messages.success(request, _("It is in your list; its time is over already."))
    else:
        messages.success(request, _("It is in your list, without a date."))
