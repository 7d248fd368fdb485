"""The life of a reply in the database: asked, claimed, saved, closed once, found dead."""

import datetime
import os
import threading
import uuid
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext

from accounts import changes, tags
from ahfai.models import Heartbeat
from chats import drafts
from chats.models import OPEN, Chat, Line, Message, Role, State
from chats.tree import Tree

# Each open reply has a thread of its own.
MAX_OPEN_PER_PERSON = 100

_process_lock = threading.Lock()
_process: tuple[int, uuid.UUID] | None = None


class StillAnswering(Exception):
    """The chat has a reply that isn't finished."""


class NothingToContinue(Exception):
    """The reply is complete, or has no text to go on from."""


class OnlyVersion(Exception):
    """Nothing would stand in its place; the chat as a whole can be deleted."""


class TooManyOpen(Exception):
    """This person has MAX_OPEN_PER_PERSON replies in line or being written."""


def start(
    user, text: str, model: str, request_id: uuid.UUID | None, steering: dict | None = None
) -> tuple[Message, bool]:
    """A new chat with its first question, steered as a preset's `steering.values` say.

    Returns the reply, and whether it is a new one. Raises TooManyOpen.
    """

    def store(request_id, process):
        number = changes.next_number(user.pk)
        title = title_from(text)
        chat = Chat.objects.create(
            owner=user, title=title, model=model, change_number=number, **(steering or {})
        )
        drafts.drop(user, None)
        return _ask(chat, _Place(None, None, number), None, text, model, request_id, process)

    _check_open(user)
    return _once(user, text, request_id, store)


def ask(chat: Chat, text: str, model: str, request_id: uuid.UUID | None) -> tuple[Message, bool]:
    """Store the person's words and the empty reply together: from here on nothing is lost.

    Raises StillAnswering while the chat's last reply is being written, TooManyOpen, and
    Chat.DoesNotExist when the chat was deleted or put into the trash meanwhile.
    """

    def store(request_id, process):
        place = _place_in(chat, model)
        drafts.drop(chat.owner, chat)
        return _ask(chat, place, place.current, text, model, request_id, process)

    _check_open(chat.owner)
    return _once(chat.owner, text, request_id, store, chat)


def edit(
    message: Message, text: str, model: str, request_id: uuid.UUID | None
) -> tuple[Message, bool]:
    """Other words in the place of a person's message; the earlier ones stay in the tree.

    Raises what `ask` raises, and Message.DoesNotExist when the message was deleted meanwhile.
    """
    chat = message.chat

    def store(request_id, process):
        place = _place_in(chat, model)
        parent = chat.messages.get(pk=message.pk).parent
        return _ask(chat, place, parent, text, model, request_id, process)

    _check_open(chat.owner)
    return _once(chat.owner, text, request_id, store, chat)


def show(message: Message) -> None:
    """Make the branch of `message` the one that is shown, down to its newest answer."""
    leaf = Tree(message.chat.messages.in_order()).leaf(message.pk)
    Chat.objects.filter(pk=message.chat_id).update(current=leaf)


def delete_version(message: Message) -> list[uuid.UUID]:
    """Delete `message` with all that grew from it, and show its neighbour instead.

    Returns the replies that were being written. Raises OnlyVersion, Message.DoesNotExist.
    """
    with transaction.atomic():
        Chat.objects.select_for_update().filter(pk=message.chat_id).first()
        tree = Tree(message.chat.messages.in_order())
        step = tree.step(message.chat.messages.get(pk=message.pk))
        neighbour = step.before or step.after
        if neighbour is None:
            raise OnlyVersion
        gone = tree.under(message)
        growing = [one.pk for one in gone if one.is_open]
        changes.bury(message.owner_id, [one.pk for one in gone])
        Chat.objects.filter(pk=message.chat_id).update(current=tree.leaf(neighbour))
        message.delete()
    return growing


def try_again(reply: Message, model: str) -> Message:
    """Another reply to the same words; the earlier one stays in the tree.

    Raises StillAnswering when one is on its way already, TooManyOpen, and Chat.DoesNotExist or
    Message.DoesNotExist when it was deleted meanwhile.
    """
    return _another(reply, model)


