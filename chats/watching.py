"""What one open page sees of a growing reply: server-sent events (WHATWG HTML, section 9.2).

The id of an event is the number of code points of the answer that the page has after it, so
a page that comes back says with `Last-Event-ID` where to go on, in whichever process it lands.
"""

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from typing import Protocol

from django.conf import settings
from django.db import connections
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ahfai import markdown
from chats import generation, numbers, sentences, tooluse
from chats.models import Message, State, Summary
from chats.tree import Step

FRAME_S = 1 / 30
# With many watchers in a process each gets its words in larger pieces, or all would get them late.
FRAME_OF_EACH_S = 0.002
LONGEST_FRAME_S = 0.1
COMMENT_EVERY_S = 15
FIRST_WAIT_S = 0.02
FOLLOW_EVERY_S = 0.3
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

    def __init__(self, reply: Message) -> None:
        self.reply = reply
        self._take()

    def wait(self) -> None:
        time.sleep(FOLLOW_EVERY_S)

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


def watch(
    request: HttpRequest,
    reply: Message,
    offset: int,
    still_allowed: Callable[[], bool],
    first: Callable[[], str] | None = None,
) -> Iterator[str]:
    """The events from `offset` on, until the reply is over or this process shuts down.

    What `first` makes is sent before all. `still_allowed()` is asked every 15 seconds; when it says
    no (signed out elsewhere), the stream ends.
    """
    global _watching
    connections.close_all()
    if first:
        # Making it would take the model's question the processor for a moment; while the model
        # reads, there is time.
        if growing := generation.running(reply.pk):
            growing.wait_until_asked(FIRST_WAIT_S)
        yield first()
    with _counting:
        crowded = _watching >= settings.WEB_THREADS - FREE_THREADS
        _watching += 1
    try:
        yield from _follow(request, reply, offset, still_allowed, crowded)
    except Message.DoesNotExist:
        # Deleted while it was being watched.
        yield _event("gone", {"deleted": True})
    finally:
        with _counting:
            _watching -= 1
        connections.close_all()


def _follow(
    request: HttpRequest,
    reply: Message,
    offset: int,
    still_allowed: Callable[[], bool],
    crowded: bool,
) -> Iterator[str]:
    growing = generation.running(reply.pk)
    source: Source = FromMemory(growing) if growing else FromRow(reply)
    closed, sent, thought, words, looked_up = 0, offset, 0, "", 0
    # They are stored before the first word.
    named = cache(lambda: list(reply.sources.all()))
    beat = time.monotonic()
    # The first words wait for no frame.
    frame = beat - FRAME_S
    while True:
        shown = sent, thought
        if source.thinking[thought:]:
            yield _event("thinking", {"text": source.thinking[thought:], "from": thought})
            thought = len(source.thinking)
        if source.words != words:
            words = source.words
            yield _event("words", {"words": words})
        if source.looked_up != looked_up:
            looked_up = source.looked_up
            yield _event("lookups", {"html": _look_ups(request, reply)})
        if re.search("[\r\n]", source.text[max(closed, sent - 1) :]):
            closed = closed or _closed_at(source.text, offset)
            fresh = []
            for start, end in markdown.closed_blocks(source.text, closed):
                closed = end
                block = markdown.render_block(numbers.checked(source.text[start:end], named()))
                fresh.append((start, numbers.linked(block, named())))
            if fresh:
                # With the text that follows, so that no words vanish between two events.
                html = "".join(html for _start, html in fresh)
                rest = source.text[closed:]
                sent = len(source.text)
                yield _event("block", {"html": html, "from": fresh[0][0], "rest": rest}, sent)
        if len(source.text) > sent:
            text = source.text[sent:]
            yield _event("tail", {"text": text, "from": sent}, sent + len(text))
            sent += len(text)
        if source.over:
            done = Message.objects.select_related("chat").get(pk=reply.pk)
            ended = {
                "html": _rendered(request, done),
                "state": done.state,
                "summaries": _summaries(request, done),
            }
            connections.close_all()
            yield _event("done", ended)
            return
        if generation.draining():
            yield _event("reconnect", {"after_ms": 0})
            return
        if crowded:
            yield _event("reconnect", {"after_ms": COME_BACK_MS})
            return
        if time.monotonic() - beat > COMMENT_EVERY_S:
            beat = time.monotonic()
            if not still_allowed():
                yield _event("gone", {})
                return
            connections.close_all()
            yield ": still here\n\n"
        if shown != (sent, thought):
            frame = time.monotonic()
        # Mostly there is more by then, and one sleep is all.
        time.sleep(max(0, frame + _frame_s() - time.monotonic()))
        source.wait()
        source.look()


def _frame_s() -> float:
    return min(LONGEST_FRAME_S, max(FRAME_S, FRAME_OF_EACH_S * _watching))


def _closed_at(text: str, offset: int) -> int:
    """Where the rendered blocks end on a page that left at `offset`. Behind them it has bare
    words, also those of a block whose end only later words show."""
    known = markdown.closed_blocks(text[:offset])
    return known[-1][1] if known else 0


def turn_event(request: HttpRequest, reply: Message) -> str:
    """The person's message and the place for its reply, as the page would render them.

    `after` is the message before it: a page that shows another one there has missed a turn.
    """
    question = reply.parent
    assert question is not None
    turn = render_to_string("chats/_turn.html", {"message": question}, request)
    html = turn + _rendered(request, reply, versions=(reply.pk,))
    after = str(question.parent_id or "")
    return _event("turn", {"html": html, "reply": str(reply.pk), "after": after})


def another_event(request: HttpRequest, reply: Message, earlier: Message) -> str:
    """The place for a reply that is shown instead of `earlier`, another one to the same words."""
    html = _rendered(request, reply)
    return _event("turn", {"html": html, "reply": str(reply.pk), "replaces": str(earlier.pk)})


def _rendered(
    request: HttpRequest, reply: Message, versions: tuple[uuid.UUID, ...] | None = None
) -> str:
    if versions is None:
        there = Message.objects.filter(parent=reply.parent_id).in_order()
        versions = tuple(there.values_list("pk", flat=True))
    step = Step(reply, versions)
    shown = {"message": reply, "step": step, "is_last": True}
    return render_to_string("chats/_reply.html", shown, request)


def _look_ups(request: HttpRequest, reply: Message) -> str:
    found = tooluse.look_ups(reply.uses.all())
    connections.close_all()
    return render_to_string("chats/_lookups.html", {"look_ups": found}, request)


def _summaries(request: HttpRequest, reply: Message) -> list[dict[str, str]]:
    """What was summed up for this reply, and after which message it stands."""
    made = Summary.objects.filter(chat=reply.chat_id, created__gte=reply.created)
    return [
        {
            "after": str(summary.upto_id),
            "html": render_to_string("chats/_summary.html", {"summary": summary}, request),
        }
        for summary in made
    ]


def _event(name: str, data: dict, offset: int | None = None) -> str:
    number = "" if offset is None else f"id: {offset}\n"
    return f"event: {name}\n{number}data: {json.dumps(data)}\n\n"
