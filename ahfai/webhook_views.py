"""A person's webhooks: the list, a new one, what was sent by one, and the end of it."""

import datetime
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.forms.boundfield import BoundWidget
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.models import Webhook
from accounts.programs import webhooks
from accounts.requests import SignedInRequest
from accounts.sign_in.reauthentication import after_asking_again
from ahfai import limits
from ahfai.crypto import SealError
from chats import hooks as chats
from notes import hooks as notes
from reminders import hooks as reminders
from reminders.channels.http import AddressField, host

KINDS: dict[Promise, dict[str, Any]] = {
    gettext_lazy("Chats"): chats.EVENTS,
    gettext_lazy("Notes"): notes.EVENTS,
    gettext_lazy("Reminders"): reminders.EVENTS,
}
EVENTS = {name: words for events in KINDS.values() for name, words in events.items()}
SHOWN = 30
TESTS_PER_HOUR = 30
_HOUR = datetime.timedelta(hours=1)


class WebhookForm(forms.Form):
    address = AddressField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "Where your program waits for it, such as https://example.org/hook."
        ),
        error_messages={"required": gettext_lazy("Say where your program waits for it.")},
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told of"),
        choices=EVENTS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one, or it is never told.")},
    )

    def events_by_kind(self) -> list[tuple[Promise, list[BoundWidget]]]:
        """The boxes to tick, under what they are about."""
        boxes = self["events"].subwidgets
        return [
            (kind, [box for box in boxes if box.data["value"] in events])
            for kind, events in KINDS.items()
        ]


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    rows = request.user.webhooks.order_by("made", "id")
    shown = {"webhooks": [(row, place_of(row)) for row in rows], "most": webhooks.MAX_WEBHOOKS}
    return render(request, "webhook_list.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def new(request: SignedInRequest) -> HttpResponse:
    """Make one, and show its secret this once."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                row, secret = webhooks.make(request.user, **form.cleaned_data)
                audit.record(request.user, audit.Event.WEBHOOK_MADE, request, name=place_of(row))
            return _page(request, row, secret)
        except webhooks.TooMany:
            said = _("You have %(most)d webhooks already. Delete one that nothing uses any more.")
            form.add_error(None, said % {"most": webhooks.MAX_WEBHOOKS})
    status = 422 if form.errors else 200
    return render(request, "webhook_form.html", {"form": form}, status=status)


@require_GET
def detail(request: SignedInRequest, webhook_id: uuid.UUID) -> HttpResponse:
    return _page(request, get_object_or_404(request.user.webhooks, pk=webhook_id))


@require_POST
def test(request: SignedInRequest, webhook_id: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(request.user.webhooks.on(), pk=webhook_id)
    if limits.count("webhook-test", str(request.user.pk), _HOUR) > TESTS_PER_HOUR:
        messages.error(request, _("That was often. Try again in an hour."))
    else:
        with transaction.atomic():
            webhooks.test(row)
        messages.success(request, _("A test is on its way. Soon you see here what came of it."))
    return redirect("webhook", row.pk)


@require_POST
def switch(request: SignedInRequest, webhook_id: uuid.UUID) -> HttpResponse:
    """Off, or on again."""
    row = get_object_or_404(request.user.webhooks, pk=webhook_id)
    if request.POST.get("to") == "on":
        webhooks.switch_on(row)
        messages.success(request, _("It is on again, for what happens from now on."))
    else:
        webhooks.switch_off(row)
        messages.success(request, _("It is off: nothing more is sent there."))
    return redirect("webhook", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, webhook_id: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(request.user.webhooks, pk=webhook_id)
    if request.method != "POST":
        shown = {"webhook": row, "place": place_of(row)}
        return render(request, "webhook_delete.html", shown)
    with transaction.atomic():
        audit.record(request.user, audit.Event.WEBHOOK_DELETED, request, name=place_of(row))
        row.delete()
    messages.success(request, _("The webhook is deleted. Nothing more is sent there."))
    return redirect("webhooks")


def _page(request: SignedInRequest, row: Webhook, secret: str = "") -> HttpResponse:
    sent = [
        (event, EVENTS.get(event.kind, _("A test")))
        for event in row.sent.order_by("-made", "-id")[:SHOWN]
    ]
    shown = {
        "webhook": row,
        "place": place_of(row),
        "wants": [EVENTS.get(kind, kind) for kind in row.wants],
        "sent": sent,
        "secret": secret,
    }
    return render(request, "webhook_detail.html", shown)


def place_of(row: Webhook) -> str:
    try:
        return host(row.address)
    except SealError:
        return _("an address that can't be opened")
