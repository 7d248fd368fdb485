"""What a person decides about a card."""

import uuid
from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from ahfai.proposals import Stale
from chats import cards
from chats.forms import DecisionForm
from chats.models import Card
from chats.views import chat_page


@require_POST
def confirm(request: SignedInRequest, card_id: uuid.UUID) -> HttpResponse:
    """Do what the card says, once: a second press finds it done."""
    form = DecisionForm(request.POST)
    version = form.cleaned_data["version"] or 0 if form.is_valid() else 0
    return _decide(request, card_id, lambda card: cards.confirm(card, version))


@require_POST
def dismiss(request: SignedInRequest, card_id: uuid.UUID) -> HttpResponse:
    return _decide(request, card_id, cards.dismiss)


@require_POST
def undo(request: SignedInRequest, card_id: uuid.UUID) -> HttpResponse:
    return _decide(request, card_id, cards.undo)


def _decide(
    request: SignedInRequest, card_id: uuid.UUID, verb: Callable[[Card], None]
) -> HttpResponse:
    there = cards.to_decide(request.user).select_related("owner", "reply__chat")
    card = get_object_or_404(there, pk=card_id)
    sentence = ""
    try:
        verb(card)
    except Stale as stale:
        sentence = stale.sentence
    except SealError:
        sentence = _("This can't be opened, so nothing was done.")
    card.refresh_from_db()
    said = {card.pk: sentence}
    if request.htmx:
        [view] = cards.views([card], said)
        return render(request, "chats/_card.html", {"view": view, "is_fresh": True})
    if sentence:
        chat = card.reply.chat
        return chat_page(request, chat, status=409, at=str(card.reply_id), card_said=said)
    address = f"{card.reply.chat.get_absolute_url()}?at={card.reply_id}#card-{card.pk}"
    return redirect(address)
