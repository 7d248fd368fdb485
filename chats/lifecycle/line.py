"""The line for places at model servers: who waits in it, and who has a place already."""

import uuid
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from django.db import connection
from django.db.models import F, QuerySet

from chats.lifecycle.heartbeat import beating
from chats.models import Chat, Line, Message, State, TemporaryPlace

# Each open reply has a thread of its own.
MAX_OPEN_PER_PERSON = 100


class TooManyOpen(Exception):
    """This person has MAX_OPEN_PER_PERSON replies in line or being written."""


class Open(NamedTuple):
    """A reply in line or being written; `alive` if its process is. The chat of one in a temporary
    chat is its own id."""

    key: uuid.UUID
    owner: uuid.UUID
    chat: uuid.UUID
    model: str
    server: str
    state: str
    alive: bool


def place_in_line(reply: Message | TemporaryPlace) -> int:
    """1 when `reply` is next, 0 when it doesn't wait."""
    line = [
        one.key for one in all_open() if one.model == reply.model and one.state == State.WAITING
    ]
    return line.index(reply.pk) + 1 if reply.pk in line else 0


def is_waited_for(model: str) -> bool:
    """Whether somebody stands in line for `model`."""
    return any(
        rows.filter(model=model, state=State.WAITING).exists()
        for rows in (Message.objects, TemporaryPlace.objects)
    )


def runs_alone(reply_id: uuid.UUID) -> bool:
    """Whether no other reply than this one is being written."""
    return not any(one.state == State.RUNNING and one.key != reply_id for one in all_open())


def line_held_for(owner_id: uuid.UUID) -> list[Open]:
    """Who is in line, which stays so until the transaction's end. Raises TooManyOpen."""
    hold_line()
    line = all_open()
    if sum(one.owner == owner_id for one in line) >= MAX_OPEN_PER_PERSON:
        raise TooManyOpen
    return line


def hold_line() -> None:
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


def all_open() -> list[Open]:
    return [
        Open(_uuid(key), _uuid(owner), _uuid(chat), model, server, state, bool(alive))
        for key, owner, chat, model, server, state, alive, _created in _rows(_open_query)
    ]


def all_titling() -> list[tuple[str, str]]:
    """The models that are making a title, and where."""
    return _rows(_titling_query)


def _open_query() -> QuerySet:
    names = ("id", "owner_id", "chat_id", "model", "server", "state", "alive", "created")
    kept = Message.objects.open().annotate(alive=beating()).values_list(*names)
    temporary = TemporaryPlace.objects.annotate(alive=beating(), chat_id=F("id"))
    return kept.union(temporary.values_list(*names), all=True).order_by("created", "id")


def _titling_query() -> QuerySet:
    return Chat.objects.filter(beating("titling")).values_list("model", "titling_server")


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
