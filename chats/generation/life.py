"""The life of one reply in its thread: in line, being written, closed whatever happens."""

import logging
import time
from typing import Any

from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from ahfai import unavailable, wakes
from ahfai.crypto import SealError
from chats import hosts, servers
from chats.engines import Cancelled, EngineFailed, Finished
from chats.generation import afterwards, ending, line, registry
from chats.generation.writing import Writing
from chats.lifecycle import closing, places
from chats.models import Message, State

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 4
# How often model servers may be lost, or restarted, under a reply before that is given up.
MAX_LOST = 5


class Generation(Writing):
    """A reply from the first wait to its end, which others may `stop` or `interrupt`."""

    def __init__(self, reply: Message) -> None:
        super().__init__(reply)
        self.stopped = False
        # The model servers that can't answer it, and how often one was lost under it.
        self.failing: set[str] = set()
        self._lost_servers = 0
        # Whether its row may hold a place that it has to give back before it waits again.
        self._may_hold_place = False
        self.leaving = False

    def stop(self) -> None:
        """The person wants no more of it."""
        self.stopped = True
        self.interrupt()

    def interrupt(self) -> None:
        """This process can't go on with it."""
        self.call.cancel()
        line.look_again()

    def leave(self) -> None:
        """This process ends before it is its turn; another one may go on with it."""
        self.leaving = True
        self.interrupt()

    def give_up(self, reason: str) -> None:
        """Close the reply without a thread of its own."""
        self._close(State.FAILED, {"reason": reason})

    def run(self) -> None:
        """The whole life of the reply. Whatever goes wrong, the row is closed."""
        state, fields = State.FAILED, {"reason": "own_fault"}
        try:
            finished = self._answer()
            state, fields = ending.of(finished)
            has_cards = self._rounds is not None and self._rounds.proposed > 0
            if not self.added.strip() and not has_cards:
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
                    line.free_builtin(self.reply)
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
            # Also one that was just about to ask when it was to leave.
            is_empty = self.silent and self._rounds is None
            if not (self.leaving and is_empty and self._left()):
                self._close(state, fields)
        self._name_chat()

    def _answer(self) -> Finished:
        """Wait and ask; again, as long as no word has come, at another model server where this one
        was lost, or where the built-in one was restarted."""
        while True:
            try:
                finished = self._ask_in_turn()
            except EngineFailed as failure:
                if not self._can_go_on(failure.code):
                    raise
                self._back_to_line()
            else:
                hosts.call_worked(self.reply.server, self.reply.model)
                return finished

    def _can_go_on(self, code: str) -> bool:
        """Whether the answer can still come after this failure, from the same words."""
        reply = self.reply
        hosts.call_failed(reply.server, reply.model, code)
        if not self.silent:
            return False
        self._lost_servers += code in hosts.LOST
        if servers.kind() == "builtin":
            if code in hosts.LOST and self._lost_servers >= MAX_LOST:
                raise EngineFailed("builtin_failed", "")
            return code in hosts.LOST
        if code not in hosts.LOST:
            # One that is lost is passed over until it is back; this one would fail it again.
            self.failing.add(reply.server)
        elif self._lost_servers >= MAX_LOST:
            return False
        return hosts.may_go_on(reply.model, code, {*self.failing, reply.server})

    def _back_to_line(self) -> None:
        self.began = False
        # What it asked for before it was lost, it will ask for again.
        self._calls = []
        self._may_hold_place = True
        self.reply.state = State.WAITING
        if servers.kind() == "builtin":
            self.call.wait(1)

    def _ask_in_turn(self) -> Finished:
        """The line, and what the question needs, are in the database, which may be away for a
        moment: until the model is asked that costs only time."""
        while True:
            try:
                if self._may_hold_place and self.reply.state == State.WAITING:
                    self.give_back()
                self._may_hold_place = False
                line.wait_for_place(self)
                return self._ask()
            except unavailable.AWAY as error:
                if not self.silent or self._rounds:
                    raise
                # It may have got one by an answer that was lost on the way.
                self._may_hold_place = True
                self._wait_for_database(error)

    def claim(self) -> bool:
        """Take a place at a model server, if it is this reply's turn."""
        return places.claim(self.reply, self.failing)

    def give_back(self) -> None:
        places.give_back(self.reply)

    def _offer_card(self) -> None:
        # Where the model itself has used tools, it knew what was asked for.
        if self._asked and not self._rounds:
            afterwards.offer_card(self.reply, self._asked, self.goes_on, self._patiently)

    def _close(self, state: State, fields: dict[str, Any]) -> None:
        """Write the end, however long the database is away: an open row would hold its place."""
        pause = 0.5
        try:
            while not self._closed(state, fields):
                self.say(_("The answer can't be saved just now; AhFai keeps trying."))
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
        finally:
            registry.remove(self.reply.pk)
            self._end()
            wakes.tell(wakes.GREW, [self.reply.pk])
            line.look_again()
            connections.close_all()

    def _left(self) -> bool:
        """Leave it to others. Who watches it here isn't told that it is over: they come back to
        whichever process has it."""
        try:
            if not closing.leave_to_others(self.reply):
                return False
        except DatabaseError as error:
            log.error("a reply in line was not left to others: %s", type(error).__name__)
            return False
        finally:
            connections.close_all()
        registry.remove(self.reply.pk)
        return True

    def _closed(self, state: State, fields: dict[str, Any]) -> bool:
        return ending.close(self, self._built, self._window, state, fields)

    def _name_chat(self) -> None:
        if self._built:
            afterwards.name_chat(self.reply, self._built.prompt)