def carry_on(reply: Message, model: str) -> Message:
    """Another reply that begins with the text of `reply` and goes on from there.

    Raises NothingToContinue, and what `try_again` raises.
    """
    if not reply.can_continue:
        raise NothingToContinue
    return _another(reply, model, content=reply.content, thinking=reply.thinking)


def delete(chat: Chat) -> list[uuid.UUID]:
    """Delete `chat` with all its messages. Returns the replies that were being written.

    The chat is locked first: a question that is being stored comes before or not at all.
    """
    with transaction.atomic():
        if not Chat.objects.select_for_update().filter(pk=chat.pk).exists():
            return []
        growing = list(chat.messages.open().values_list("pk", flat=True))
        changes.bury(chat.owner_id, [chat.pk])
        chat.delete()
        tags.drop_unused(chat.owner)
    return growing


def _another(reply: Message, model: str, **begin) -> Message:
    _check_open(reply.chat.owner)
    process = this_process()
    with transaction.atomic():
        place = _place_in(reply.chat, model)
        words = reply.chat.messages.get(replies=reply.pk)
        return _reply_to(words, place, model, process, **begin)


def _once(user, text, request_id, store, chat=None) -> tuple[Message, bool]:
    """Run `store` in a transaction, unless this very request has been stored before.

    Other words under an old id are a new question: a page may keep its id while the person
    rewrites what did not seem to get through.
    """
    words = _stored(user, request_id)
    if words and _is_resend(words, text, chat):
        return words.last_reply, False
    # Before the transaction: a heartbeat that two threads insert would undo the question.
    process = this_process()
    try:
        with transaction.atomic():
            return store(None if words else request_id, process), True
    except IntegrityError:
        # The twin of this request was quicker by a moment.
        words = _stored(user, request_id)
        if not words or not _is_resend(words, text, chat):
            raise
        return words.last_reply, False


def _stored(user, request_id: uuid.UUID | None) -> Message | None:
    return user.messages.filter(request_id=request_id).first() if request_id else None


def _is_resend(words: Message, text: str, chat: Chat | None) -> bool:
    return words.content == text and (chat is None or words.chat_id == chat.pk)


def _check_open(user) -> None:
    if user.messages.open().count() >= MAX_OPEN_PER_PERSON:
        raise TooManyOpen


@dataclass(frozen=True)
class _Place:
    """Where a chat goes on: its newest message, the end of the branch that is shown, and the
    number of this change."""

    newest: Message | None
    current: Message | None
    number: int


def _place_in(chat: Chat, model: str) -> _Place:
    """Nobody else can add to the chat until the transaction's end.

    The update comes first, since it is what locks the chat on PostgreSQL.
    """
    now = timezone.now()
    if not Chat.objects.living().filter(pk=chat.pk).update(changed=now, model=model):
        raise Chat.DoesNotExist
    if chat.messages.open().exists():
        raise StillAnswering
    newest = chat.messages.in_order().last()
    current = Chat.objects.select_related("current").get(pk=chat.pk).current
    return _Place(newest, current or newest, changes.next_number(chat.owner_id))


def _ask(chat, place, parent, text, model, request_id, process) -> Message:
    words = Message.objects.create(
        owner_id=chat.owner_id,
        chat=chat,
        parent=parent,
        role=Role.PERSON,
        content=text,
        request_id=request_id,
        created=_after(place.newest),
        change_number=place.number,
    )
    return _reply_to(words, replace(place, newest=words), model, process)


def _reply_to(words: Message, place: _Place, model: str, process: uuid.UUID, **begin) -> Message:
    reply = Message.objects.create(
        owner_id=words.owner_id,
        chat_id=words.chat_id,
        parent=words,
        role=Role.ASSISTANT,
        state=State.WAITING,
        model=model,
        process_id=process,
        created=_after(place.newest),
        change_number=place.number,
        **begin,
    )
    Chat.objects.filter(pk=words.chat_id).update(current=reply)
    return reply


def _after(last: Message | None) -> datetime.datetime:
    """Now, but later than `last` in any case: a clock may be set back between two messages."""
    now = timezone.now()
    return now if last is None else max(now, last.created + datetime.timedelta(microseconds=1))


def title_from(text: str) -> str:
    """The first line that holds a word, until somebody finds a better title."""
    lines = (line.strip("#>*- \t") for line in text.splitlines())
    line = next(filter(None, lines), "") or gettext("New chat")
    return line if len(line) <= 60 else line[:59].rsplit(" ", 1)[0] + "…"


