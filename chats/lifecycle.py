"""The life of a reply in the database: asked, claimed, saved, closed once, found dead."""

import datetime
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext

from accounts import changes, tags
from accounts.programs import webhooks
from ahfai.models import Heartbeat
from chats import attachments, context, drafts, hosts, servers, sources, tooluse
from chats.models import OPEN, Chat, Line, Message, Role, State, TemporaryPlace
from chats.tree import Tree

# Each open reply has a thread of its own.
MAX_OPEN_PER_PERSON = 100

BEAT_EVERY_S = 5


@dataclass
class _Process:
    """`beaten` is when it last wrote its heartbeat, on the monotonic clock."""

    pid: int
    key: uuid.UUID
    beaten: float = -BEAT_EVERY_S


_process_lock = threading.Lock()
_process: _Process | None = None


class StillAnswering(Exception):
    """The chat has a reply that isn't finished."""


class NothingToContinue(Exception):
    """The reply is complete, or has no text to go on from."""


class OnlyVersion(Exception):
    """Nothing would stand in its place; the chat as a whole can be deleted."""


class TooManyOpen(Exception):
    """This person has MAX_OPEN_PER_PERSON replies in line or being written."""


@dataclass(frozen=True)
class Answered:
    """An answer that needs no model: its text, and what stores what comes with it, in the same
    transaction."""

    text: str
    keep: Callable[[Message], None]


def start(
    user,
    text: str,
    model: str,
    request_id: uuid.UUID | None,
    answered: Answered | None = None,
    attached: Sequence[uuid.UUID] = (),
    from_box: bool = True,
    **steering,
) -> tuple[Message, bool]:
    """A new chat with its first question, steered as a preset's `steering.values` say. What comes
    `from_box` was in the message box of the page until now, where the rest of it is dropped.

    Returns the reply, and whether it is a new one that a model is to write. Raises TooManyOpen, and
    `attachments.Gone` where a file that is `attached` isn't there.
    """

    def store(request_id, process):
        number = changes.next_number(user.pk)
        title = title_from(text or attachments.name_of_first(user, attached))
        chat = Chat.objects.create(
            owner=user, title=title, model=model, change_number=number, **steering
        )
        webhooks.happened(user.pk, "chat.created", [chat.pk])
        if from_box:
            drafts.drop(user, None)
        place = _Place(None, None, number, _line(user.pk))
        return _ask(chat, place, None, text, model, request_id, process, answered, attached)

    reply, fresh = _once(user, text, request_id, store)
    return reply, fresh and not answered


def ask(
    chat: Chat,
    text: str,
    model: str,
    request_id: uuid.UUID | None,
    after: uuid.UUID | None = None,
    answered: Answered | None = None,
    attached: Sequence[uuid.UUID] = (),
    from_box: bool = True,
) -> tuple[Message, bool]:
    """Store the person's words and the empty reply together: from here on nothing is lost.

    `after` is the message that the person saw last: another tab may show another branch since.
    Raises StillAnswering while the chat's last reply is being written, TooManyOpen,
    Chat.DoesNotExist when the chat was deleted or put into the trash meanwhile,
    Message.DoesNotExist when that message was, and `attachments.Gone` as `start` does.
    """

    def store(request_id, process):
        place = _place_in(chat)
        if from_box:
            drafts.drop(chat.owner, chat)
        parent_id = _end_of_branch(chat, place.current, after)
        return _ask(chat, place, parent_id, text, model, request_id, process, answered, attached)

    reply, fresh = _once(chat.owner, text, request_id, store, chat)
    return reply, fresh and not answered


def edit(
    message: Message,
    text: str,
    model: str,
    request_id: uuid.UUID | None,
    answered: Answered | None = None,
    attached: Sequence[uuid.UUID] = (),
) -> tuple[Message, bool]:
    """Other words in the place of a person's message; the earlier ones stay in the tree.

    Raises what `ask` raises, and Message.DoesNotExist when the message was deleted meanwhile.
    """
    chat = message.chat

    def store(request_id, process):
        place = _place_in(chat)
        parent_id = chat.messages.get(pk=message.pk).parent_id
        return _ask(chat, place, parent_id, text, model, request_id, process, answered, attached)

    reply, fresh = _once(chat.owner, text, request_id, store, chat)
    return reply, fresh and not answered


