"""Reminders in the browser. Each lookup starts at the signed-in person."""

import datetime
import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import tags
from accounts.requests import SignedInRequest
from ahfai import proposals
from ahfai.crypto import SealError
from ahfai.replica import may_be_behind
from ahfai.templatetags.house import opened
from ahfai.textindex.queries import MAX_QUERY
from reminders import (
    filled,
    order,
    own_lists,
    recurrence,
    schedule,
    snoozing,
    steps,
    words,
    writing,
)
from reminders.about import About
from reminders.forms import QuickForm, ReminderForm
from reminders.list_views import tags_of
from reminders.models import MAX_RULE, Channel, Reminder, RepeatFrom
from reminders.quick import Around
from reminders.quick_views import around, form_of

SHOWN_TIMES = 5


@require_GET
@may_be_behind
def detail(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    reminder = get_object_or_404(request.user.reminders, pk=reminder_id)
    if reminder.trashed:
        gone = {"reminder": reminder}
        return render(request, "reminders/reminder_trashed.html", gone, status=404)
    return detail_page(request, reminder)


def detail_page(
    request: SignedInRequest, reminder: Reminder, quick: QuickForm | None = None
) -> HttpResponse:
    """A reminder, with the line of a new step that somebody writes."""
    now = timezone.now()
    today = timezone.localdate(now)
    since = reminder.snoozed_until or reminder.due
    put_off = reminder.snoozed_until
    is_late = not reminder.done and reminder.is_late(now, today)
    shown = {
        "reminder": reminder,
        "sought": request.GET.get("q", "")[:MAX_QUERY],
        "when": words.when(reminder, today),
        "repeat": words.repeat(reminder.rrule, reminder.repeat_from) if reminder.rrule else "",
        "times": [words.moment(one, today) for one in _later_times(reminder)],
        "late": words.lateness(since, now) if since and is_late else "",
        "put_off": put_off and words.moment(put_off, today),
        "choices": snoozing.choices(now, request.user.zone),
        "about": About.of(reminder),
        "steps": steps.of_one(reminder, today),
        "quick": quick or _line_of_a_step(request, reminder),
        "just": request.session.get("reminders_just") if "just" in request.GET else None,
        "undo": _last_completion(reminder) if reminder.done else None,
        "own_channels": _own_channels(reminder) if reminder.has_own_channels else [],
        "tags": tags_of([reminder], tags.all_of(request.user)).get(reminder.pk, []),
        "in_list": own_lists.within(own_lists.all_of(request.user), reminder.list_id),
    }
    status = 422 if quick and quick.errors else 200
    return render(request, "reminders/reminder_detail.html", shown, status=status)


def _line_of_a_step(request: SignedInRequest, reminder: Reminder) -> QuickForm | None:
    """None where it can't have any."""
    if reminder.done or reminder.parent_id:
        return None
    first = {"page": uuid.uuid4()}
    return QuickForm(initial=first, user=request.user, around=Around(parent=reminder))


def _own_channels(reminder: Reminder) -> list[Channel]:
    chosen = reminder.chosen.select_related("channel").order_by("channel__created")
    return [one.channel for one in chosen.defer("channel__target")]


def _later_times(reminder: Reminder) -> list[datetime.datetime]:
    """When a series goes on, once this time is done."""
    if reminder.done or reminder.repeat_from != RepeatFrom.DUE:
        return []
    return schedule.times(reminder, SHOWN_TIMES)[1:]


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
        first: dict[str, object] = {"page": uuid.uuid4(), "day": timezone.localdate()}
        place = around(request)
        if place.in_list:
            first["list_id"] = place.in_list.id
        if place.about:
            first["about"] = place.about
        return _form_page(request, _form(request, initial=first))
    if "more" in request.POST:
        return _whole_form(request)
    form = _form(request, request.POST, kept_rule=_sent_rule(request))
    if "preview" in request.POST:
        return _preview(request, form)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    said = form.cleaned_data
    reminder = writing.create(request.user, form.wanted, said["tags"], said["page"], form.told_by)
    _say_when(request, reminder)
    return redirect("reminders:list" if reminder.due else "reminders:undated")


def _whole_form(request: SignedInRequest) -> HttpResponse:
    """The line in the list leads here, with what was understood of it."""
    line = form_of(request)
    line.is_valid()
    reminder = Reminder(owner=request.user, **line.initial_words)
    first = filled.as_fields(reminder, line.tag_names) | {
        "page": line["page"].value(),
        "about": line.around.about or "",
    }
    return _form_page(request, _form_for(request, reminder, initial=first))


def _sent_rule(request: SignedInRequest) -> str:
    """The rule of a line that the form has no fields for; empty for one that can't be read."""
    rrule = request.POST.get("rrule", "")[:MAX_RULE]
    try:
        recurrence.Rule.parse(rrule).last(request.user.zone)
        words.repeat(rrule, "")
    except (ValueError, OverflowError):
        return ""
    return rrule


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """The words and times of a reminder; 409, with what was typed, where it was changed elsewhere
    meanwhile."""
    reminder = get_object_or_404(request.user.reminders.open(), pk=reminder_id)
    if request.method == "GET":
        try:
            first = filled.as_saved(reminder)
            form = _form_for(request, reminder, initial=first)
            return _form_page(request, form, reminder)
        except SealError:
            # An empty form would look like an empty reminder.
            return redirect(reminder)
    form = _form_for(request, reminder, request.POST)
    if "preview" in request.POST:
        return _preview(request, form, reminder)
    if not form.is_valid():
        return _form_page(request, form, reminder, status=422)
    said = form.cleaned_data
    try:
        version, names = said["version"] or 0, said["tags"]
        # Whoever proposed it is told in the same breath, so that it isn't done once more.
        with transaction.atomic():
            saved = writing.save(reminder, version, form.wanted, names, form.told_by)
            proposals.saved(request.user, said["page"], saved.pk)
    except writing.Outdated as outdated:
        return _outdated(request, outdated.reminder)
    except Reminder.DoesNotExist:
        raise Http404 from None
    except SealError:
        form.add_error(None, _("What was saved before can't be opened, so it isn't overwritten."))
        return _form_page(request, form, reminder, status=422)
    _say_when(request, saved)
    return redirect(saved)


def _preview(
    request: SignedInRequest, form: ReminderForm, reminder: Reminder | None = None
) -> HttpResponse:
    """The next times, which a page with scripts asks for as it is filled in; nothing is saved."""
    is_valid = form.is_valid()
    if request.htmx:
        times = _next_times(request, form) if form.has_sound_times else []
        shown = {"times": times, "form": form}
        return render(request, "reminders/_next_times.html", shown)
    if not is_valid:
        return _form_page(request, form, reminder, status=422)
    return _form_page(request, form, reminder, times=_next_times(request, form))


def _next_times(request: SignedInRequest, form: ReminderForm) -> list[str]:
    wanted = {name: value for name, value in form.wanted.items() if name in writing.TIMES}
    reminder = Reminder(owner=request.user, **wanted)
    now = timezone.now()
    schedule.settle(reminder, now)
    times = schedule.times(reminder, SHOWN_TIMES)
    return words.preview(reminder, times, now)


def _outdated(request: SignedInRequest, reminder: Reminder) -> HttpResponse:
    """What was typed, with what was saved meanwhile beside it: who sends it again has seen both."""
    data = request.POST.copy()
    data["version"] = str(reminder.version)
    form = _form_for(request, reminder, data)
    form.full_clean()
    saved = filled.as_saved(reminder)
    mine = {**form.cleaned_data, "tags": " ".join(sorted(form.cleaned_data["tags"]))}
    in_list = own_lists.within(own_lists.all_of(request.user), reminder.list_id)
    # However a repeat is changed, its words say so.
    saved["unit"] = reminder.rrule and words.repeat(reminder.rrule, reminder.repeat_from)
    rrule = mine.get("rrule", "")
    mine["unit"] = rrule and words.repeat(rrule, mine.get("repeat_from", ""))
    named = saved | {
        "priority": reminder.get_priority_display(),
        "day": reminder.day and date_format(reminder.day, "j F Y"),
        "at": reminder.at and time_format(reminder.at, "G:i"),
        "list_id": in_list and in_list.name,
    }
    others = [
        (str(form[name].label), named[name])
        for name in ("title", "day", "at", "zone", "list_id", "tags", "priority", "details", "unit")
        if name in form.fields and saved[name] != mine[name]
    ]
    return _form_page(request, form, reminder, status=409, others=others)


def _form_for(
    request: SignedInRequest, reminder: Reminder, *data: Any, **options: Any
) -> ReminderForm:
    options |= {"kept_rule": filled.kept_rule(reminder), "earlier": reminder}
    return _form(request, *data, is_step=bool(reminder.parent_id), **options)


def _form(
    request: SignedInRequest, *data: Any, is_step: bool = False, **options: Any
) -> ReminderForm:
    found = request.user.channels.order_by("created", "id").defer("target")
    channels = [(one.pk, opened(one, "name")) for one in found]
    # A step is in the list of its parent.
    lists = () if is_step else own_lists.all_of(request.user)
    return ReminderForm(*data, lists=lists, channels=channels, **options)


def _form_page(
    request: SignedInRequest,
    form: ReminderForm,
    reminder: Reminder | None = None,
    status: int = 200,
    others: list[tuple[str, object]] | None = None,
    times: list[str] | None = None,
) -> HttpResponse:
    shown = {"form": form, "reminder": reminder, "others": others, "times": times}
    return render(request, "reminders/reminder_form.html", shown, status=status)


def _say_when(request: SignedInRequest, reminder: Reminder) -> None:
    """The message is kept in a cookie, so it says nothing of what it is."""
    messages.success(request, words.coming(reminder, timezone.localdate()))
