"""Webhooks for programs, by the rows, forms and verbs of the pages."""

import datetime
import uuid
from typing import Annotated

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from accounts import audit
from accounts.models import Scope, Webhook
from accounts.programs import webhooks
from accounts.programs.api_access import Allowed, by_chosen_scopes
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Body, one_of
from ahfai.problems import Refused
from ahfai.templatetags.house import opened
from ahfai.webhook_views import EVENTS, WebhookForm, place_of

router = Router()
_writing = Allowed(Scope.WEBHOOKS_WRITE)


class WebhookInList(Schema):
    id: uuid.UUID
    address: str
    events: list[str]
    made: datetime.datetime
    # Since when nothing is sent there; null while it is on.
    off_since: datetime.datetime | None


class Webhooks(Schema):
    webhooks: list[WebhookInList]


class NewWebhook(Body):
    address: str
    events: list[Annotated[str, one_of(EVENTS)]]


class MadeWebhook(WebhookInList):
    # Shown this once.
    secret: str


@router.get("", auth=_writing, response=Webhooks, url_name="webhooks")
def index(request: SignedInRequest) -> Webhooks:
    rows = request.user.webhooks.order_by("made", "id")
    return Webhooks(webhooks=[WebhookInList(**_said(row)) for row in rows])


@router.post("", auth=_writing, response={201: MadeWebhook}, url_name="webhooks")
def create(request: SignedInRequest, said: NewWebhook) -> MadeWebhook:
    """Who signed in, in a browser or for a front end, has to have said just now who they are, as on
    the page."""
    if not by_chosen_scopes(request) and is_reauthentication_required(request, app="accounts"):
        raise Refused(403, _("Say once more who you are: open Settings, Webhooks."))
    form = WebhookForm({"address": said.address, "events": said.events})
    if not form.is_valid():
        raise problems.of_form(form)
    try:
        with transaction.atomic():
            row, secret = webhooks.make(request.user, **form.cleaned_data)
            audit.record(request.user, audit.Event.WEBHOOK_MADE, request, name=place_of(row))
    except webhooks.TooMany:
        sentence = _("You have %(most)d webhooks already. Delete one that nothing uses any more.")
        raise Refused(409, sentence % {"most": webhooks.MAX_WEBHOOKS}) from None
    return MadeWebhook(**_said(row), secret=secret)


@router.delete("{uuid:webhook_id}", auth=_writing, response={204: None}, url_name="webhook")
def delete(request: SignedInRequest, webhook_id: uuid.UUID) -> Status:
    row = get_object_or_404(request.user.webhooks, pk=webhook_id)
    with transaction.atomic():
        audit.record(request.user, audit.Event.WEBHOOK_DELETED, request, name=place_of(row))
        row.delete()
    return Status(204, None)


def _said(row: Webhook) -> dict:
    return {
        "id": row.pk,
        "address": opened(row, "address"),
        "events": row.wants,
        "made": row.made,
        "off_since": row.off_since,
    }
