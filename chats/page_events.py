"""What the open page of a chat sees of a growing reply: the fragments that the page itself is made
of, block by block."""

import re
import uuid
from collections.abc import Callable, Iterator
from functools import cached_property

from django.db import connections
from django.http import HttpRequest
from django.template.loader import render_to_string

from ahfai import markdown
from chats import attachments, numbers, tooluse, watching
from chats.models import Message, Summary
from chats.tree import Step


def watch(
    request: HttpRequest,
    reply: Message,
    offset: int,
    still_allowed: Callable[[], bool],
    first: Callable[[], str] | None = None,
) -> Iterator[str]:
    """The events for a page of a chat from `offset` on, as `watching.tell` has them."""
    page = _OfRow(request, reply)
    return watching.tell(reply, page, InBlocks(page.block, offset), still_allowed, first)


def turn(request: HttpRequest, reply: Message) -> str:
    """The person's message and the place for its reply, as the page would render them.

    `after` is the message before it: a page that shows another one there has missed a turn.
    """
    question = reply.parent
    assert question is not None
    attachments.fetch([question])
    words = render_to_string("chats/_turn.html", {"message": question}, request)
    html = words + _rendered(request, reply, versions=(reply.pk,))
    after = str(question.parent_id or "")
    return watching.event("turn", {"html": html, "reply": str(reply.pk), "after": after})


def another(request: HttpRequest, reply: Message, earlier: Message) -> str:
    """The place for a reply that is shown instead of `earlier`, another one to the same words."""
    html = _rendered(request, reply)
    told = {"html": html, "reply": str(reply.pk), "replaces": str(earlier.pk)}
    return watching.event("turn", told)


class InBlocks:
    """To a page: the closed blocks of Markdown in HTML, as `render` makes it of one, and the words
    after them as they are."""

    def __init__(self, render: Callable[[str], str], offset: int) -> None:
        self.render = render
        self.offset = self.sent = offset
        self.closed = 0

    def take(self, text: str) -> Iterator[str]:
        if re.search("[\r\n]", text[max(self.closed, self.sent - 1) :]):
            self.closed = self.closed or _closed_at(text, self.offset)
            fresh = []
            for start, end in markdown.closed_blocks(text, self.closed):
                self.closed = end
                fresh.append((start, self.render(text[start:end])))
            if fresh:
                # With the text that follows, so that no words vanish between two events.
                html = "".join(html for _start, html in fresh)
                self.sent = len(text)
                shown = {"html": html, "from": fresh[0][0], "rest": text[self.closed :]}
                yield watching.event("block", shown, self.sent)
        yield from watching.piece("tail", text, self)


def _closed_at(text: str, offset: int) -> int:
    """Where the rendered blocks end on a page that left at `offset`. Behind them it has bare
    words, also those of a block whose end only later words show."""
    known = markdown.closed_blocks(text[:offset])
    return known[-1][1] if known else 0


class _OfRow:
    """The page of a reply that is kept."""

    def __init__(self, request: HttpRequest, reply: Message) -> None:
        self.request = request
        self.reply = reply
        self.crowded = watching.is_crowded()

    @cached_property
    def sources(self) -> list:
        """They are stored before the first word."""
        return list(self.reply.sources.all())

    def block(self, text: str) -> str:
        block = markdown.render_block(numbers.checked(text, self.sources))
        return numbers.linked(block, self.sources)

    def waits(self, words: str) -> str:
        return watching.event("words", {"words": words})

    def look_ups(self) -> str:
        return watching.event("lookups", {"html": _look_ups(self.request, self.reply)})

    def ended(self) -> dict:
        done = Message.objects.select_related("chat").get(pk=self.reply.pk)
        html, summaries = _rendered(self.request, done), _summaries(self.request, done)
        return {"html": html, "state": done.state, "summaries": summaries}

    def leaves_in(self) -> int | None:
        return watching.leaves_in(self.crowded)


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
