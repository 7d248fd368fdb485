"""A temporary chat: its words are in its page and, while an answer is written, in this process.

A reply lives as long as somebody takes its events. All that is stored of it is its place in line.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import Error as DatabaseError
from django.db import connections
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ahfai import markdown, unavailable
from chats import (
    calibration,
    commands,
    context,
    generation,
    page_events,
    sentences,
    servers,
    steering,
    watching,
)
from chats.lifecycle import heartbeat, line, places
from chats.models import Chat, Message, Role, State, TemporaryPlace

log = logging.getLogger(__name__)

# How often it is looked whether somebody still takes what is written, and wants it.
LOOK_EVERY_S = 0.5


class Refused(Exception):
    """A question that isn't answered; the sentence is for its person, the status for HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status)
        self.status, self.sentence = status, sentence


@dataclass(frozen=True)
class Turn:
    """What the person said, and the answer to it, which is empty where none came."""

    mine: Message
    answer: Message


def turns(user, said: Iterable[tuple[str, str]]) -> list[Turn]:
    """What a page has told of a chat, as messages that nobody saves."""
    chat = Chat(owner=user)
    return [
        Turn(
            Message(owner=user, chat=chat, role=Role.PERSON, content=mine),
            Message(owner=user, chat=chat, role=Role.ASSISTANT, content=answer),
        )
        for mine, answer in said
    ]


def ask(user, said: dict[str, Any]) -> "Reply":
    """Start to answer what `TemporaryForm` has read. Raises Refused."""
    if commands.is_one(said["text"]):
        # A model could say that it is done.
        told = _("A temporary chat looks nothing up and changes nothing. Ask that in another chat.")
        raise Refused(422, told)
    if watching.is_crowded():
        raise Refused(503, str(sentences.OWN["overloaded"]))
    before, preset = turns(user, said["before"]), said["preset"]
    try:
        chosen = steering.of_preset(user, preset) if preset else {}
        model = servers.pick(user, picked=said["model"])
        return begin(user, before, said["text"], model, chosen)
    except steering.NoSuchPreset:
        raise Refused(422, _("This preset is gone. Choose another one.")) from None
    except line.TooManyOpen:
        raise Refused(429, sentences.too_many()) from None


def stop(user, place_id: uuid.UUID) -> None:
    """Have a reply end, in whichever process it is being written."""
    user.temporary_places.filter(pk=place_id).update(stop_asked=True)


def begin(user, before: Sequence[Turn], text: str, model: str, chosen: dict) -> "Reply":
    """Start to answer `text` after what was said `before`. Raises TooManyOpen."""
    place = places.take_place(user, model)
    chat = Chat(owner=user, model=model, **chosen)
    mine = Message(owner=user, chat=chat, role=Role.PERSON, content=text)
    reply = Reply(place, chat, before, mine)
    reply.begin()
    return reply


class Reply(generation.Generation):
    """Written as every reply is, but into no row."""

    def __init__(
        self, place: TemporaryPlace, chat: Chat, before: Sequence[Turn], mine: Message
    ) -> None:
        answer = Message(
            id=place.pk,
            owner=place.owner,
            chat=chat,
            role=Role.ASSISTANT,
            model=place.model,
            server=place.server,
            state=place.state,
        )
        super().__init__(answer)
        self.place = place
        self.turn = Turn(mine, answer)
        said = [message for turn in before for message in (turn.mine, turn.answer)]
        self._path = [*said, mine]
        self._looked = time.monotonic()

    def begin(self) -> None:
        try:
            threading.Thread(
                target=self.run, name=f"reply-temporary-{self.place.pk}", daemon=True
            ).start()
        except RuntimeError:
            # The system gives no more threads.
            log.error("a temporary reply could not be started")
            self.give_up("overloaded")

    def look(self) -> None:
        """While somebody takes what is written: say that this process lives, and end the reply
        where that is wanted elsewhere."""
        if self.over or time.monotonic() - self._looked < LOOK_EVERY_S:
            return
        self._looked = time.monotonic()
        try:
            heartbeat.this_process()
            place = TemporaryPlace.objects.filter(pk=self.place.pk).first()
        except unavailable.AWAY as error:
            if not unavailable.is_passing(error):
                raise
            # It is told nothing, and goes on; the next look asks again.
            place = self.place
        finally:
            connections.close_all()
        if place and place.stop_asked:
            self.stop()
        elif place is None or generation.draining():
            self.interrupt()

    def claim(self) -> bool:
        has_place = places.claim(self.place, self.failing)
        self.reply.server = self.place.server
        return has_place

    def give_back(self) -> None:
        places.give_back(self.place)

    def _prepare(self, num_ctx: int, takes_tools: bool) -> tuple[generation.Asked, context.Context]:
        window = context.Window(num_ctx, calibration.ratio(self.place.model))
        built = context.build(self.reply.chat, self.place.model, self._path, window)
        self.reply.left_out = len(built.left_out)
        asked = generation.Asked(self._path, window, None, (), (), {})
        # It isn't summed up: each turn would need that anew, since nothing is kept.
        return asked, replace(built, left_out=[])

    def _offer_card(self) -> None:
        """It has no cards."""

    def _left(self) -> bool:
        """Nobody else knows what was asked."""
        return False

    def _closed(self, state: State, fields: dict) -> bool:
        try:
            places.leave_place(self.place)
        except DatabaseError as error:
            log.error("a place in line was not given back: %s", type(error).__name__)
            connections.close_all()
            return False
        answer = self.turn.answer
        answer.content, answer.thinking, answer.state = self.text, self.thinking, state
        for name, value in fields.items():
            setattr(answer, name, value)
        return True

    def _name_chat(self) -> None:
        """It has no name."""


