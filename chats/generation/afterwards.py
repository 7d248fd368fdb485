"""What follows a complete answer: a card for what the person asked for, and a title of the chat."""

import logging

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connections, transaction
from django.utils import timezone

from ahfai.crypto import SealError
from ahfai.tools import Proposal
from chats import calibration, cards, context, titles
from chats.engines import Prompt
from chats.generation import line, question, registry
from chats.generation.question import Asked
from chats.models import Message
from chats.rounds import Patiently

log = logging.getLogger(__name__)


def offer_card(reply: Message, asked: Asked, goes_on: bool, patiently: Patiently) -> None:
    """Of what the person's own words ask for, if they do. The model may have been told of it."""
    request = asked.request
    if request is None:
        return
    try:
        patiently(lambda: _offer(reply, asked, goes_on, request.proposal))
    except Exception as error:  # noqa: BLE001 (the answer itself is complete)
        log.error("a card could not be offered: %s", type(error).__name__)
    finally:
        connections.close_all()


def _offer(reply: Message, asked: Asked, goes_on: bool, proposal: Proposal) -> None:
    # An answer that is continued may have it already.
    if reply.cards.exists():
        return
    with transaction.atomic(), timezone.override(reply.owner.zone):
        card = cards.propose(reply, proposal)
        if question.may_create(reply, asked, goes_on):
            cards.create_at_once(card)


def name_chat(reply: Message, prompt: Prompt) -> None:
    """The first answer is there: have the model find a title, if nobody asks it anything.

    `prompt` is what the answer was asked with."""
    if not settings.TITLES or registry.draining():
        return
    try:
        reply = Message.objects.select_related("chat", "parent").get(pk=reply.pk)
        if titles.wanted(reply):
            window = context.Window(prompt.num_ctx, calibration.ratio(reply.model))
            with registry.naming(reply.model) as call:
                titles.make(reply, prompt, window, call)
    except (DatabaseError, SealError, ImproperlyConfigured, Message.DoesNotExist) as error:
        log.info("a chat got no title: %s", type(error).__name__)
    finally:
        line.look_again()
        connections.close_all()
