"""A reply while it is being written: a thread of its own, detached from every request.

It drains the model server into memory at once; who watches reads from there, and one saver
per process writes all growing replies once a second.
"""

import datetime
import logging
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
    transaction,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.fields import sealed_for
from ahfai.crypto import SealError
from chats import (
    asking,
    calibration,
    cards,
    context,
    enclosed,
    hints,
    leave,
    lifecycle,
    numbers,
    rounds,
    sentences,
    servers,
    sources,
    summaries,
    titles,
    toolbox,
    tooluse,
)
from chats.enclosed import Enclosures
from chats.engines import (
    Call,
    Cancelled,
    Counts,
    EngineFailed,
    Event,
    Finished,
    Offer,
    Prompt,
    Text,
    Thinking,
    ToolCall,
    Turn,
)
from chats.engines.failures import failed
from chats.models import OPEN, Message, State, Summary, UsesNotes
from chats.sources import Quoted
from chats.tree import Tree

log = logging.getLogger(__name__)

SAVE_EVERY_S = 1.0
LOOK_EVERY_S = 3.0
LINE_EVERY_S = 0.4
MAX_THINKING = 400_000
LONGEST_PAUSE_S = 10
FORGOTTEN_AFTER_S = 30
# How often the built-in server may be restarted under a reply before that is given up.
MAX_RESTARTS = 5
MAX_OVERFLOWS = 2
# With more replies than this in a process, each reader rests after it had to wait for a piece:
# the next ones come together, and cost half.
CROWD = 16
REST_S = 0.1

_running: dict[uuid.UUID, "Generation"] = {}
# Titles that are being made in this process, by their model.
_titles: list[tuple[str, Call]] = []
_registry = threading.Lock()
_draining = threading.Event()
_place_freed = threading.Condition()


def begin(reply: Message) -> "Generation":
    """Start to work on `reply` in the background."""
    generation = Generation(reply)
    with _registry:
        _running[reply.pk] = generation
        for model, call in _titles:
            if _waits(reply, model):
                call.cancel()
    # Here is a thread that runs already, with its connection: the model gets its question sooner.
    generation.prepare()
    try:
        _saver.wake()
        threading.Thread(target=generation.run, name=f"reply-{reply.pk}", daemon=True).start()
    except RuntimeError:
        # The system gives no more threads.
        log.error("a reply could not be started")
        generation.give_up("overloaded")
    return generation


@contextmanager
def _naming(model: str) -> Iterator[Call]:
    """A call for a title, which is cancelled as soon as a reply waits for this model here."""
    call = Call()
    with _registry:
        _titles.append((model, call))
        if any(_waits(one.reply, model) for one in _running.values()):
            call.cancel()
    try:
        yield call
    finally:
        with _registry:
            _titles[:] = [(named, other) for named, other in _titles if other is not call]


def _waits(reply: Message, model: str) -> bool:
    return reply.model == model and reply.state == State.WAITING


def running(reply_id: uuid.UUID) -> "Generation | None":
    with _registry:
        return _running.get(reply_id)


def draining() -> bool:
    return _draining.is_set()


def begin_drain() -> None:
    """No new replies, and whoever watches is told to come back. Safe in a signal handler."""
    _draining.set()


def drain(seconds: float) -> None:
    """Give the replies of this process `seconds` to finish, then close them with their text."""
    _draining.set()
    for generation in _all():
        if not generation.began:
            generation.interrupt()
    end = time.monotonic() + seconds
    while (left := _all()) and time.monotonic() < end:
        time.sleep(0.05)
    for generation in left:
        generation.interrupt()
    end = time.monotonic() + 3
    while _all() and time.monotonic() < end:
        time.sleep(0.05)


def _all() -> list["Generation"]:
    with _registry:
        return list(_running.values())


