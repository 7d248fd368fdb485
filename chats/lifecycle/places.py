"""The places at model servers: who gets one, at which server, and who gives it back."""

import uuid
from collections import Counter
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from chats import hosts, servers
from chats.lifecycle.heartbeat import beating, this_process
from chats.lifecycle.line import (
    Open,
    all_open,
    all_titling,
    hold_line,
    is_waited_for,
    line_held_for,
)
from chats.models import Chat, Message, State, TemporaryPlace


def claim(reply: Message | TemporaryPlace, without: Collection[str] = ()) -> bool:
    """Take a place at a model server for `reply`, in order of arrival, though at none of those that
    it is to do `without`; `reply.server` says at which."""
    # Most looks end here, without a lock.
    if server_for(all_open(), reply.model, reply.owner_id, reply.pk, without) is None:
        return False
    process = this_process()
    with transaction.atomic():
        hold_line()
        server = server_for(all_open(), reply.model, reply.owner_id, reply.pk, without)
        if server is None:
            return False
        waiting = _row_of(reply).filter(state=State.WAITING)
        claimed = waiting.update(state=State.RUNNING, process_id=process, server=server)
    reply.server = server
    return bool(claimed)


def give_back(reply: Message | TemporaryPlace) -> None:
    """Back to the line, since nothing has been written yet; `created` keeps its place there."""
    _row_of(reply).filter(state=State.RUNNING).update(state=State.WAITING)


def take_place(user, model: str) -> TemporaryPlace:
    """A place at the end of the line, or at the model server where nobody is before it, for a reply
    that isn't kept. Raises TooManyOpen."""
    process = this_process()
    with transaction.atomic():
        server = server_for(line_held_for(user.pk), model, user.pk)
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
        hold_line()
        if is_waited_for(reply.model):
            return None
        taken = _taken(all_open())
        free = _free(reply.model, taken)
        server = reply.server if reply.server in free else _least_busy(free, taken, reply.model)
        if server is None:
            return None
        chats = Chat.objects.filter(~beating("titling"), pk=reply.chat_id, titled=False)
        claimed = chats.update(titling=process, titling_server=server)
        return server if claimed else None


def give_back_title(reply: Message) -> None:
    """The place that `claim_for_title` took."""
    Chat.objects.filter(pk=reply.chat_id).update(titling=None)


def is_naming(chat: Chat) -> bool:
    """Whether some process has the model find a title for `chat` just now."""
    return Chat.objects.filter(beating("titling"), pk=chat.pk, titled=False).exists()


def busy() -> Counter[str]:
    """How many replies and titles each model server is writing, by its name."""
    found: Counter[str] = Counter()
    for (name, _model), number in _taken(all_open()).items():
        found[name] += number
    return found


def server_for(
    line: list[Open],
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


def _taken(line: list[Open]) -> Counter[tuple[str, str]]:
    """How many places replies and the making of titles have, by server and model.

    A place at a server that the settings no longer name counts at the first one, so that never
    more are given than there are.
    """
    names = hosts.names()
    running = [(one.model, one.server) for one in line if one.alive and one.state == State.RUNNING]
    return Counter(
        (server if server in names else names[0], model)
        for model, server in [*running, *all_titling()]
    )


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
