"""What is done with reminders, one or several, by a press of a button."""

import datetime
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit, tags
from accounts.forms import TagSeveralForm
from accounts.requests import SignedInRequest
from ahfai import trash as trash_can
from reminders import completing, order, own_lists, snoozing, words
from reminders.completing import Kind
from reminders.forms import DETAIL, IntoListForm, PickedForm, SnoozeForm, UndoForm
from reminders.list_views import list_page


@require_POST
def complete(request: SignedInRequest) -> HttpResponse:
    return _complete(request, Kind.DONE)


@require_POST
def skip(request: SignedInRequest) -> HttpResponse:
    return _complete(request, Kind.SKIPPED)


@require_POST
def end_series(request: SignedInRequest) -> HttpResponse:
    return _complete(request, Kind.ENDED)


def _complete(request: SignedInRequest, kind: Kind) -> HttpResponse:
    form = PickedForm(request.POST)
    if not form.is_valid():
        return redirect("reminders:list")
    if not form.cleaned_data["seen"]:
        return none_picked(request, form)
    outcome = completing.complete(request.user, form.cleaned_data["seen"], kind)
    _say_left_alone(request, outcome.changed)
    # What was just done can be taken back: its ids are in the session, not in the address.
    just = {"act": kind.value, "ids": [str(one.pk) for one in outcome.completions]}
    return back(request, form, just if outcome.completions else None)


@require_POST
def undo(request: SignedInRequest) -> HttpResponse:
    form = UndoForm(request.POST)
    if not form.is_valid():
        return redirect("reminders:list")
    undone, changed = completing.undo(request.user, form.cleaned_data["completions"])
    if undone:
        _say_as_before(request, undone)
    _say_left_alone(request, changed)
    return back(request, form)


@require_POST
def snooze(request: SignedInRequest) -> HttpResponse:
    form = PickedForm(request.POST)
    moment = snoozing.until(request.GET.get("to", ""), timezone.now(), request.user.zone)
    if not form.is_valid() or moment is None:
        return redirect("reminders:list")
    if not form.cleaned_data["seen"]:
        return none_picked(request, form)
    before = snoozing.snooze(request.user, form.cleaned_data["seen"], moment)
    return back(request, form, _just_put_off(before, moment))


@require_POST
def stop_snooze(request: SignedInRequest) -> HttpResponse:
    """The time of what was put off counts again."""
    form = PickedForm(request.POST)
    if not form.is_valid():
        return redirect("reminders:list")
    if not form.cleaned_data["seen"]:
        return none_picked(request, form)
    return back(
        request, form, _just_put_off(snoozing.stop(request.user, form.cleaned_data["seen"]))
    )


@require_POST
def undo_snooze(request: SignedInRequest) -> HttpResponse:
    """How it was before is in the session, of the last time that something was put off."""
    form = PickedForm(request.POST)
    if not form.is_valid():
        return redirect("reminders:list")
    seen = form.cleaned_data["seen"]
    just = request.session.get("reminders_just") or {}
    kept = [snoozing.Before.parse(one) for one in just.get("before", ())]
    before = [one for one in kept if seen.get(one.reminder_id) == one.version]
    if undone := snoozing.take_back(request.user, before):
        _say_as_before(request, undone)
    _say_left_alone(request, len(seen) - undone)
    return back(request, form)


def _just_put_off(
    before: list[snoozing.Before], moment: datetime.datetime | None = None
) -> dict[str, object] | None:
    """For the bar that says so and takes it back."""
    if not before:
        return None
    return {
        "act": "snoozed" if moment else "counts",
        "ids": [f"{one.reminder_id}:{one.version}" for one in before],
        "until": words.moment(moment, timezone.localdate()) if moment else "",
        "before": [one.as_json() for one in before],
    }


