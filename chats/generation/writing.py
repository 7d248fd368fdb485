"""The talk with the model server that writes one reply: asked, asked again with less where that was
too much, given what its tools bring, and drained into memory."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from django.db import connections
from django.utils.translation import gettext as _

from ahfai import unavailable
from chats import (
    calibration,
    context,
    enclosed,
    hints,
    rounds,
    sentences,
    servers,
    sources,
    summaries,
)
from chats.engines import (
    Call,
    Counts,
    EngineFailed,
    Event,
    Finished,
    Prompt,
    Text,
    Thinking,
    ToolCall,
)
from chats.engines.failures import failed
from chats.generation import question, registry
from chats.generation.growing import Growing
from chats.generation.question import Asked
from chats.generation.silence import Silence
from chats.models import Message, State, Summary, UsesNotes

log = logging.getLogger(__name__)

MAX_OVERFLOWS = 2
# In a crowd, each reader rests after it had to wait for a piece: the next ones come together, and
# cost half.
REST_S = 0.1
# How long a database that is away is left alone; and when an answer ends that was begun, with its
# words: what fails for so long, such as a question that takes too long each time, may never work.
AWAY_S = 1
AWAY_AT_MOST_S = 600

Outcome = TypeVar("Outcome")


class Writing(Growing):
    """A reply that grows by what the model server says; `call` ends that from outside."""

    def __init__(self, reply: Message) -> None:
        super().__init__(reply)
        self.call = Call(when_sent=self._sent)
        # The tools that the model asked for in this round, and the rounds before.
        self._calls: list[ToolCall] = []
        self._rounds: rounds.Rounds | None = None
        # What the rounds before this one wrote and thought, in tokens, and how long that took.
        self._spent = Counts()
        self._silence = Silence(self, self.call)
        # What was asked, in which window.
        self._asked: Asked | None = None
        self._built: context.Context | None = None
        self._window: context.Window | None = None
        self._prepared: tuple[Asked, context.Context] | None = None
        self._refused: dict[Prompt, EngineFailed] = {}

    def prepare(self) -> None:
        """Build the prompt, where a place is free and the window is known: no server is asked."""
        num_ctx = servers.listed_num_ctx(self.reply.model)
        takes_tools = servers.takes_tools(self.reply.model)
        if self.reply.chat.uses_notes != UsesNotes.OFF:
            # Whose notes are looked into for the first time may wait for some seconds.
            return
        if self.reply.state == State.RUNNING and num_ctx and takes_tools is not None:
            # What is wrong comes up again when the reply is written, and closes it.
            with suppress(Exception):
                self._prepared = self._prepare(num_ctx, takes_tools)

    def _ask(self) -> Finished:
        """Ask the model server, and again, with less, if it says that this is too much: its count
        is known then."""
        for _overflow in range(MAX_OVERFLOWS):
            try:
                return self._ask_once()
            except EngineFailed as failure:
                if failure.code != "too_long" or not self.silent:
                    raise
        return self._ask_once()

    def _ask_once(self) -> Finished:
        reply = self.reply
        self.began = True
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            # Before the server is asked for anything, since it may be silent.
            self._silence.explain()
            connections.close_all()
            if reply.chat.uses_notes != UsesNotes.OFF:
                self._silence.doing = _("Looking in your notes…")
                self.say(self._silence.doing)
            num_ctx = servers.num_ctx(reply.model, self.call, reply.server)
            takes_tools = servers.can_take_tools(reply.model, self.call, reply.server)
            prepared = self._prepare(num_ctx, takes_tools)
            self._silence.doing = ""
        asked, built = prepared
        self._asked = asked
        window, summary = asked.window, asked.summary
        limit = servers.limit(reply.model, window.num_ctx)
        if limit and calibration.is_surely_longer(reply.model, context.length(built.prompt), limit):
            # What doesn't fit was left out, so the newest message alone is too long.
            raise failed("too_long")
        if built.left_out:
            summary = self._sum_up(asked, summary)
            built = self._build(asked, summary)
        if asked.quoted:
            sources.keep(reply, built.quoted)
        while True:
            self._built, self._window = built, window
            begin = len(self._parts)
            try:
                finished = self._drain(self._stream(built.prompt))
            except EngineFailed as failure:
                if failure.code != "no_tools" or not built.prompt.tools:
                    raise
                servers.remember_no_tools(reply.model)
                asked, built = self._prepare(window.num_ctx, takes_tools=False)
                self._asked = asked
                continue
            self._take_answers(built.prompt)
            if not (self._calls and built.prompt.tools) or finished.reason == "length":
                if self._rounds and len(self._parts) > begin:
                    # It answered at last, whatever else it asked for.
                    self._calls = []
                return replace(finished, counts=_together(self._spent, finished.counts))
            self._spent = _together(self._spent, finished.counts)
            self._use_tools("".join(self._parts[begin:]), asked)
            built = self._patiently(partial(self._build, asked, summary))

    def _prepare(self, num_ctx: int, takes_tools: bool) -> tuple[Asked, context.Context]:
        asked = question.gather(self.reply, num_ctx, takes_tools, self.goes_on, self.call)
        return asked, self._build(asked, asked.summary)

    def _build(self, asked: Asked, summary: Summary | None, kept: float = 1.0) -> context.Context:
        return question.build(self.reply, asked, summary, self._rounds, self.so_far, kept)

    def _sum_up(self, asked: Asked, earlier: Summary | None) -> Summary | None:
        """Have the older turns summed up by the same model. Where that fails, the answer is
        written without them, and says so."""
        kept = self._build(asked, earlier, context.KEPT)
        if not kept.left_out:
            return earlier
        self._silence.doing = _("Summing up the earlier part of this chat…")
        self.say(self._silence.doing)
        try:
            text = summaries.write(
                self._stream, kept.left_out, kept.prompt, asked.window, earlier, asked.enclosures
            )
        except EngineFailed as failure:
            if failure.code == "too_long":
                raise
            log.info("a chat could not be summed up: %s", failure.code)
            return earlier
        finally:
            self._silence.doing = ""
        return summaries.keep(self.reply.chat, asked.path, kept.left_out[-1], text)

    def _stream(self, prompt: Prompt) -> Iterator[Event]:
        """The events of one call to the model server, which tells how long the prompt was. What it
        refused as too long isn't sent again."""
        connections.close_all()
        if prompt in self._refused:
            raise self._refused[prompt]
        estimated = context.length(prompt)
        pictures = sum(len(turn.pictures) for turn in prompt.turns)
        try:
            engine = self._patiently(lambda: servers.engine(self.reply.server))
            for event in engine.stream(prompt, self.call):
                # Of pictures nobody knows how many tokens they are: they would pass for words.
                if isinstance(event, Finished) and not pictures:
                    calibration.learn(prompt.model, estimated, event.counts.prompt_tokens)
                yield event
        except EngineFailed as failure:
            if failure.code == "too_long":
                self._refused[prompt] = failure
                estimated += pictures * enclosed.TOKENS_OF_PICTURE
                calibration.learn_overflow(prompt.model, estimated, failure.prompt_tokens)
            raise

    def _sent(self) -> None:
        with self.changed:
            self.asked = True
            self.changed.notify_all()
        self._silence.explain()

    def _drain(self, events: Iterable[Event]) -> Finished:
        # What follows the rounds before is a paragraph of its own.
        after_rounds = len(self._parts) if self._rounds else -1
        for event in events:
            self.call.rest_s = REST_S if registry.is_crowded() else 0.0
            match event:
                case Text(delta):
                    if self._parts and len(self._parts) == self._begin[0]:
                        delta = context.joint(self.text, delta) + delta
                    elif len(self._parts) == after_rounds and self.text.strip():
                        delta = "\n\n" + delta.lstrip("\n")
                    self._write(delta)
                case Thinking(delta):
                    self._think(delta)
                case ToolCall():
                    self._calls.append(event)
                case Finished():
                    return event
        raise EngineFailed("unfinished", "")

    def _take_answers(self, prompt: Prompt) -> None:
        """What a small model says by the tool that is none."""
        if hints.ANSWER not in prompt.tools:
            return
        for call in self._calls:
            text = call.arguments.get("text")
            if call.name == hints.ANSWER.name and isinstance(text, str) and text:
                self._write(text)
        self._calls = [call for call in self._calls if call.name != hints.ANSWER.name]

    def _use_tools(self, said: str, asked: Asked) -> None:
        """What the model asked for, in this thread; the database is let go of after."""
        self.say(_("Looking something up…"))
        if self._rounds is None:
            self._rounds = self._patiently(lambda: self._first_round(asked))
        calls, self._calls = self._calls, []
        self._rounds.run(said, calls)
        connections.close_all()
        with self.changed:
            self.looked_up = self._rounds.used
            # What was found, before it goes on.
            self.words = _("Reading…")
            self.changed.notify_all()
        self.call.check()

    def _first_round(self, asked: Asked) -> rounds.Rounds:
        may_create = question.may_create(self.reply, asked, self.goes_on)
        first = rounds.Rounds(self.reply, asked.window, self._patiently, may_create, self.call)
        if asked.begun:
            first.go_on(self.reply.uses.order_by("number"))
        return first

    def _patiently(self, do: Callable[[], Outcome]) -> Outcome:
        """What `do` brings, which may be done again: in the midst of an answer, too, a database
        that is away for a moment costs only time."""
        words, until = self.words, time.monotonic() + AWAY_AT_MOST_S
        while True:
            try:
                done = do()
            except unavailable.AWAY as error:
                if time.monotonic() > until:
                    raise
                self._wait_for_database(error)
            else:
                if self.words == sentences.AWAY:
                    self.say(words)
                return done

    def _wait_for_database(self, error: Exception) -> None:
        """For a moment, where it is away for one. Raises `error` where it isn't."""
        if not unavailable.is_passing(error):
            raise error
        connections.close_all()
        self.say(str(sentences.AWAY))
        self.call.wait(AWAY_S)


def _together(before: Counts, now: Counts) -> Counts:
    """Of several rounds: what was written adds up, and what was read is the last prompt."""
    return replace(
        now,
        reply_tokens=_sum(before.reply_tokens, now.reply_tokens),
        reply_s=_sum(before.reply_s, now.reply_s),
    )


def _sum(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else one + other