class Generation:
    """What watchers may read: `text`, `thinking`, `words` (about waiting) and `over`.

    Only its own thread appends to the text; `changed` wakes who waits for more.
    """

    def __init__(self, reply: Message) -> None:
        self.reply = reply
        self.call = Call(when_sent=self._sent)
        self.asked = False
        self.changed = threading.Condition()
        self.words = ""
        self.over = False
        self.began = False
        self.stopped = False
        self.interrupted = False
        # The tools that the model asked for in this round, and the rounds before.
        self._calls: list[ToolCall] = []
        self._rounds: rounds.Rounds | None = None
        self.looked_up = 0
        # What the rounds before this one wrote and thought, in tokens, and how long that took.
        self._spent = Counts()
        self._looking: threading.Thread | None = None
        # What keeps this process itself busy before the first word.
        self._doing = ""
        # What was asked, in which window.
        self._asked: Asked | None = None
        self._built: context.Context | None = None
        self._window: context.Window | None = None
        self._prepared: tuple[Asked, context.Context] | None = None
        self._refused: dict[Prompt, EngineFailed] = {}
        # A reply that goes on from an earlier one begins with its text.
        self._parts: list[str] = [reply.content] if reply.content else []
        self._thoughts: list[str] = [reply.thinking] if reply.thinking else []
        self._begin = self._saved = len(self._parts), len(self._thoughts)
        self._joined = self._joined_thoughts = ("", 0)
        self._thought_length = len(reply.thinking)

    @property
    def text(self) -> str:
        self._joined = _joined(self._joined, self._parts)
        return self._joined[0]

    @property
    def thinking(self) -> str:
        self._joined_thoughts = _joined(self._joined_thoughts, self._thoughts)
        return self._joined_thoughts[0]

    @property
    def version(self) -> tuple[int, int, str, int, bool]:
        return len(self._parts), len(self._thoughts), self.words, self.looked_up, self.over

    def wait_until_asked(self, seconds: float) -> None:
        """Until the model has its question, but no longer than this."""
        with self.changed:
            self.changed.wait_for(lambda: self.asked or not self.silent or self.over, seconds)

    @property
    def silent(self) -> bool:
        """Whether nothing of the answer has arrived yet."""
        return self.size == self._begin

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

    def stop(self) -> None:
        self.stopped = True
        self._wake_up()

    def interrupt(self) -> None:
        self.interrupted = True
        self._wake_up()

    def _wake_up(self) -> None:
        self.call.cancel()
        with _place_freed:
            _place_freed.notify_all()

    def say(self, words: str) -> None:
        with self.changed:
            self.words = words
            self.changed.notify_all()

    def give_up(self, reason: str) -> None:
        """Close the reply without a thread of its own."""
        self._close(State.FAILED, {"reason": reason})

    def run(self) -> None:
        """The whole life of the reply. Whatever goes wrong, the row is closed."""
        state, fields = State.FAILED, {"reason": "own_fault"}
        try:
            finished = self._answer()
            state, fields = _ending(finished)
            has_cards = self._rounds is not None and self._rounds.proposed > 0
            if not "".join(self._parts[self._begin[0] :]).strip() and not has_cards:
                # Nothing was added: what is continued is as incomplete as before.
                fields["reason"] = "empty"
                state = State.INTERRUPTED if self._parts else State.FAILED
            if self._calls and state != State.CUT:
                # What it says before a call announces an answer that never comes.
                fields["reason"] = "too_many_tools" if self._rounds else "unoffered_tool"
        except Cancelled:
            state, fields = State.INTERRUPTED, {"reason": "restarted"}
            if self.stopped:
                state, fields = State.STOPPED, {"reason": ""}
                if self.began and self.silent:
                    _free_builtin(self.reply)
        except EngineFailed as failure:
            state = State.INTERRUPTED if self._parts else State.FAILED
            fields = {"reason": failure.code}
            if failure.code == "model_missing":
                servers.forget()
            log.info("a reply ended early: %s", failure.code)
        except SealError:
            fields = {"reason": "unreadable"}
            log.error("a chat could not be opened for its reply")
        except Exception as error:  # noqa: BLE001 (the row must be closed whatever happens)
            # The class only: a message could hold words of the conversation.
            log.error("a reply failed: %s", type(error).__name__)
            state = State.INTERRUPTED if self._parts else State.FAILED
        finally:
            if state in (State.DONE, State.CUT):
                self._offer_card()
            self._close(state, fields)
        self._name_chat()

    def _offer_card(self) -> None:
        """Of what the person's own words ask for, unless the model itself has used tools."""
        asked = self._asked
        if asked is None or asked.request is None or self._rounds:
            return
        try:
            # An answer that is continued may have it already.
            if not self.reply.cards.exists():
                with timezone.override(self.reply.owner.zone):
                    card = cards.propose(self.reply, asked.request.proposal)
                    if self._may_create(asked):
                        cards.create_at_once(card)
        except Exception as error:  # noqa: BLE001 (the answer itself is complete)
            log.error("a card could not be offered: %s", type(error).__name__)
        finally:
            connections.close_all()

    def _name_chat(self) -> None:
        """The first answer is there: have the model find a title, if nobody asks it anything."""
        if not settings.TITLES or self._built is None or _draining.is_set():
            return
        try:
            reply = Message.objects.select_related("chat", "parent").get(pk=self.reply.pk)
            if titles.wanted(reply):
                prompt = self._built.prompt
                window = context.Window(prompt.num_ctx, calibration.ratio(reply.model))
                with _naming(reply.model) as call:
                    titles.make(reply, prompt, window, servers.engine(), call)
        except (DatabaseError, SealError, ImproperlyConfigured, Message.DoesNotExist) as error:
            log.info("a chat got no title: %s", type(error).__name__)
        finally:
            with _place_freed:
                _place_freed.notify_all()
            connections.close_all()

    def _answer(self) -> Finished:
        """Wait and ask; again where the built-in server was restarted before its first word."""
        for _restart in range(MAX_RESTARTS):
            self._wait_for_a_place()
            try:
                return self._write()
            except EngineFailed as failure:
                lost = failure.code in ("away", "cut", "not_ready")
                if not (lost and self.silent and servers.kind() == "builtin"):
                    raise
                self.began = False
                self._give_back()
                self.reply.state = State.WAITING
                self.call.wait(1)
        raise EngineFailed("builtin_failed", "")

    def _claim(self) -> bool:
        return lifecycle.claim(self.reply)

    def _give_back(self) -> None:
        lifecycle.give_back(self.reply)

    def _wait_for_a_place(self) -> None:
        """In line for the model server; holds no connection to the database meanwhile."""
        told_at = 0.0
        # Where nobody was before it, it got its place when it was stored.
        has_place = self.reply.state == State.RUNNING
        while True:
            if self.call.cancelled:
                raise Cancelled
            if servers.kind() == "builtin":
                status = servers.builtin_status()
                if status.state == "failed":
                    raise EngineFailed("builtin_failed", status.sentence)
                ready = status.state == "ready"
                if not ready:
                    self.say(status.sentence)
            else:
                ready = True
            # A process that shuts down begins nothing.
            ready = ready and not _draining.is_set()
            if ready and (has_place or self._claim()):
                if servers.is_ready():
                    self.reply.state = State.RUNNING
                    self.say("")
                    return
                # It was sent for a restart between the look and the claim.
                has_place = True
            if has_place:
                self._give_back()
                self.reply.state = State.WAITING
                has_place = False
            if ready and time.monotonic() - told_at > 1:
                told_at = time.monotonic()
                self.say(sentences.in_line(self.reply))
            connections.close_all()
            with _place_freed:
                _place_freed.wait(LINE_EVERY_S)

    def _write(self) -> Finished:
        """Ask the model server, and again, with less, if it says that this is too much: its count
        is known then."""
        for _overflow in range(MAX_OVERFLOWS):
            try:
                return self._ask()
            except EngineFailed as failure:
                if failure.code != "too_long" or not self.silent:
                    raise
        return self._ask()

    def _ask(self) -> Finished:
        reply = self.reply
        self.began = True
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            # Before the server is asked for anything, since it may be silent.
            self._keep_looking()
            connections.close_all()
            if reply.chat.uses_notes != UsesNotes.OFF:
                self._doing = _("Looking in your notes…")
                self.say(self._doing)
            num_ctx = servers.num_ctx(reply.model, self.call)
            prepared = self._prepare(num_ctx, servers.can_take_tools(reply.model, self.call))
            self._doing = ""
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
            built = self._build(asked, summary)

    def _take_answers(self, prompt: Prompt) -> None:
        """What a small model says by the tool that is none."""
        if hints.ANSWER not in prompt.tools:
            return
        for call in self._calls:
            text = call.arguments.get("text")
            if call.name == hints.ANSWER.name and isinstance(text, str) and text:
                self._add(self._parts, text)
        self._calls = [call for call in self._calls if call.name != hints.ANSWER.name]

    def _use_tools(self, said: str, asked: "Asked") -> None:
        """What the model asked for, in this thread; the database is let go of after."""
        self.say(_("Looking something up…"))
        if self._rounds is None:
            may_create = self._may_create(asked)
            self._rounds = rounds.Rounds(self.reply, asked.window, may_create, self.call)
            if asked.begun:
                self._rounds.go_on(self.reply.uses.order_by("number"))
        calls, self._calls = self._calls, []
        self._rounds.run(said, calls)
        connections.close_all()
        with self.changed:
            self.looked_up = self._rounds.used
            # What was found, before it goes on.
            self.words = _("Reading…")
            self.changed.notify_all()
        self.call.check()

    def _may_create(self, asked: "Asked") -> bool:
        """Whether new things need no press: never where anything foreign is read."""
        has_foreign = bool(asked.quoted or asked.summary or self._begin[0] or asked.enclosures)
        has_foreign = has_foreign or sources.have_read_foreign(asked.path)
        has_foreign = has_foreign or tooluse.have_read_foreign(asked.path)
        return not has_foreign and leave.may_create(self.reply, asked.path)

    def _prepare(self, num_ctx: int, takes_tools: bool) -> "tuple[Asked, context.Context]":
        reply = self.reply
        path = Tree(reply.chat.messages.in_order()).path_to(reply)[:-1]
        window = context.Window(num_ctx, calibration.ratio(reply.model))
        summary = summaries.newest(reply.chat, path)
        quoted = sources.look(reply, path, self.call)
        words, is_small = path[-1].content, servers.is_small(reply.model)
        offers = toolbox.offers(words, window, is_small) if takes_tools else ()
        request = None
        if is_small or not offers:
            with timezone.override(reply.owner.zone):
                request = asking.asked_for(reply.owner, words)
            if request and request.is_all:
                # A small model would only copy the words, and not always those.
                offers = ()
        earlier = rounds.earlier([*path, reply] if self._begin[0] else path) if offers else {}
        begun = earlier.pop(reply.pk, [])
        enclosures = enclosed.of_path(context.after(path, summary))
        has_pictures = any(one.is_picture for some in enclosures.values() for one in some)
        sees = has_pictures and servers.can_see(reply.model, self.call)
        asked = Asked(
            path, window, summary, quoted, offers, earlier, enclosures, sees, request, begun
        )
        return asked, self._build(asked, summary)

    def _build(self, asked: "Asked", summary: Summary | None, kept: float = 1.0) -> context.Context:
        reply, made = self.reply, self._rounds
        return context.build(
            reply.chat,
            reply.model,
            asked.path,
            asked.window,
            "".join(self._parts[: self._begin[0]]),
            summary,
            kept,
            asked.quoted,
            tools=() if made and made.is_over else asked.offers,
            earlier=asked.earlier,
            told=asked.request.told if asked.request and not asked.offers else "",
            rounds=made.turns if made else (),
            enclosures=asked.enclosures,
            sees=asked.sees,
            begun=asked.begun,
        )

    def _stream(self, prompt: Prompt) -> Iterator[Event]:
        """The events of one call to the model server, which tells how long the prompt was. What it
        refused as too long isn't sent again."""
        connections.close_all()
        if prompt in self._refused:
            raise self._refused[prompt]
        estimated = context.length(prompt)
        pictures = sum(len(turn.pictures) for turn in prompt.turns)
        try:
            for event in servers.engine().stream(prompt, self.call):
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

    def _sum_up(self, asked: "Asked", earlier: Summary | None) -> Summary | None:
        """Have the older turns summed up by the same model. Where that fails, the answer is
        written without them, and says so."""
        kept = self._build(asked, earlier, context.KEPT)
        if not kept.left_out:
            return earlier
        self._doing = _("Summing up the earlier part of this chat…")
        self.say(self._doing)
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
            self._doing = ""
        return summaries.keep(self.reply.chat, asked.path, kept.left_out[-1], text)

    def _drain(self, events: Iterable[Event]) -> Finished:
        # What follows the rounds before is a paragraph of its own.
        after_rounds = len(self._parts) if self._rounds else -1
        for event in events:
            self.call.rest_s = REST_S if len(_running) > CROWD else 0.0
            match event:
                case Text(delta):
                    if self._parts and len(self._parts) == self._begin[0]:
                        delta = context.joint(self.text, delta) + delta
                    elif len(self._parts) == after_rounds and self.text.strip():
                        delta = "\n\n" + delta.lstrip("\n")
                    self._add(self._parts, delta)
                case Thinking(delta):
                    if self._thought_length < MAX_THINKING:
                        self._thought_length += len(delta)
                        self._add(self._thoughts, delta)
                case ToolCall():
                    self._calls.append(event)
                case Finished():
                    return event
        raise EngineFailed("unfinished", "")

    def _add(self, to: list[str], delta: str) -> None:
        with self.changed:
            to.append(delta)
            self.words = str(sentences.THINKING) if to is self._thoughts else ""
            self.changed.notify_all()

    def _sent(self) -> None:
        with self.changed:
            self.asked = True
            self.changed.notify_all()
        self._keep_looking()

    def _keep_looking(self) -> None:
        if self._looking is None or not self._looking.is_alive():
            name = f"look-{self.reply.pk}"
            self._looking = threading.Thread(target=self._look, name=name, daemon=True)
            self._looking.start()

    def _look(self) -> None:
        """Say what the silence before the first word means."""
        saying = {
            "loading": _("The model is being loaded; that can take minutes the first time."),
            "ready": _("Reading…"),
            "not_ready": _("The model server is starting."),
            "missing": _("The model server doesn't list this model."),
            "away": _("The model server doesn't answer just now."),
        }
        time.sleep(0.5)
        while self.silent and not (self.over or self.call.cancelled):
            found = servers.engine().look(self.reply.model)
            if not self.silent or self.over:
                return
            self.say(self._doing or saying.get(found, ""))
            time.sleep(LOOK_EVERY_S)

    def unsaved(self) -> dict:
        """The sealed columns that have grown since the last save. Raises SealError."""
        fields = {}
        if len(self._parts) != self._saved[0]:
            fields["content"] = sealed_for(self.reply, "content", self.text)
        if len(self._thoughts) != self._saved[1]:
            fields["thinking"] = sealed_for(self.reply, "thinking", self.thinking)
        return fields

    @property
    def size(self) -> tuple[int, int]:
        return len(self._parts), len(self._thoughts)

    def mark_saved(self, size: tuple[int, int]) -> None:
        """What it had when its size was `size` is in the database."""
        self._saved = size

    def _close(self, state: State, fields: dict) -> None:
        """Write the end, however long the database is away: an open row would hold its place."""
        pause = 0.5
        try:
            while not self._closed(state, fields):
                self.say(_("The answer can't be saved just now; AhFai keeps trying."))
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
        finally:
            with _registry:
                _running.pop(self.reply.pk, None)
            with self.changed:
                self.over = True
                self.changed.notify_all()
            with _place_freed:
                _place_freed.notify_all()
            connections.close_all()

    def _closed(self, state: State, fields: dict) -> bool:
        try:
            words = {
                "content": sealed_for(self.reply, "content", self._checked()),
                "thinking": sealed_for(self.reply, "thinking", self.thinking),
            }
            lifecycle.close(self.reply, state, **words, **self._measured(), **fields)
        except (OperationalError, InterfaceError) as error:
            log.error("a reply could not be saved: %s", type(error).__name__)
            connections.close_all()
            return False
        except Exception as error:  # noqa: BLE001 (an open row would hold its place for ever)
            # The person's key is gone or unreadable, or the database refuses a value: another
            # try would end alike. What was saved before stays.
            log.error("the end of a reply can't be saved as it is: %s", type(error).__name__)
            return self._closed_bare(state, fields["reason"])
        return True

    def _checked(self) -> str:
        """The text without numbers of sources that don't support it."""
        quoted = self._built.quoted if self._built else ()
        return numbers.checked(self.text, quoted)

    def _measured(self) -> dict:
        """How much of the chat was left out, and how full it is with this answer."""
        if self._built is None or self._window is None:
            return {}
        measured = {
            "left_out": len(self._built.left_out),
            "files_read": self._built.files_read,
            "pictures_left_out": self._built.unseen,
        }
        if self.text:
            measured["fullness"] = self._built.fullness(self._window.tokens(self.text))
        return measured

    def _closed_bare(self, state: State, reason: str) -> bool:
        connections.close_all()
        try:
            lifecycle.close(self.reply, state, reason=reason)
        except DatabaseError as error:
            log.error("a reply could not be closed: %s", type(error).__name__)
            connections.close_all()
            return False
        return True