def show(message: Message) -> None:
    """Make the branch of `message` the one that is shown, down to its newest answer."""
    leaf = Tree(message.chat.messages.in_order()).leaf(message.pk)
    Chat.objects.filter(pk=message.chat_id).update(current=leaf)


def delete_version(message: Message) -> list[uuid.UUID]:
    """Delete `message` with all that grew from it, and show its neighbour instead where it was
    shown.

    Returns the replies that were being written. Raises OnlyVersion, and Chat.DoesNotExist or
    Message.DoesNotExist when it was deleted meanwhile.
    """
    with transaction.atomic():
        chat = Chat.objects.select_for_update().get(pk=message.chat_id)
        tree = Tree(chat.messages.in_order())
        shown = [step.message for step in tree.shown(chat.current_id)]
        step = tree.step(chat.messages.get(pk=message.pk))
        neighbour = step.before or step.after
        if neighbour is None:
            raise OnlyVersion
        gone = tree.under(message)
        growing = [one.pk for one in gone if one.is_open]
        changes.bury(message.owner_id, [one.pk for one in gone])
        webhooks.happened(chat.owner_id, "chat.changed", [chat.pk])
        # Another tab may show another branch since.
        if message in shown:
            Chat.objects.filter(pk=chat.pk).update(current=tree.leaf(neighbour))
        message.delete()
    return growing


def try_again(
    reply: Message, model: str, request_id: uuid.UUID | None = None
) -> tuple[Message, bool]:
    """Another reply to the same words; the earlier one stays in the tree.

    Returns it, and whether it is a new one. Raises StillAnswering when one is on its way already,
    TooManyOpen, and Chat.DoesNotExist or Message.DoesNotExist when it was deleted meanwhile.
    """
    return _another(reply, model, request_id)


def carry_on(
    reply: Message, model: str, request_id: uuid.UUID | None = None
) -> tuple[Message, bool]:
    """Another reply that begins with the text of `reply`, up to its last word, and goes on there.

    Returns what `try_again` returns. Raises NothingToContinue, and what that raises.
    """
    if not reply.can_continue:
        raise NothingToContinue
    so_far = context.up_to_last_word(reply.content)
    return _another(reply, model, request_id, content=so_far, thinking=reply.thinking)


def delete(chat: Chat) -> list[uuid.UUID]:
    """Delete `chat` with all its messages. Returns the replies that were being written.

    The chat is locked first: a question that is being stored comes before or not at all.
    """
    with transaction.atomic():
        if not Chat.objects.select_for_update().filter(pk=chat.pk).exists():
            return []
        growing = list(chat.messages.open().values_list("pk", flat=True))
        changes.bury(chat.owner_id, [chat.pk])
        webhooks.happened(chat.owner_id, "chat.deleted", [chat.pk])
        chat.delete()
        tags.drop_unused(chat.owner)
    return growing


def _another(
    reply: Message, model: str, request_id: uuid.UUID | None, **begin
) -> tuple[Message, bool]:
    process = this_process()
    try:
        with transaction.atomic():
            place = _place_in(reply.chat)
            words = reply.chat.messages.get(replies=reply.pk)
            words.chat = reply.chat
            another = _reply_to(words, place, model, process, request_id=request_id, **begin)
            another.save(force_insert=True)
            if begin:
                # The numbers that it says already are those of what was read for its beginning.
                sources.take_over(reply, another)
                tooluse.take_over(reply, another)
            _go_on(another)
    except (IntegrityError, StillAnswering, TooManyOpen, ObjectDoesNotExist):
        stored = _stored(reply.owner, request_id)
        if stored is None or stored.parent_id != reply.parent_id:
            raise
        return stored, False
    return another, True


