"""The life of a reply in the database: asked, claimed, saved, closed once, found dead."""

import datetime
import os
import threading
import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from ahfai.models import Heartbeat
from chats.models import OPEN, Chat, Line, Message, Role, State

_process_lock = threading.Lock()
_process: tuple[int, uuid.UUID] | None = None


class StillAnswering(Exception):
    """The chat has a reply that isn't finished."""


class NotTheLast(Exception):
    """Only the last reply of a chat can be tried again."""


def start(user, text: str, model: str, request_id: uuid.UUID | None) -> tuple[Message, bool]:
    """A new chat with its first question. Returns the reply, and whether it is a new one."""
    try:
        with transaction.atomic():
            chat = Chat.objects.create(owner=user, title=title_from(text), model=model)
            return _ask(chat, None, text, model, request_id), True
    except IntegrityError:
        return _asked_before(user, request_id), False


def ask(chat: Chat, text: str, model: str, request_id: uuid.UUID | None) -> tuple[Message, bool]:
    """Store the person's words and the empty reply together: from here on nothing is lost.

    Raises StillAnswering while the chat's last reply is being written.
    """
    if request_id and chat.owner.messages.filter(request_id=request_id).exists():
        return _asked_before(chat.owner, request_id), False
    last = chat.messages.in_order().last()
    if last is not None and last.is_open:
        raise StillAnswering
    try:
        with transaction.atomic():
            Chat.objects.filter(pk=chat.pk).update(changed=timezone.now(), model=model)
            return _ask(chat, last, text, model, request_id), True
    except IntegrityError:
        return _asked_before(chat.owner, request_id), False


def try_again(reply: Message, model: str) -> Message:
    """Another reply to the same words; the earlier one stays in the tree.

    Raises StillAnswering when one is on its way already, NotTheLast for an earlier reply.
    """
    last = reply.chat.messages.in_order().last()
    if last is not None and last.is_open:
        raise StillAnswering
    if last is None or last.pk != reply.pk:
        raise NotTheLast
    try:
        with transaction.atomic():
            Chat.objects.filter(pk=reply.chat_id).update(changed=timezone.now(), model=model)
            return _reply_to(_question_of(reply), model)
    except IntegrityError:
        raise StillAnswering from None


def _ask(chat, parent, text, model, request_id) -> Message:
    words = Message.objects.create(
        owner_id=chat.owner_id,
        chat=chat,
        parent=parent,
        role=Role.PERSON,
        content=text,
        request_id=request_id,
    )
    return _reply_to(words, model)


def _reply_to(words: Message, model: str) -> Message:
    return Message.objects.create(
        owner_id=words.owner_id,
        chat_id=words.chat_id,
        parent=words,
        role=Role.ASSISTANT,
        state=State.WAITING,
        model=model,
        process_id=this_process(),
    )


def _question_of(reply: Message) -> Message:
    assert reply.parent is not None, "the database refuses a reply without a question"
    return reply.parent


def _asked_before(user, request_id: uuid.UUID | None) -> Message:
    words = user.messages.get(request_id=request_id)
    return words.replies.in_order().last()


def title_from(text: str) -> str:
    """The first line of the first question, until somebody finds a better one."""
    line = next((line.strip("#>*- \t") for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 60 else line[:59].rsplit(" ", 1)[0] + "…"


def this_process() -> uuid.UUID:
    """The id of this process's heartbeat, beating as of now."""
    global _process
    with _process_lock:
        if _process is None or _process[0] != os.getpid():
            _process = (os.getpid(), uuid.uuid4())
        key = _process[1]
    if not Heartbeat.objects.filter(pk=key).update(seen=Now()):
        Heartbeat.objects.create(
            pk=key, kind=Heartbeat.Kind.WEB, host=settings.HOST_NAME, pid=os.getpid()
        )
    return key


def claim(reply: Message) -> bool:
    """Take a place at the model server for `reply`, in order of arrival.

    One row per model is the lock. On SQLite, where `select_for_update` does nothing, the
    transaction itself is exclusive (BEGIN IMMEDIATE).
    """
    with transaction.atomic():
        Line.objects.get_or_create(model=reply.model)
        Line.objects.select_for_update().get(model=reply.model)
        first = _first_in_line(reply.model)
        if first != reply.pk:
            return False
        return bool(
            Message.objects.filter(pk=reply.pk, state=State.WAITING).update(
                state=State.RUNNING, process_id=this_process()
            )
        )


def _first_in_line(model: str) -> uuid.UUID | None:
    """Who may go next: nobody while all places are taken; a person with enough runs waits."""
    running = Message.objects.filter(state=State.RUNNING)
    if running.filter(model=model).count() >= settings.OLLAMA_PARALLEL:
        return None
    runs: dict[uuid.UUID, int] = {}
    for owner in running.values_list("owner_id", flat=True):
        runs[owner] = runs.get(owner, 0) + 1
    waiting = Message.objects.filter(model=model, state=State.WAITING).in_order()
    for key, owner in waiting.values_list("pk", "owner_id"):
        if runs.get(owner, 0) < settings.RUNS_PER_USER:
            return key
    return None


def place_in_line(reply: Message) -> int:
    """1 when `reply` is next, 0 when it doesn't wait."""
    return (
        Message.objects.filter(model=reply.model, state=State.WAITING)
        .filter(Q(created__lt=reply.created) | Q(created=reply.created, pk__lte=reply.pk))
        .count()
    )


def close(reply: Message, state: State, **fields) -> bool:
    """Close `reply` if nobody has closed it before; `fields` may hold sealed values."""
    return bool(
        Message.objects.filter(pk=reply.pk, state__in=OPEN).update(
            state=state, closed=timezone.now(), process=None, **fields
        )
    )


def close_dead() -> int:
    """Close the replies whose process died; their text so far stays. Returns how many."""
    limit = Now() - datetime.timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    late = Q(process__isnull=True) | Q(process__seen__lt=limit)
    gone = [
        process.pk
        for process in Heartbeat.objects.filter(
            host=settings.HOST_NAME, pk__in=Message.objects.open().values("process")
        )
        if not _is_alive(process.pid)
    ]
    dead = list(
        Message.objects.open().filter(late | Q(process__in=gone)).values_list("pk", flat=True)
    )
    if not dead:
        return 0
    return Message.objects.filter(pk__in=dead, state__in=OPEN).update(
        state=State.INTERRUPTED, reason="restarted", closed=timezone.now(), process=None
    )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
