"""Titles of chats: at first from what was asked, and by the model when the first answer is there.
That is one more call with the same options, which steps back for whoever has a question."""

import logging
import re
import time
from dataclasses import replace

from django.db import Error as DatabaseError
from django.db import connections, transaction
from django.utils.translation import gettext

from accounts import changes
from accounts.fields import sealed_for
from accounts.programs import webhooks
from chats import hosts, servers
from chats.context import Window
from chats.enclosed import TOKENS_OF_PICTURE
from chats.engines import Call, Cancelled, EngineFailed, Event, Prompt, Text, Turn
from chats.lifecycle import places
from chats.lifecycle.line import is_waited_for
from chats.models import Chat, Message, State

log = logging.getLogger(__name__)

TASK = (
    "Give this conversation a title of two to six words, in its own language. Write the title "
    "alone, without quotation marks and without a full stop."
)
TOKENS = 40
LONGEST = 80
WITHIN_S = 60
LOOK_EVERY_S = 0.3
TRY_AGAIN_S = 1.0


def from_words(text: str) -> str:
    """The first line that holds a word, until somebody finds a better title."""
    lines = (line.strip("#>*- \t") for line in text.splitlines())
    line = next(filter(None, lines), "") or gettext("New chat")
    return line if len(line) <= 60 else line[:59].rsplit(" ", 1)[0] + "…"


def wanted(reply: Message) -> bool:
    """Whether this answer's chat still needs a title, and nobody is writing on there."""
    if reply.state not in (State.DONE, State.CUT):
        return False
    return Chat.objects.filter(
        pk=reply.chat_id, titled=False, trashed=None, draft=None
    ).exists() and not is_waited_for(reply.model)


def make(reply: Message, like: Prompt, window: Window, call: Call) -> bool:
    """Have the chat of `reply` named by its model; `like` is the prompt of the answer, whose
    beginning the server knows already. Returns whether it has a title now.

    `call` is cancelled from outside, or here when somebody asks something.
    """
    server = places.claim_for_title(reply)
    if server is None:
        return False
    try:
        connections.close_all()
        events = servers.engine(server).stream(_prompt(reply, like, window), call)
        title = _cleaned(_said(events, call, reply))
    except Cancelled:
        return False
    except EngineFailed as failure:
        log.info("a chat got no title: %s", failure.code)
        hosts.call_failed(server, reply.model, failure.code)
        return False
    finally:
        _give_back(reply)
    return _store(reply, title)


def _give_back(reply: Message) -> None:
    """However long the database is away: as long as this process lives, nobody else would get the
    place."""
    while True:
        try:
            places.give_back_title(reply)
        except DatabaseError as error:
            log.error("the place of a title was not given back: %s", type(error).__name__)
            connections.close_all()
            time.sleep(TRY_AGAIN_S)
        else:
            return


def _prompt(reply: Message, like: Prompt, window: Window) -> Prompt:
    """The conversation as the server has just read it; its beginning alone where it is long."""
    turns = (*like.turns, Turn("assistant", reply.content), Turn("user", TASK))
    pictures = sum(len(turn.pictures) for turn in turns) * TOKENS_OF_PICTURE
    tokens = sum(window.tokens(turn.content) for turn in turns) + pictures + TOKENS
    if tokens > window.num_ctx * 0.9:
        question = reply.parent.content[:1000] if reply.parent else ""
        turns = (like.turns[0], Turn("user", f"{question}\n\n{TASK}"))
    return replace(like, turns=turns, num_predict=TOKENS, think=None, temperature=0)


def _said(events, call: Call, reply: Message) -> str:
    """The model's words, as long as nobody waits for it meanwhile. Raises Cancelled."""
    words: list[str] = []
    looked = began = time.monotonic()
    event: Event
    for event in events:
        if isinstance(event, Text):
            words.append(event.delta)
        now = time.monotonic()
        if now - began > WITHIN_S:
            call.cancel()
        elif now - looked > LOOK_EVERY_S:
            looked = now
            if is_waited_for(reply.model):
                call.cancel()
            connections.close_all()
        call.check()
    return "".join(words)


def _cleaned(said: str) -> str:
    """The first line that holds a word, without what models put around a title."""
    said = re.sub(r"<think>.*?(</think>|$)", "", said, flags=re.DOTALL)
    for line in said.splitlines():
        line = re.sub(r"^\W*(?:title|titel|titre|título)\s*:", "", line, flags=re.IGNORECASE)
        line = re.sub(r"\*\*|__|`", "", line)
        line = re.sub(r"\s+", " ", line).strip(" \t#*_`\"'“”„«»‘’-–.:")
        if re.search(r"\w", line):
            return line if len(line) <= LONGEST else line[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return ""


def _store(reply: Message, title: str) -> bool:
    """Unless the person has named it meanwhile. A model that finds no words isn't asked again."""
    with transaction.atomic():
        chats = Chat.objects.filter(pk=reply.chat_id, titled=False)
        chat = chats.select_for_update().only("pk", "owner_id").first()
        if chat is None:
            return False
        fields: dict[str, object] = {"titled": True}
        if title:
            fields["title"] = sealed_for(chat, "title", title)
            fields["change_number"] = changes.next_number(chat.owner_id)
        chats.update(**fields)
        if title:
            webhooks.happened(chat.owner_id, "chat.changed", [chat.pk])
    return bool(title)