def _once(user, text, request_id, store, chat=None) -> tuple[Message, bool]:
    """Run `store` in a transaction, unless this very request has been stored before.

    Other words under an old id are a new question: a page may keep its id while the person
    rewrites what did not seem to get through.
    """
    # Before the transaction: a heartbeat that two threads insert would undo the question.
    process = this_process()
    try:
        with transaction.atomic():
            return store(request_id, process), True
    except (IntegrityError, StillAnswering, TooManyOpen, ObjectDoesNotExist) as refusal:
        # Most requests come once, so this is looked up when the database refuses the second.
        words = _stored(user, request_id)
        if words and _is_resend(words, text, chat):
            return words.last_reply, False
        if not words or not isinstance(refusal, IntegrityError):
            raise
    with transaction.atomic():
        return store(None, process), True


def _stored(user, request_id: uuid.UUID | None) -> Message | None:
    return user.messages.filter(request_id=request_id).first() if request_id else None


def _is_resend(words: Message, text: str, chat: Chat | None) -> bool:
    return words.content == text and (chat is None or words.chat_id == chat.pk)


class _Open(NamedTuple):
    """A reply in line or being written; `alive` if its process is. The chat of one in a temporary
    chat is its own id."""

    key: uuid.UUID
    owner: uuid.UUID
    chat: uuid.UUID
    model: str
    server: str
    state: str
    alive: bool


@dataclass(frozen=True)
class _Place:
    """Where a chat goes on: when its newest message was made, the end of the branch that is shown,
    the number of this change, and who is in line."""

    newest: datetime.datetime | None
    current: uuid.UUID | None
    number: int
    line: list[_Open]


def _place_in(chat: Chat) -> _Place:
    """Nobody else can add to the chat until the transaction's end."""
    mine = Chat.objects.living().select_for_update().filter(pk=chat.pk)
    current = mine.values_list("current", flat=True).get()
    newest, created = chat.messages.in_order().values_list("pk", "created").last() or (None, None)
    number = changes.next_number(chat.owner_id)
    line = _line(chat.owner_id)
    if any(one.chat == chat.pk for one in line):
        raise StillAnswering
    return _Place(created, current or newest, number, line)


def _end_of_branch(
    chat: Chat, current: uuid.UUID | None, after: uuid.UUID | None
) -> uuid.UUID | None:
    """Where a question goes of somebody who saw `after` last: what came below it meanwhile is
    before the question, but not what stands on another branch."""
    if after is None or after == current:
        return current
    tree = Tree(chat.messages.only("pk", "chat_id", "parent_id").in_order())
    seen, end = tree.get(str(after)), tree.get(str(current))
    if seen is None:
        raise Message.DoesNotExist
    if end and seen in tree.path_to(end):
        return current
    leaf = tree.leaf(seen.pk)
    return leaf.pk if leaf else current


def _line(owner_id: uuid.UUID) -> list[_Open]:
    """Who is in line, which stays so until the transaction's end. Raises TooManyOpen."""
    _hold_line()
    line = _all_open()
    if sum(one.owner == owner_id for one in line) >= MAX_OPEN_PER_PERSON:
        raise TooManyOpen
    return line


def _ask(
    chat, place, parent_id, text, model, request_id, process, answered=None, attached=()
) -> Message:
    words = Message(
        owner_id=chat.owner_id,
        chat=chat,
        parent_id=parent_id,
        role=Role.PERSON,
        content=text,
        request_id=request_id,
        created=_after(place.newest),
        change_number=place.number,
    )
    reply = _reply_to(words, replace(place, newest=words.created), model, process)
    if answered:
        reply.state, reply.content, reply.model = State.DONE, answered.text, ""
        reply.process_id, reply.closed = None, timezone.now()
    Message.objects.bulk_create([words, reply])
    attachments.keep(words, attached)
    if answered:
        answered.keep(reply)
    _go_on(reply)
    return reply


def _reply_to(words: Message, place: _Place, model: str, process: uuid.UUID, **begin) -> Message:
    """The empty reply. Where nobody is before it, it has its place at the model server already."""
    ready = servers.is_ready()
    server = _server_for(place.line, model, words.owner_id) if ready else None
    return Message(
        owner_id=words.owner_id,
        chat=words.chat,
        parent=words,
        role=Role.ASSISTANT,
        state=State.WAITING if server is None else State.RUNNING,
        model=model,
        server=server or "",
        process_id=process,
        created=_after(place.newest),
        change_number=place.number,
        **begin,
    )


