"""How a person is told outside AhFai, in the browser."""

import datetime
import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import SignedInRequest
from ahfai import limits
from ahfai.crypto import SealError
from reminders import channels, outside, telling, wording
from reminders.channel_forms import TellingForm, WholeChannelForm
from reminders.channels import WAYS, Unsent
from reminders.models import Channel

MOST = 20
TESTS_PER_HOUR = 30
_HOUR = datetime.timedelta(hours=1)


@require_GET
def told(request: SignedInRequest) -> HttpResponse:
    return _told_page(request, TellingForm(initial=_chosen(request)))


@require_POST
def save_times(request: SignedInRequest) -> HttpResponse:
    form = TellingForm(request.POST)
    if not form.is_valid():
        return _told_page(request, form, status=422)
    telling.save(request.user, **form.cleaned_data)
    messages.success(request, _("Your settings are saved."))
    return redirect("reminders:told")


def _chosen(request: SignedInRequest) -> dict[str, Any]:
    chosen = telling.of(request.user)
    return {name: getattr(chosen, name) for name in TellingForm.base_fields}


def _told_page(request: SignedInRequest, form: TellingForm, status: int = 200) -> HttpResponse:
    found = list(request.user.channels.order_by("created", "id"))
    shown = {
        "channels": [(channel, _place(channel)) for channel in found],
        "kinds": _kinds_to_add(found),
        "has_mail": settings.HAS_MAIL,
        "form": form,
    }
    return render(request, "reminders/told.html", shown, status=status)


def _place(channel: Channel) -> str:
    try:
        return channels.target_of(channel).place
    except Unsent as unsent:
        return unsent.sentence


def _kinds_to_add(found: list[Channel]) -> list[Channel.Kind]:
    """One can have one address of one's own for mails, and any number of the others."""
    if len(found) >= MOST:
        return []
    has_mail = not settings.HAS_MAIL or any(one.kind == Channel.Kind.EMAIL for one in found)
    kinds = [Channel.Kind(kind) for kind, way in WAYS.items() if way.form]
    return [kind for kind in kinds if not (kind == Channel.Kind.EMAIL and has_mail)]


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    found = list(request.user.channels.only("kind"))
    kind = request.GET.get("kind", "")
    if kind not in _kinds_to_add(found):
        return redirect("reminders:told")
    form = WholeChannelForm(kind, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                channel = request.user.channels.create(kind=kind, **form.columns)
        except IntegrityError:
            # The other one of two presses made the one for e-mail.
            return redirect("reminders:told")
        messages.success(request, _("It is saved. Try whether it gets there."))
        return redirect("reminders:channel", channel.pk)
    return _channel_page(request, form, Channel(owner=request.user, kind=kind), is_new=True)


@require_http_methods(["GET", "POST"])
def channel(request: SignedInRequest, channel_id: uuid.UUID) -> HttpResponse:
    """Where it leads and what it says. Saving it switches it on again, except for a browser, which
    has to be asked itself."""
    row = get_object_or_404(request.user.channels, pk=channel_id)
    form = _form_of(row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        columns = form.columns
        if form.own:
            columns |= {"off_since": None, "off_because": None}
        for name, value in columns.items():
            setattr(row, name, value)
        row.save(update_fields=columns)
        messages.success(request, _("It is saved."))
        return redirect("reminders:told")
    return _channel_page(request, form, row)


def _form_of(row: Channel, data: Any = None) -> WholeChannelForm:
    try:
        return WholeChannelForm(row.kind, data, row)
    except (SealError, ValueError):
        # An empty form would look like an empty channel; it can be deleted.
        raise Http404 from None


@require_POST
def test(request: SignedInRequest, channel_id: uuid.UUID) -> HttpResponse:
    """Send something now, and show what the other side answered."""
    row = get_object_or_404(request.user.channels, pk=channel_id)
    outcome: dict[str, object] = {"was_taken": False}
    if limits.count("channel-test", str(request.user.pk), _HOUR) > TESTS_PER_HOUR:
        outcome["answer"] = _("That was often. Try again in an hour.")
    else:
        try:
            answer = channels.send(channels.target_of(row), wording.test(timezone.now()))
            outcome = {"was_taken": True, "answer": answer.sentence}
        except Unsent as unsent:
            outcome["answer"] = unsent.sentence
    return _channel_page(request, _form_of(row), row, **outcome)


@require_POST
def secret(request: SignedInRequest, channel_id: uuid.UUID) -> HttpResponse:
    """Make a new secret, and show it this once."""
    row = get_object_or_404(request.user.channels, pk=channel_id)
    make = WAYS[row.kind].new_secret
    if make is None:
        raise Http404
    made = make()
    row.target = json.dumps({**_form_of(row).kept, "secret": made})
    row.save(update_fields=["target"])
    return _channel_page(request, _form_of(row), row, secret=made)


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, channel_id: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(request.user.channels, pk=channel_id)
    if request.method == "GET":
        return render(request, "reminders/channel_delete.html", {"channel": row})
    outside.delete(row)
    return redirect("reminders:told")


def _channel_page(
    request: SignedInRequest, form: WholeChannelForm, row: Channel, **shown: object
) -> HttpResponse:
    shown |= {"form": form, "channel": row, "has_secret": bool(form.way.new_secret)}
    status = 422 if form.common.is_bound else 200
    return render(request, "reminders/channel_form.html", shown, status=status)