@require_http_methods(["GET", "POST"])
def snooze_one(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """To a day and a time that the person picks."""
    there = request.user.reminders.dated().listed()
    reminder = get_object_or_404(there, pk=reminder_id)
    form = SnoozeForm(request.POST if request.method == "POST" else None, zone=request.user.zone)
    if request.method == "POST" and form.is_valid():
        moment = form.cleaned_data["moment"]
        before = snoozing.snooze(request.user, [reminder.pk], moment)
        request.session["reminders_just"] = _just_put_off(before, moment)
        return redirect(f"{reminder.get_absolute_url()}?just=1")
    choices = snoozing.choices(timezone.now(), request.user.zone)
    shown = {"reminder": reminder, "form": form, "choices": choices}
    status = 422 if form.is_bound else 200
    return render(request, "reminders/reminder_snooze.html", shown, status=status)


@require_POST
def trash(request: SignedInRequest) -> HttpResponse:
    return _move(request, "trash", order.trash)


@require_POST
def restore(request: SignedInRequest) -> HttpResponse:
    return _move(request, "restore", order.restore)


def _move(request: SignedInRequest, act: str, move: Callable) -> HttpResponse:
    form = PickedForm(request.POST)
    if not form.is_valid():
        return redirect("reminders:list")
    if not form.cleaned_data["seen"]:
        return none_picked(request, form)
    moved = move(request.user, form.cleaned_data["seen"])
    just = {"act": act, "ids": [str(reminder_id) for reminder_id in moved]}
    return back(request, form, just if moved else None)


@require_POST
def tag_several(request: SignedInRequest) -> HttpResponse:
    """Put tags on the reminders that were picked in a list, or take the list's own tag off them."""
    place = PickedForm(request.POST)
    if not place.is_valid():
        return redirect("reminders:list")
    form = TagSeveralForm(request.POST)
    picked, back_to = place.cleaned_data["seen"], place.cleaned_data["back_to"]
    if back_to == DETAIL:
        return redirect("reminders:list")
    if not form.is_valid() or not picked:
        return list_page(request, back_to, refused=form, none_picked=form.is_valid())
    asked = form.cleaned_data
    if asked["take_off"]:
        count = order.take_tag_off(request.user, picked, asked["take_off"])
        said = ngettext(
            "The tag is off the reminder.", "The tag is off %(count)d reminders.", count
        )
    else:
        count = order.add_tags(request.user, picked, asked["tags"])
        said = ngettext("The reminder is tagged.", "%(count)d reminders are tagged.", count)
    if count:
        messages.success(request, said % {"count": count})
    is_left = not asked["take_off"] or tags.family(request.user, asked["take_off"])
    return back(request, place, keep_tag=bool(is_left))


@require_POST
def into_list(request: SignedInRequest) -> HttpResponse:
    """Put the reminders that were picked in a list of the person's, or in none."""
    place = PickedForm(request.POST)
    lists = own_lists.all_of(request.user)
    form = IntoListForm(request.POST, lists=lists)
    if not place.is_valid() or not form.is_valid():
        return redirect("reminders:list")
    picked = place.cleaned_data["seen"]
    if not picked:
        return none_picked(request, place)
    if count := own_lists.put_into(request.user, picked, form.cleaned_data["into"]):
        said = ngettext("The reminder is moved.", "%(count)d reminders are moved.", count)
        messages.success(request, said % {"count": count})
    return back(request, place)


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """For good; what is put into the trash can come back."""
    reminder = get_object_or_404(request.user.reminders.listed(), pk=reminder_id)
    if request.method == "GET":
        has_steps = reminder.steps.filter(trashed=reminder.trashed).exists()
        shown = {"reminder": reminder, "has_steps": has_steps}
        return render(request, "reminders/reminder_delete.html", shown)
    order.delete(reminder)
    return redirect("reminders:trash" if reminder.trashed else "reminders:list")


def none_picked(request: SignedInRequest, form: PickedForm) -> HttpResponse:
    place = form.cleaned_data["back_to"]
    return list_page(request, "list" if place == DETAIL else place, none_picked=True)


@require_http_methods(["GET", "POST"])
def delete_several(request: SignedInRequest) -> HttpResponse:
    """For good, what was picked in the trash or all that is in it; asked for before."""
    is_picked = request.method == "POST" and "until" not in request.POST
    form = PickedForm(request.POST)
    if is_picked and not form.is_valid():
        return redirect("reminders:trash")
    if is_picked and not form.cleaned_data["seen"]:
        return list_page(request, "trash", none_picked=True)
    picked = form.cleaned_data["seen"] if is_picked else None
    there = request.user.reminders.in_trash()
    return trash_can.delete(
        request,
        there,
        order.delete,
        "reminders:trash",
        _gone_for_good,
        picked,
        "reminder",
        tell=lambda count: audit.record(
            request.user, audit.Event.DELETED, request, kind="reminders", count=count
        ),
    )


def _gone_for_good(count: int) -> str:
    return ngettext(
        "The reminder will be gone for good.",
        "%(count)d reminders will be gone for good.",
        count,
    ) % {"count": count}


def _say_as_before(request: SignedInRequest, count: int) -> None:
    said = ngettext("It is as it was before.", "They are as they were before.", count)
    messages.success(request, said)


def _say_left_alone(request: SignedInRequest, count: int) -> None:
    if count:
        said = ngettext(
            "A reminder was changed elsewhere meanwhile, so it was left alone. Look again.",
            "%(count)d reminders were changed elsewhere meanwhile, so they were left alone. "
            "Look again.",
            count,
        )
        messages.warning(request, said % {"count": count})


def back(
    request: SignedInRequest,
    form: PickedForm | UndoForm,
    just: Mapping[str, object] | None = None,
    keep_tag: bool = True,
) -> HttpResponse:
    """To the page that the form was sent from, with what was just done; a notice in an open page
    goes by itself."""
    if request.htmx:
        return HttpResponse(headers={"HX-Trigger": "look"})
    request.session["reminders_just"] = just
    place = form.cleaned_data["back_to"]
    if place == DETAIL:
        address = reverse("reminders:detail", args=[form.cleaned_data["of"]])
    else:
        address = reverse(f"reminders:{place}")
    names = ("list", "tag", "before", "after") if keep_tag else ("list",)
    kept = {name: request.GET[name] for name in names if name in request.GET}
    query = urlencode(kept | ({"just": 1} if just else {}))
    return redirect(address + (query and f"?{query}"))