def _go_on(reply: Message) -> None:
    now = timezone.now()
    # What no model has answered leaves the chat its own.
    used = {"model": reply.model} if reply.model else {}
    Chat.objects.filter(pk=reply.chat_id).update(changed=now, current=reply, **used)


def _after(last: datetime.datetime | None) -> datetime.datetime:
    """Now, but later than `last` in any case: a clock may be set back between two messages."""
    now = timezone.now()
    return now if last is None else max(now, last + datetime.timedelta(microseconds=1))


def title_from(text: str) -> str:
    """The first line that holds a word, until somebody finds a better title."""
    lines = (line.strip("#>*- \t") for line in text.splitlines())
    line = next(filter(None, lines), "") or gettext("New chat")
    return line if len(line) <= 60 else line[:59].rsplit(" ", 1)[0] + "…"


def this_process() -> uuid.UUID:
    """The id of this process's heartbeat, which has beaten within BEAT_EVERY_S."""
    global _process
    with _process_lock:
        if _process is None or _process.pid != os.getpid():
            _process = _Process(os.getpid(), uuid.uuid4())
        process = _process
    now = time.monotonic()
    # A row that has just been written is there: only those that are old for days are deleted.
    if now - process.beaten < BEAT_EVERY_S:
        return process.key
    if not Heartbeat.objects.filter(pk=process.key).update(seen=Now()):
        beat = Heartbeat(
            pk=process.key, kind=Heartbeat.Kind.WEB, host=settings.HOST_NAME, pid=process.pid
        )
        # Two threads may come here together.
        Heartbeat.objects.bulk_create([beat], ignore_conflicts=True)
    process.beaten = now
    return process.key


def forget_process() -> None:
    """The heartbeat's row is gone, as after each test."""
    global _process
    _process = None


def claim(reply: Message | TemporaryPlace, without: Collection[str] = ()) -> bool:
    """Take a place at a model server for `reply`, in order of arrival, though at none of those that
    it is to do `without`; `reply.server` says at which."""
    # Most looks end here, without a lock.
    if _server_for(_all_open(), reply.model, reply.owner_id, reply.pk, without) is None:
        return False
    process = this_process()
    with transaction.atomic():
        _hold_line()
        server = _server_for(_all_open(), reply.model, reply.owner_id, reply.pk, without)
        if server is None:
            return False
        waiting = _row_of(reply).filter(state=State.WAITING)
        claimed = waiting.update(state=State.RUNNING, process_id=process, server=server)
    reply.server = server
    return bool(claimed)


def take_place(user, model: str) -> TemporaryPlace:
    """A place at the end of the line, or at the model server where nobody is before it, for a reply
    that isn't kept. Raises TooManyOpen."""
    process = this_process()
    with transaction.atomic():
        server = _server_for(_line(user.pk), model, user.pk)
        goes = server is not None and servers.is_ready()
        return TemporaryPlace.objects.create(
            owner=user,
            model=model,
            server=server or "",
            state=State.RUNNING if goes else State.WAITING,
            process_id=process,
        )


def leave_place(place: TemporaryPlace) -> None:
    _row_of(place).delete()


def _row_of(reply: Message | TemporaryPlace) -> QuerySet:
    return type(reply)._default_manager.filter(pk=reply.pk)


def claim_for_title(reply: Message) -> str | None:
    """Take a place at a model server to name the chat of `reply`, if one is free and nobody waits
    for it; `Chat.titling` holds it. Returns the server's name: that which wrote the reply, if it
    can be, since it has read the chat."""
    process = this_process()
    with transaction.atomic():
        # The chat first, as a question does it that is stored meanwhile.
        Chat.objects.select_for_update().filter(pk=reply.chat_id).first()
        _hold_line()
        if is_waited_for(reply.model):
            return None
        taken = _taken(_all_open())
        free = _free(reply.model, taken)
        server = reply.server if reply.server in free else _least_busy(free, taken, reply.model)
        if server is None:
            return None
        chats = Chat.objects.filter(~_beating("titling"), pk=reply.chat_id, titled=False)
        claimed = chats.update(titling=process, titling_server=server)
        return server if claimed else None


def give_back_title(reply: Message) -> None:
    """The place that `claim_for_title` took."""
    Chat.objects.filter(pk=reply.chat_id).update(titling=None)


