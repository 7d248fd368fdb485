"""`manage.py ask`: a turn of a chat from the shell.

The reply is written in this process, by the same generation as in a web process, so the chat is as
any other while it grows: pages show it, can stop it, and it has its place in the line. Where this
process is killed, a worker closes the reply with its words so far.
"""

import contextlib
import logging
import os
import signal
import stat
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Any, NoReturn

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils import timezone, translation

from accounts import files
from accounts.models import User
from ahfai import wakes
from ahfai.sizes import MB
from chats import attachments, cards, generation, sentences, servers, turns, watching
from chats.attachments import Brought
from chats.forms import FirstMessageForm
from chats.models import Card, Chat, Message, State, UsesNotes
from reminders.quick import order_in

# As a shell counts a process that a signal has ended.
ENDED_BY = 128
# What a terminal would take for a command, but for tab and line feed.
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "�")
_CONTROLS = {number: sign for number, sign in _CONTROLS.items() if number not in (9, 10)}


class Command(BaseCommand):
    help = (
        "Asks the model, and prints its words as they come. The chat is kept as any other. What is "
        "piped in is the question, or where there is one, a file that comes with it. Ctrl-C stops "
        "the answer, and keeps it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", nargs="*", help='for example "Why is the sky blue?"')
        parser.add_argument("--email", help="whose chat it is; not needed where one person is here")
        parser.add_argument("--chat", help="the chat to go on in: its id, or “last”")
        parser.add_argument("--model", default="", help="which one answers")
        parser.add_argument(
            "--notes", default="", choices=UsesNotes.values, help="whether it reads your notes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        servers.join_running()
        person = _person(options["email"])
        with timezone.override(person.zone), translation.override(settings.LANGUAGE_CODE):
            chat = _chat(person, options["chat"]) if options["chat"] else None
            text, piped = " ".join(options["text"]), _piped()
            if piped and not text.strip():
                text, piped = _decoded(piped), b""
            said = {"text": text, "model": options["model"], "notes": options["notes"]}
            with _interruptible():
                reply = _asked(person, chat, said, piped)
                with wakes.ear(reply.pk) as ear:
                    code = self._tell(reply, ear)
        if code:
            sys.exit(code)

    def _tell(self, reply: Message, ear: wakes.Ear) -> int:
        """Print it until it is over. Returns the exit code."""
        connections.close_all()
        growing = generation.running(reply.pk)
        source = watching.FromMemory(growing) if growing else watching.FromRow(reply, ear)
        self.printed, self.waits = 0, ""
        while True:
            try:
                self._print(source)
                if source.over:
                    break
                source.wait()
                source.look()
            except KeyboardInterrupt:
                turns.stop(reply)
                connections.close_all()
            except BrokenPipeError:
                # Nobody reads on, not even what Python still has for them.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                turns.stop(reply)
                _let_end(reply)
                return ENDED_BY + signal.SIGPIPE
            except SystemExit:
                # Closed with its words so far, as interrupted.
                generation.drain(0)
                raise
        if self.printed:
            self.stdout.write()
        _let_end(reply)
        return self._conclude(reply)

    def _print(self, source: watching.Source) -> None:
        if self.stderr.isatty() and source.words != self.waits:
            self.waits = source.words
            if self.waits and not self.printed:
                self.stderr.write(self.waits, self.style.NOTICE)
        if text := source.text[self.printed :]:
            self.printed += len(text)
            self.stdout.write(text.translate(_CONTROLS), ending="")
            self.stdout.flush()

    def _conclude(self, reply: Message) -> int:
        reply = Message.objects.select_related("owner", "chat").get(pk=reply.pk)
        for view in cards.views(reply.cards.filter(state=Card.State.PROPOSED).order_by("number")):
            if view.shown:
                told = f"{view.kind.label}: {view.shown.title}".translate(_CONTROLS)
                self.stderr.write(f"{told}. Decide about it in the chat.")
        address = settings.SITE_URL + reply.chat.get_absolute_url()
        self.stderr.write(f"{address} (--chat {reply.chat_id})")
        if sentence := sentences.sentence(reply):
            self.stderr.write(sentence)
        match reply.state:
            case State.DONE | State.CUT:
                return 0
            case State.STOPPED:
                return ENDED_BY + signal.SIGINT
            case _:
                return 1


def _person(email: str | None) -> User:
    if email:
        with contextlib.suppress(User.DoesNotExist):
            return User.objects.get_by_natural_key(email)
        raise CommandError("Nobody has an account with this e-mail address.")
    some = list(User.objects.filter(is_active=True)[:2])
    if len(some) != 1:
        told = "Several people have accounts here. Say who asks, with --email."
        raise CommandError(told if some else "Nobody has an account here yet.")
    return some[0]


def _chat(person: User, said: str) -> Chat:
    chats = person.chats.living()
    if said == "last":
        chat = chats.newest_first().first()
    else:
        chat = None
        with contextlib.suppress(ValueError):
            chat = chats.filter(pk=uuid.UUID(said)).first()
    if chat is None:
        raise CommandError("This person has no such chat.")
    return chat


def _piped() -> bytes:
    """What another program or a file gives; a terminal isn't waited for, nor what a scheduler has
    in its place."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):
        return b""
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
        return b""
    # One more than a file may have is enough to be told so.
    return sys.stdin.buffer.read(settings.UPLOAD_MB * MB + 1)


def _decoded(piped: bytes) -> str:
    try:
        return piped.decode()
    except UnicodeDecodeError:
        raise CommandError("What is piped in isn't text in UTF-8.") from None


def _asked(person: User, chat: Chat | None, said: dict[str, str], piped: bytes) -> Message:
    # A file, since others may have written it: nothing in it is the person's own wish.
    brought = _file(person, piped) if piped.strip() else Brought()
    form = FirstMessageForm(said)
    if not form.is_valid():
        raise CommandError(sentences.of_faults(form))
    order = order_in(settings.LANGUAGE_CODE)
    try:
        if chat:
            return turns.ask(chat, form.cleaned_data, brought, order, from_box=False)
        return turns.start(person, form.cleaned_data, brought, order, from_box=False)
    except turns.Refused as refused:
        raise CommandError(refused.sentence) from None
    except Chat.DoesNotExist:
        raise CommandError("This chat was deleted a moment ago.") from None


def _file(person: User, piped: bytes) -> Brought:
    try:
        return Brought([attachments.take_in(person, SimpleUploadedFile("piped.txt", piped))])
    except files.Refused as why:
        raise CommandError(str(why)) from None


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Whatever ends this process but kill -9 lets the reply be closed first. What goes wrong with
    it is said in words and not in the log."""

    def end(number: int, _frame: object) -> NoReturn:
        sys.exit(ENDED_BY + number)

    log = logging.getLogger()
    level = log.level
    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGHUP)}
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
        for one, handler in before.items():
            signal.signal(one, handler)


def _let_end(reply: Message) -> None:
    """Its thread saves the end, and lets the model find a title."""
    with contextlib.suppress(KeyboardInterrupt):
        for thread in threading.enumerate():
            if thread.name == f"reply-{reply.pk}":
                thread.join()
