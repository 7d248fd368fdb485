"""What one open page sees of a growing reply: server-sent events (WHATWG HTML, section 9.2).

The id of an event is the number of code points of the answer that the page has after it, so
a page that comes back says with `Last-Event-ID` where to go on, in whichever process it lands.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from django.db import connections
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ahfai import markdown
from chats import generation, lifecycle
from chats.models import Message, State

FRAME_S = 1 / 30
COMMENT_EVERY_S = 15
FOLLOW_EVERY_S = 0.3


class Source(Protocol):
    text: str
    thinking: str
    words: str
    over: bool

    def wait(self) -> None: ...


class FromMemory:
    """The reply is being written in this process."""

    def __init__(self, growing: generation.Generation) -> None:
        self.growing = growing
        self.seen = growing.version
        self.text, self.thinking, self.words = growing.text, growing.thinking, growing.words
        self.over = growing.over

    def wait(self) -> None:
        growing = self.growing
        with growing.changed:
            if growing.version == self.seen:
                growing.changed.wait(1)
            self.seen = growing.version
        self.text, self.thinking, self.words = growing.text, growing.thinking, growing.words
        self.over = growing.over


class FromRow:
    """The reply is being written elsewhere, or is over: its saved row is followed."""

    def __init__(self, reply: Message) -> None:
        self.reply = reply
        self._look()

    def wait(self) -> None:
        time.sleep(FOLLOW_EVERY_S)
        self.reply = Message.objects.get(pk=self.reply.pk)
        self._look()

    def _look(self) -> None:
        reply = self.reply
        self.text, self.thinking, self.over = reply.content, reply.thinking, not reply.is_open
        self.words = ""
        if reply.state == State.WAITING:
            place = lifecycle.place_in_line(reply)
            self.words = _("Waiting in line: number %(place)d.") % {"place": place}
        connections.close_all()


def watch(
    request: HttpRequest,
    reply: Message,
    offset: int,
    still_allowed: Callable[[], bool],
    first: str = "",
) -> Iterator[str]:
    """The events from `offset` on, until the reply is over or this process shuts down.

    `first` is sent before all. `still_allowed()` is asked every 15 seconds; when it says no
    (signed out elsewhere), the stream ends.
    """
    connections.close_all()
    if first:
        yield first
    growing = generation.running(reply.pk)
    source: Source = FromMemory(growing) if growing else FromRow(reply)
    closed, sent, thought, words = 0, offset, 0, None
    beat = time.monotonic()
    while True:
        frame = time.monotonic()
        if source.thinking[thought:]:
            yield _event("thinking", {"text": source.thinking[thought:], "from": thought})
            thought = len(source.thinking)
        if source.words != words:
            words = source.words
            yield _event("words", {"words": words})
        if "\n" in source.text[max(closed, sent - 1) :]:
            for start, end in markdown.closed_blocks(source.text, closed):
                closed = end
                if end > offset:
                    html = markdown.render_block(source.text[start:end])
                    yield _event("block", {"html": html, "from": start}, end)
                    sent = end
        if len(source.text) > sent:
            text = source.text[sent:]
            yield _event("tail", {"text": text, "from": sent}, sent + len(text))
            sent += len(text)
        if source.over:
            done = Message.objects.select_related("chat").get(pk=reply.pk)
            html = render_to_string(
                "chats/_reply.html", {"message": done, "is_last": True}, request
            )
            connections.close_all()
            yield _event("done", {"html": html, "state": done.state})
            return
        if generation.draining():
            yield _event("reconnect", {})
            return
        if time.monotonic() - beat > COMMENT_EVERY_S:
            beat = time.monotonic()
            if not still_allowed():
                yield _event("gone", {})
                return
            connections.close_all()
            yield ": still here\n\n"
        source.wait()
        time.sleep(max(0, FRAME_S - (time.monotonic() - frame)))


def turn_event(request: HttpRequest, reply: Message) -> str:
    """The person's message and the place for its reply, as the page would render them."""
    html = render_to_string("chats/_turn.html", {"message": reply.parent}, request)
    html += render_to_string("chats/_reply.html", {"message": reply, "is_last": True}, request)
    return _event("turn", {"html": html, "reply": str(reply.pk)})


def _event(name: str, data: dict, offset: int | None = None) -> str:
    number = "" if offset is None else f"id: {offset}\n"
    return f"event: {name}\n{number}data: {json.dumps(data)}\n\n"