def is_waited_for(model: str) -> bool:
    """Whether somebody stands in line for `model`."""
    return any(
        rows.filter(model=model, state=State.WAITING).exists()
        for rows in (Message.objects, TemporaryPlace.objects)
    )


def is_naming(chat: Chat) -> bool:
    """Whether some process has the model find a title for `chat` just now."""
    return Chat.objects.filter(_beating("titling"), pk=chat.pk, titled=False).exists()


def runs_alone(reply_id: uuid.UUID) -> bool:
    """Whether no other reply than this one is being written."""
    return not any(one.state == State.RUNNING and one.key != reply_id for one in _all_open())


def give_back(reply: Message | TemporaryPlace) -> None:
    """Back to the line, since nothing has been written yet; `created` keeps its place there."""
    _row_of(reply).filter(state=State.RUNNING).update(state=State.WAITING)


def leave_to_others(reply: Message) -> bool:
    """Let go of `reply`, of which nothing has been written; its place in line stays. False where it
    is over, or nobody wants it any more."""
    mine = Message.objects.open().filter(pk=reply.pk, stop_asked=False)
    return bool(mine.update(state=State.WAITING, process=None))


def take_over(reply: Message) -> bool:
    """Whether this process goes on with `reply`, which another one has left."""
    process = this_process()
    left = Message.objects.left_to_others().filter(pk=reply.pk)
    return bool(left.update(process=process))


def _hold_line() -> None:
    """Until the end of the transaction nobody else is given a place.

    One row is the lock for all models, since RUNS_PER_USER counts across them. On SQLite,
    where `select_for_update` does nothing, the transaction itself is exclusive (BEGIN
    IMMEDIATE).
    """
    if not connection.features.has_select_for_update:
        return
    if Line.objects.select_for_update().first() is None:
        Line.objects.bulk_create([Line()], ignore_conflicts=True)
        Line.objects.select_for_update().get()


def _all_open() -> list[_Open]:
    return [
        _Open(_uuid(key), _uuid(owner), _uuid(chat), model, server, state, bool(alive))
        for key, owner, chat, model, server, state, alive, _created in _rows(_open_query)
    ]


def _open_query() -> QuerySet:
    names = ("id", "owner_id", "chat_id", "model", "server", "state", "alive", "created")
    kept = Message.objects.open().annotate(alive=_beating()).values_list(*names)
    temporary = TemporaryPlace.objects.annotate(alive=_beating(), chat_id=F("id"))
    return kept.union(temporary.values_list(*names), all=True).order_by("created", "id")


def _titling_query() -> QuerySet:
    """The models that are making a title, and where."""
    return Chat.objects.filter(_beating("titling")).values_list("model", "titling_server")


def _rows(query: Callable[[], QuerySet]) -> list[tuple]:
    """As the database has them. Each question asks this, and building the SQL of a query takes
    Django several times as long as the database needs for the answer."""
    with connection.cursor() as cursor:
        cursor.execute(*_sql(query, connection.vendor))
        return cursor.fetchall()


@cache
def _sql(query: Callable[[], QuerySet], vendor: str) -> tuple[str, tuple]:
    """The SQL of a query that is always the same, for the kind of database in use."""
    return query().query.sql_with_params()


def _uuid(stored: str | uuid.UUID) -> uuid.UUID:
    """SQLite has no type for it."""
    return stored if isinstance(stored, uuid.UUID) else uuid.UUID(stored)


def _server_for(
    line: list[_Open],
    model: str,
    owner_id: uuid.UUID,
    key: uuid.UUID | None = None,
    without: Collection[str] = (),
) -> str | None:
    """The name of the model server where the waiting reply `key`, or a new one at the end of the
    line, gets a place now: the least busy one. None where it has to wait.

    A person with enough runs waits and lets others pass. What a dead process left behind neither
    holds a place nor stands in the way.
    """
    runs = Counter(one.owner for one in line if one.alive and one.state == State.RUNNING)
    taken = _taken(line)
    free = _free(model, taken, without)
    left = sum(free.values())
    for one in line:
        waits = one.alive and one.state == State.WAITING and one.model == model
        if left < 1 or one.key == key:
            break
        if waits and runs[one.owner] < settings.RUNS_PER_USER:
            runs[one.owner] += 1
            left -= 1
    else:
        if key is not None:
            # It doesn't wait any more.
            return None
    if left < 1 or runs[owner_id] >= settings.RUNS_PER_USER:
        return None
    return _least_busy(free, taken, model)