class Events:
    """What is written while a reply grows, which ends when nobody takes it any more."""

    def __init__(self, reply: Reply, parts: Generator[str]) -> None:
        self.reply = reply
        self.parts = parts

    def __iter__(self) -> "Events":
        return self

    def __next__(self) -> str:
        return next(self.parts)

    def close(self) -> None:
        """Called by the server also where nothing was taken at all."""
        self.reply.stop()
        self.parts.close()


def events(request: HttpRequest, reply: Reply, still_allowed: Callable[[], bool]) -> Events:
    """As `page_events.watch`, but there is no coming back."""

    def first() -> str:
        turn = render_to_string("chats/_temporary_turn.html", {"turn": reply.turn}, request)
        return watching.event("turn", {"html": turn, "reply": str(reply.place.pk)})

    words = page_events.InBlocks(markdown.render_block, 0)
    return told(reply, first, words, _Page(request, reply.turn.answer), still_allowed)


def told(
    reply: Reply,
    first: Callable[[], str],
    words: watching.Words,
    page: watching.Page,
    still_allowed: Callable[[], bool],
) -> Events:
    """As `watching.tell`, but there is no coming back."""

    def parts() -> Generator[str]:
        begins = first()
        with watching.counted():
            connections.close_all()
            yield begins
            allowed = partial(_is_allowed, still_allowed)
            yield from watching.follow(_Source(reply), words, allowed, page, LOOK_EVERY_S)

    return Events(reply, parts())


def _is_allowed(still_allowed: Callable[[], bool]) -> bool:
    """While the database is away for a moment nobody can sign out, either."""
    try:
        return still_allowed()
    except unavailable.AWAY as error:
        if not unavailable.is_passing(error):
            raise
        return True


def page(reply: Reply, rendered: Callable[[], str]) -> Events:
    """The whole page once the reply is over; blanks before it show whether somebody waits."""

    def parts() -> Generator[str]:
        with watching.counted():
            source = _Source(reply)
            while not reply.over:
                yield "\n"
                source.wait()
            yield rendered()

    return Events(reply, parts())


class _Source(watching.FromMemory):
    growing: Reply

    def wait(self) -> None:
        with self.growing.changed:
            self.growing.changed.wait_for(lambda: self.growing.version != self.seen, LOOK_EVERY_S)
        self.growing.look()


class _Page:
    """It has no sources and no look-ups, and nothing to come back for."""

    def __init__(self, request: HttpRequest, answer: Message) -> None:
        self.request = request
        self.answer = answer

    def waits(self, words: str) -> str:
        return watching.event("words", {"words": words})

    def look_ups(self) -> str:
        return ""

    def ended(self) -> dict:
        shown = {"message": self.answer}
        html = render_to_string("chats/_temporary_reply.html", shown, self.request)
        return {"html": html, "state": self.answer.state}

    def leaves_in(self) -> None:
        return None
