"""A growing reply as an open page or a program follows it: server-sent events (WHATWG HTML, section
9.2).

The id of an event is the number of code points of the answer that the page has after it, so
a page that comes back says with `Last-Event-ID` where to go on, in whichever process it lands.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from accounts.requests import SignedInRequest
from ahfai import unavailable, wakes
from chats import generation, sentences
from chats.models import Message, State

FRAME_S = 1 / 30
# With many watchers in a process each gets its words in larger pieces, or all would get them late.
FRAME_OF_EACH_S = 0.002
LONGEST_FRAME_S = 0.1
COMMENT_EVERY_S = 15
FIRST_WAIT_S = 0.02
FOLLOW_EVERY_S = 0.3
# Where the other process tells when there is more: for what it doesn't, such as the place in line.
WOKEN_EVERY_S = 1.5
# Threads that stay free for pages while replies are watched; and when a page that found none
# looks again.
FREE_THREADS = 8
COME_BACK_MS = 2000

_watching = 0
_counting = threading.Lock()


class Source(Protocol):
    text: str
    thinking: str
    words: str
    looked_up: int
    over: bool

    def wait(self) -> None:
        """Until there may be more."""

    def look(self) -> None:
        """Take what is there now."""


class Words(Protocol):
    """How the growing words of a reply are sent."""

    # How many code points of the answer were sent.
    sent: int

    def take(self, text: str) -> Iterator[str]:
        """The events of what has come since; `text` is the whole answer so far."""


class Page(Protocol):
    """What is told of a reply besides its growing words."""

    def waits(self, words: str) -> str:
        """The event that says what it waits for."""

    def look_ups(self) -> str:
        """The event with what tools have found for it."""

    def ended(self) -> dict:
        """The data of its last event."""

    def leaves_in(self) -> int | None:
        """As soon as it is a time, in milliseconds, the page is told to come back after it."""


class FromMemory:
    """The reply is being written in this process."""

    def __init__(self, growing: generation.Generation) -> None:
        self.growing = growing
        self.look()

    def wait(self) -> None:
        growing = self.growing
        with growing.changed:
            growing.changed.wait_for(lambda: growing.version != self.seen, 1)

    def look(self) -> None:
        growing = self.growing
        self.seen, self.over = growing.version, growing.over
        self.text, self.thinking, self.words = growing.text, growing.thinking, growing.words
        self.looked_up = growing.looked_up


class FromRow:
    """The reply is being written elsewhere, or is over: its saved row is followed."""

    def __init__(self, reply: Message, ear: wakes.Ear) -> None:
        self.reply = reply
        self.ear = ear
        self._take()

    def wait(self) -> None:
        self.ear.wait(FOLLOW_EVERY_S, WOKEN_EVERY_S)

    def look(self) -> None:
        self.reply = Message.objects.get(pk=self.reply.pk)
        self._take()

    def _take(self) -> None:
        reply = self.reply
        self.text, self.thinking, self.over = reply.content, reply.thinking, not reply.is_open
        self.words = ""
        self.looked_up = reply.uses.count()
        if reply.state == State.WAITING:
            self.words = sentences.in_line(reply)
        elif reply.is_open and not reply.content:
            reading = _("The model is reading, or being loaded.")
            self.words = str(sentences.THINKING) if reply.thinking else reading
        connections.close_all()


def tell(
    reply: Message,
    page: Page,
    words: Words,
    still_allowed: Callable[[], bool],
    first: Callable[[], str] | None = None,
) -> Iterator[str]:
    """The events until the reply is over or this process shuts down.

    What `first` makes is sent before all. `still_allowed()` is asked every 15 seconds; when it says
    no (signed out elsewhere), the stream ends.
    """
    connections.close_all()
    if first:
        # Making it would take the model's question the processor for a moment; while the model
        # reads, there is time.
        if growing := generation.running(reply.pk):
            growing.wait_until_asked(FIRST_WAIT_S)
        yield first()
        connections.close_all()
    try:
        with counted(), wakes.ear(reply.pk) as ear:
            growing = generation.running(reply.pk) or generation.take_over(reply)
            source: Source = FromMemory(growing) if growing else FromRow(reply, ear)
            yield from follow(source, words, still_allowed, page, COMMENT_EVERY_S)
    except Message.DoesNotExist:
        # Deleted while it was being watched.
        yield event("gone", {"deleted": True})
    except unavailable.AWAY as error:
        if not unavailable.is_passing(error):
            raise
        yield event("reconnect", {"after_ms": COME_BACK_MS})


def leaves_in(crowded: bool) -> int | None:
    """When whoever watches is to come back, in milliseconds; None while there is room here."""
    return 0 if generation.draining() else COME_BACK_MS if crowded else None


def is_crowded() -> bool:
    """Whether so many watch replies in this process that its pages need the other threads."""
    return _watching >= settings.WEB_THREADS - FREE_THREADS


@contextmanager
def counted() -> Iterator[None]:
    """One more who watches; the database is let go of at the end."""
    global _watching
    with _counting:
        _watching += 1
    try:
        yield
    finally:
        with _counting:
            _watching -= 1
        connections.close_all()


class AsText:
    """To a program: the words as they are."""

    def __init__(self, offset: int) -> None:
        self.sent = offset

    def take(self, text: str) -> Iterator[str]:
        return piece("text", text, self)


def piece(name: str, text: str, words: Words) -> Iterator[str]:
    if len(text) > (begin := words.sent):
        words.sent = len(text)
        yield event(name, {"text": text[begin:], "from": begin}, words.sent)


def follow(
    source: Source,
    words: Words,
    still_allowed: Callable[[], bool],
    page: Page,
    comment_every_s: float,
) -> Iterator[str]:
    """The events of a reply, as `page` and `words` tell of it."""
    thought, waits, looked_up = 0, "", 0
    beat = time.monotonic()
    # The first words wait for no frame.
    frame = beat - FRAME_S
    while True:
        shown = words.sent, thought
        if source.thinking[thought:]:
            yield event("thinking", {"text": source.thinking[thought:], "from": thought})
            thought = len(source.thinking)
        if source.words != waits:
            waits = source.words
            yield page.waits(waits)
        if source.looked_up != looked_up:
            looked_up = source.looked_up
            yield page.look_ups()
        yield from words.take(source.text)
        if source.over:
            done = page.ended()
            connections.close_all()
            yield event("done", done)
            return
        if (after_ms := page.leaves_in()) is not None:
            yield event("reconnect", {"after_ms": after_ms})
            return
        if time.monotonic() - beat > comment_every_s:
            beat = time.monotonic()
            if not still_allowed():
                yield event("gone", {})
                return
            connections.close_all()
            yield ": still here\n\n"
        if shown != (words.sent, thought):
            frame = time.monotonic()
        # Mostly there is more by then, and one sleep is all.
        time.sleep(max(0, frame + _frame_s() - time.monotonic()))
        source.wait()
        source.look()


def _frame_s() -> float:
    return min(LONGEST_FRAME_S, max(FRAME_S, FRAME_OF_EACH_S * _watching))


def are_wanted(request: HttpRequest) -> bool:
    """Whether events are wanted, and not a page."""
    return "text/event-stream" in request.headers.get("Accept", "")


def still_signed_in(request: SignedInRequest) -> Callable[[], bool]:
    """Asks whether this browser's session is still the same person's."""
    user, cookie = request.user, request.session.session_key

    def asked() -> bool:
        session = request.session.__class__(cookie)
        return session.load().get(SESSION_KEY) == str(user.pk)

    return asked


def response(events: Iterable[str]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(events, content_type="text/event-stream")
    answer["Cache-Control"] = "no-store"
    # nginx would hold the stream back until it has a buffer full.
    answer["X-Accel-Buffering"] = "no"
    return answer


def event(name: str, data: dict, offset: int | None = None) -> str:
    number = "" if offset is None else f"id: {offset}\n"
    return f"event: {name}\n{number}data: {json.dumps(data)}\n\n"