def _taken(line: list[_Open]) -> Counter[tuple[str, str]]:
    """How many places replies and the making of titles have, by server and model.

    A place at a server that the settings no longer name counts at the first one, so that never
    more are given than there are.
    """
    names = hosts.names()
    running = [(one.model, one.server) for one in line if one.alive and one.state == State.RUNNING]
    return Counter(
        (server if server in names else names[0], model)
        for model, server in [*running, *_rows(_titling_query)]
    )


def busy() -> Counter[str]:
    """How many replies and titles each model server is writing, by its name."""
    found: Counter[str] = Counter()
    for (name, _model), number in _taken(_all_open()).items():
        found[name] += number
    return found


def _free(
    model: str, taken: Counter[tuple[str, str]], without: Collection[str] = ()
) -> dict[str, int]:
    """How many places are free, at each server that `model` can be asked at and has any."""
    free = {
        name: settings.OLLAMA_PARALLEL - taken[name, model] for name in hosts.able(model, without)
    }
    return {name: number for name, number in free.items() if number > 0}


def _least_busy(free: dict[str, int], taken: Counter[tuple[str, str]], model: str) -> str | None:
    """Of equally busy ones, one that has the model in its memory; of those, the first."""
    busy: Counter[str] = Counter()
    for (name, _model), number in taken.items():
        busy[name] += number
    return min(free, key=lambda name: (busy[name], not hosts.has_loaded(name, model)), default=None)


def place_in_line(reply: Message | TemporaryPlace) -> int:
    """1 when `reply` is next, 0 when it doesn't wait."""
    line = [
        one.key for one in _all_open() if one.model == reply.model and one.state == State.WAITING
    ]
    return line.index(reply.pk) + 1 if reply.pk in line else 0


def close(reply: Message, state: State, **fields) -> bool:
    """Close `reply` if nobody has closed it before; `fields` may hold sealed values."""
    with transaction.atomic():
        closed = Message.objects.filter(pk=reply.pk, state__in=OPEN).update(
            state=state, closed=timezone.now(), process=None, **fields
        )
        if closed:
            is_whole = state not in (State.FAILED, State.INTERRUPTED)
            what = "reply.finished" if is_whole else "reply.failed"
            webhooks.happened(reply.owner_id, what, [reply.pk])
    return bool(closed)


def close_dead() -> int:
    """Close the replies whose process died; their text so far stays. Returns how many. What a
    process has left to others is no more dead than it was.

    What they held of temporary chats is given up.

    Whether the process beats and whether the row is open is asked where it is locked: it may have
    come back, and where a row was just being closed, PostgreSQL waits for that and looks again.
    """
    held = Message.objects.open().values("process"), TemporaryPlace.objects.values("process")
    here = Heartbeat.objects.filter(Q(pk__in=held[0]) | Q(pk__in=held[1]), host=settings.HOST_NAME)
    gone = [process.pk for process in here if not _is_alive(process.pid)]
    is_dead = ~_beating() | Q(process_id__in=gone)
    if (left := TemporaryPlace.objects.filter(is_dead)).exists():
        left.delete()
    left = Message.objects.left_to_others()
    dead = Message.objects.open().filter(is_dead).exclude(pk__in=left.values("pk"))
    # A look first: an update takes SQLite's write lock even when it finds nothing.
    if not dead.exists():
        return 0
    with transaction.atomic():
        # Those that are held here can be closed by nobody else meanwhile.
        found = list(dead.select_for_update(of=("self",)).values_list("owner", "pk"))
        Message.objects.filter(pk__in=[key for _owner, key in found]).update(
            state=State.INTERRUPTED, reason="restarted", closed=timezone.now(), process=None
        )
        webhooks.happened_to_many("reply.failed", found)
    return len(found)


def _beating(process: str = "process") -> Q:
    limit = Now() - datetime.timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    return Q(**{f"{process}__seen__gte": limit})


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