def _joined(before: tuple[str, int], parts: list[str]) -> tuple[str, int]:
    """The parts as one text, and how many they are; `before` is what was joined last."""
    text, taken = before
    fresh = parts[taken:]
    return (text + "".join(fresh), taken + len(fresh)) if fresh else before


def _ending(finished: Finished) -> tuple[State, dict]:
    counts: Counts = finished.counts
    fields = {
        "reason": "length" if finished.reason == "length" else "",
        "prompt_tokens": _stored(counts.prompt_tokens),
        "reply_tokens": _stored(counts.reply_tokens),
        "reply_ms": _stored(counts.reply_s * 1000) if counts.reply_s else None,
    }
    return (State.CUT if finished.reason == "length" else State.DONE), fields


def _together(before: Counts, now: Counts) -> Counts:
    """Of several rounds: what was written adds up, and what was read is the last prompt."""
    return replace(
        now,
        reply_tokens=_sum(before.reply_tokens, now.reply_tokens),
        reply_s=_sum(before.reply_s, now.reply_s),
    )


def _sum(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else one + other


def _stored(number: float | None) -> int | None:
    """None also for what no column could hold, whatever a server counts."""
    return round(number) if number is not None and 0 <= number < 2**31 else None


def _free_builtin(reply: Message) -> None:
    """llama.cpp notices that nobody listens only after the first token; until then a place
    stays taken, so it is started anew unless somebody else is being answered."""
    if servers.kind() != "builtin":
        return
    try:
        if lifecycle.runs_alone(reply.pk):
            servers.restart_builtin()
    except DatabaseError as error:
        log.error("the built-in model could not be freed: %s", type(error).__name__)
    finally:
        connections.close_all()


class Asked(NamedTuple):
    """What the model is asked: the messages before the reply, the tools that it may ask for, what
    tools have brought for earlier replies, the files of the messages, and whether it `sees`."""

    path: Sequence[Message]
    window: context.Window
    summary: Summary | None
    quoted: Sequence[Quoted]
    offers: tuple[Offer, ...]
    earlier: Mapping[uuid.UUID, Sequence[Turn]]
    enclosures: Enclosures = {}
    sees: bool = False
    # What the person's own words ask for, where a card is to be offered for it.
    request: asking.Request | None = None
    # Of an answer that is continued.
    begun: Sequence[Turn] = ()


class _Saver:
    """Writes all growing replies and this process's heartbeat in one transaction a second."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def wake(self) -> None:
        with self.lock:
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="saver", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        idle_since = time.monotonic()
        while True:
            time.sleep(SAVE_EVERY_S)
            if growing := _all():
                idle_since = time.monotonic()
                try:
                    self._save(growing)
                except Exception as error:  # noqa: BLE001 (nothing else would save them)
                    log.error("replies could not be saved: %s", type(error).__name__)
                    connections.close_all()
            elif time.monotonic() - idle_since > 10:
                with self.lock:
                    if not _all():
                        self.thread = None
                        connections.close_all()
                        return

    def _save(self, growing: list[Generation]) -> None:
        close_old_connections()
        sizes = {generation: generation.size for generation in growing}
        grown = {generation: fields for generation in growing if (fields := _unsaved(generation))}
        with transaction.atomic():
            process = lifecycle.this_process()
            Message.objects.save_growing(
                (generation.reply.pk, fields) for generation, fields in grown.items()
            )
        for generation in grown:
            generation.mark_saved(sizes[generation])
        rows = Message.objects.filter(pk__in=[generation.reply.pk for generation in growing])
        found = {
            key: (state, stop) for key, state, stop in rows.values_list("pk", "state", "stop_asked")
        }
        _close_forgotten(process)
        for generation in growing:
            state, stop = found.get(generation.reply.pk, (None, False))
            if stop:
                generation.stop()
            elif state not in OPEN:
                # Deleted with its chat, or closed by others: nobody waits for the rest.
                generation.interrupt()


def _close_forgotten(process: uuid.UUID) -> None:
    """Rows of this living process that nothing works on: their request broke off in between."""
    old = timezone.now() - datetime.timedelta(seconds=FORGOTTEN_AFTER_S)
    with _registry:
        known = list(_running)
    mine = Message.objects.open().filter(process=process, created__lt=old)
    for reply in mine.exclude(pk__in=known):
        lifecycle.close(reply, State.INTERRUPTED, reason="restarted")


def _unsaved(generation: Generation) -> dict:
    try:
        return generation.unsaved()
    except (SealError, ImproperlyConfigured):
        log.error("a growing reply could not be sealed")
        return {}


_saver = _Saver()
