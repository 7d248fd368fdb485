"""Reads that may be some seconds old go to a replica of the database, where there is one.

Only in views that are marked, of content alone, and never in a transaction. Nobody misses what they
have just done themselves: for some seconds after a change all is read where it was made, and
afterwards only from a replica that knows the number of the person's last change. Whatever is wrong
with a replica costs nobody more than a moment: what it can't tell is read where it was written.
"""

import datetime
import functools
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models
from django.utils import timezone

from ahfai import unavailable
from ahfai.models import Heartbeat

ALIAS = "replica"
# Everything that a page shows of a person's things. Nothing that decides what they may do.
APPS, MODELS = {"chats", "notes", "reminders"}, {"accounts.tag"}
# More behind than this it isn't used; a person's own changes are older by then than they stick.
MOST_BEHIND_S = 5
STICKS = datetime.timedelta(seconds=10)
# After it didn't answer it is left alone for so long.
REST_S = 5

PROMOTED = "it is no replica any more"

T = TypeVar("T")
_this_thread = threading.local()
_rests_until = 0.0


class Router:
    """For DATABASE_ROUTERS. What was read from the replica is saved where all is saved."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        if _may_read(model):
            return ALIAS
        of = getattr(hints.get("instance"), "_state", None)
        return of.db if of and of.db not in (None, ALIAS) else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        of = getattr(hints.get("instance"), "_state", None)
        return of.db if of and of.db not in (None, ALIAS) else DEFAULT_DB_ALIAS

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == ALIAS else None


def _may_read(model: type[models.Model]) -> bool:
    is_content = model._meta.app_label in APPS or model._meta.label_lower in MODELS
    return is_content and where() == ALIAS and not connections[DEFAULT_DB_ALIAS].in_atomic_block


def is_there() -> bool:
    """Whether the settings name one."""
    return ALIAS in connections.settings


def may_be_behind(view: Callable) -> Callable:
    """Marks a view that changes nothing, and may show what was so some seconds ago, as long as it
    isn't the person's own doing."""

    @functools.wraps(view)
    def reading(request: Any, *args: Any, **named: Any) -> Any:
        def answer() -> Any:
            return view(request, *args, **named)

        return prefer(request.user, answer) if request.method in ("GET", "HEAD") else answer()

    return reading


def prefer(user: Any, work: Callable[[], T]) -> T:
    """What `work` returns, which reads content of `user` from the replica where that will do, and
    may be called twice."""
    if serves(user):
        _this_thread.reads = True
        try:
            return work()
        except unavailable.AWAY as error:
            if not unavailable.is_passing(error):
                raise
            _rest()
        finally:
            _this_thread.reads = False
    return work()


def where() -> str:
    """The database that content is read from here and now."""
    return ALIAS if getattr(_this_thread, "reads", False) else DEFAULT_DB_ALIAS


def serves(user: Any) -> bool:
    """Whether there is a replica that has all that this person did, as far as `user` knows, who was
    just read from where all is written."""
    if not is_there() or time.monotonic() < _rests_until or not user.is_authenticated:
        return False
    if user.wrote and timezone.now() - user.wrote < STICKS:
        return False
    try:
        found = _look(user.pk)
    except DatabaseError:
        _rest()
        return False
    if found.fault == PROMOTED:
        _rest()
    return not found.fault and found.change_number >= user.change_number


class _Look(NamedTuple):
    """`fault` is what keeps it from being used, "" for nothing."""

    behind_s: float | None
    change_number: int
    fault: str


def _look(user_id: Any) -> _Look:
    """Ask the replica how it is, and which of this person's changes it knows. Workers beat every
    other second: how old the last beat is there tells how far it is behind, also where it hears
    nothing any more."""
    people = get_user_model()
    connection = connections[ALIAS]
    quoted = connection.ops.quote_name
    beats, persons = quoted(Heartbeat._meta.db_table), quoted(people._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_is_in_recovery(), "  # noqa: S608 (names of our own)
            f"(SELECT extract(epoch FROM now() - max(seen))::float FROM {beats}), "
            f"(SELECT change_number FROM {persons} WHERE id = %s)",
            [user_id],
        )
        is_replica, behind_s, number = cursor.fetchone()
    fault = ""
    if not is_replica:
        fault = PROMOTED
        # Made while it was one. Where its address names several hosts, another one is by now.
        connection.connection.close()
    elif behind_s is None:
        fault = "no worker has told yet how far it is behind"
    elif behind_s > MOST_BEHIND_S:
        fault = f"it is {behind_s:.0f} s behind, or no worker is alive"
    return _Look(behind_s, -1 if number is None else number, fault)


def look() -> tuple[float | None, str]:
    """How many seconds it is behind, and what keeps it from being used, "" for nothing. Raises
    DatabaseError."""
    found = _look(None)
    return found.behind_s, found.fault


def _rest() -> None:
    global _rests_until
    _rests_until = time.monotonic() + REST_S
    connections[ALIAS].close()