def this_process() -> uuid.UUID:
    """The id of this process's heartbeat, beating as of now."""
    global _process
    with _process_lock:
        if _process is None or _process[0] != os.getpid():
            _process = (os.getpid(), uuid.uuid4())
        key = _process[1]
    if not Heartbeat.objects.filter(pk=key).update(seen=Now()):
        beat = Heartbeat(pk=key, kind=Heartbeat.Kind.WEB, host=settings.HOST_NAME, pid=os.getpid())
        # Two threads may come here together.
        Heartbeat.objects.bulk_create([beat], ignore_conflicts=True)
    return key


def claim(reply: Message) -> bool:
    """Take a place at the model server for `reply`, in order of arrival.

    One row is the lock for all models, since RUNS_PER_USER counts across them. On SQLite,
    where `select_for_update` does nothing, the transaction itself is exclusive (BEGIN
    IMMEDIATE).
    """
    # Most looks end here, without a lock.
    if _first_in_line(reply.model) != reply.pk:
        return False
    process = this_process()
    Line.objects.bulk_create([Line()], ignore_conflicts=True)
    with transaction.atomic():
        Line.objects.select_for_update().get()
        if _first_in_line(reply.model) != reply.pk:
            return False
        return bool(
            Message.objects.filter(pk=reply.pk, state=State.WAITING).update(
                state=State.RUNNING, process_id=process
            )
        )


def claim_for_title(reply: Message) -> bool:
    """Take a place at the model server to name the chat of `reply`, if one is free and nobody
    waits for it; `Chat.titling` holds it."""
    process = this_process()
    Line.objects.bulk_create([Line()], ignore_conflicts=True)
    with transaction.atomic():
        Line.objects.select_for_update().get()
        if Message.objects.open().filter(model=reply.model).exists() or not _has_place(reply.model):
            return False
        return bool(
            Chat.objects.filter(~_beating("titling_id"), pk=reply.chat_id, titled=False).update(
                titling=process
            )
        )


def is_naming(chat: Chat) -> bool:
    """Whether some process has the model find a title for `chat` just now."""
    return Chat.objects.filter(_beating("titling_id"), pk=chat.pk, titled=False).exists()


def give_back(reply: Message) -> None:
    """Back to the line, since nothing has been written yet; `created` keeps its place there."""
    Message.objects.filter(pk=reply.pk, state=State.RUNNING).update(state=State.WAITING)


def _first_in_line(model: str) -> uuid.UUID | None:
    """Who may go next: nobody while all places are taken; a person with enough runs waits.

    What a dead process left behind neither holds a place nor stands in the way.
    """
    if not _has_place(model):
        return None
    alive = Message.objects.filter(_beating())
    running = alive.filter(state=State.RUNNING)
    runs: dict[uuid.UUID, int] = {}
    for owner in running.values_list("owner_id", flat=True):
        runs[owner] = runs.get(owner, 0) + 1
    waiting = alive.filter(model=model, state=State.WAITING).in_order()
    for key, owner in waiting.values_list("pk", "owner_id"):
        if runs.get(owner, 0) < settings.RUNS_PER_USER:
            return key
    return None


def _has_place(model: str) -> bool:
    running = Message.objects.filter(_beating(), state=State.RUNNING, model=model).count()
    naming = Chat.objects.filter(_beating("titling_id"), model=model).count()
    return running + naming < settings.OLLAMA_PARALLEL


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
    """Close the replies whose process died; their text so far stays. Returns how many.

    Whether the process beats is asked again in the update itself: it may have come back.
    """
    here = Heartbeat.objects.filter(
        host=settings.HOST_NAME, pk__in=Message.objects.open().values("process")
    )
    gone = [process.pk for process in here if not _is_alive(process.pid)]
    dead = Message.objects.open().filter(~_beating() | Q(process_id__in=gone))
    # A look first: an update takes SQLite's write lock even when it finds nothing.
    if not dead.exists():
        return 0
    return dead.update(
        state=State.INTERRUPTED, reason="restarted", closed=timezone.now(), process=None
    )


def _beating(column: str = "process_id") -> Exists:
    limit = Now() - datetime.timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    return Exists(Heartbeat.objects.filter(pk=OuterRef(column), seen__gte=limit))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
