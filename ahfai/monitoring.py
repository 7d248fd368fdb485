"""What machines that watch the installation are told: no names and no words, only numbers."""

import hmac
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Session, User
from accounts.sealing import keys
from accounts.sessions import open_since
from ahfai import processes, replica
from ahfai.access import open_to_all
from ahfai.models import Heartbeat
from ahfai.postgres import reaching
from chats import hosts, servers
from chats.lifecycle import places
from chats.models import Message
from reminders.models import Delivery, Reminder

PLAIN_TEXT = "text/plain; charset=utf-8"
# It is asked of all people's keys, and changes only when somebody rotates.
KEYS_EVERY_S = 60
_tables_are_right = False
_keys_looked_at: tuple[float, str] | None = None
# The exposition format of Prometheus, version 0.0.4.
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@open_to_all("machines that watch the server have no account")
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 where pages work and will go on to: this process isn't about to end, the database
    answers and can be written, and its tables are those of this version; else 503.

    The rest are notes: without them pages still work, and a balancer that asks here must not take
    all replicas away.
    """
    needed = {"process": _process, "database": _database, "tables": _tables}
    notes = {"master key": _master_key, "worker": _worker, **_model_servers(), "cache": _cache}
    if replica.is_there():
        notes["replica"] = _replica
    said, works = [], True
    for name, look in needed.items():
        fault = _asked(look) if works else "not looked at"
        works = works and not fault
        said.append(f"{name}: {fault or 'ok'}")
    for name, look in notes.items():
        said.append(f"{name}: {(_asked(look) or 'ok') if works else 'not looked at'} (a note)")
    return HttpResponse("\n".join(said) + "\n", PLAIN_TEXT, status=200 if works else 503)


@open_to_all("Prometheus has no account; it has to send the token of the settings")
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers of the whole installation. Without METRICS_TOKEN there is nothing here."""
    sent = request.headers.get("Authorization", "").encode(errors="replace")
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not settings.METRICS_TOKEN or not hmac.compare_digest(sent, expected):
        raise Http404
    return HttpResponse("".join(_metrics()), content_type=_METRICS_TYPE)


def _metrics() -> Iterator[str]:
    now = timezone.now()
    alive = Heartbeat.objects.filter(seen__gt=_alive_since())
    processes = dict(alive.values_list("kind").annotate(Count("pk")).order_by())
    replies = dict(Message.objects.open().values_list("state").annotate(Count("pk")).order_by())
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING)
    late = Reminder.objects.filter(next_fire_at__lt=now - timedelta(seconds=30))
    yield from _gauge("people", "Accounts that may sign in", {"": _active()})
    sessions = Session.objects.filter(open_since(now), user__isnull=False).count()
    yield from _gauge("sessions_open", "Browsers that are signed in", {"": sessions})
    kinds = {f'kind="{kind}"': processes.get(kind, 0) for kind in Heartbeat.Kind.values}
    yield from _gauge(
        "processes", "Workers that beat lately, and web processes that write replies", kinds
    )
    states = {f'state="{state}"': replies.get(state, 0) for state in ("waiting", "running")}
    yield from _gauge("replies_open", "Replies in line and being written", states)
    yield from _of_model_servers()
    yield from _gauge("deliveries_waiting", "Messages that are to go out", {"": waiting.count()})
    yield from _gauge("reminders_late", "Due for half a minute, and not told", {"": late.count()})
    if replica.is_there():
        yield from _of_replica()


def _of_replica() -> Iterator[str]:
    try:
        behind_s, fault = replica.look()
    except DatabaseError as error:
        behind_s, fault = None, type(error).__name__
    about = "Whether lists are read from the replica"
    yield from _gauge("replica_used", about, {"": int(not fault)})
    if behind_s is not None:
        about = "How far the replica is behind, by the beats of workers"
        yield from _gauge("replica_behind_seconds", about, {"": round(behind_s)})


def _of_model_servers() -> Iterator[str]:
    """By their numbers in the settings."""
    well, busy, written = {}, places.busy(), {}
    for number, host in enumerate(hosts.renewed(), 1):
        label = f'server="{number}"'
        well[label], written[label] = int(host.state == "ready"), busy[host.name]
    yield from _gauge("model_server_ready", "Whether it lists a model to chat with", well)
    yield from _gauge("model_server_busy", "Replies and titles that it is writing", written)


def _active() -> int:
    return User.objects.filter(is_active=True).count()


def _gauge(name: str, about: str, values: dict[str, int]) -> Iterator[str]:
    yield f"# HELP ahfai_{name} {about}.\n# TYPE ahfai_{name} gauge\n"
    for labels, value in values.items():
        yield f"ahfai_{name}{{{labels}}} {value}\n" if labels else f"ahfai_{name} {value}\n"


def _asked(look: Callable[[], str]) -> str:
    """What is wrong, "" for nothing. Never the text of an error: it can hold a password."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001 (whatever it is, it doesn't work)
        return type(error).__name__


def _process() -> str:
    return "it is about to end" if processes.is_leaving else ""


def _database() -> str:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
        is_postgres = connections[DEFAULT_DB_ALIAS].vendor == "postgresql"
        return "it is read-only" if is_postgres and reaching.is_read_only(cursor) else ""


def _tables() -> str:
    """Looked at until they are right: then they stay so for as long as this process has this code,
    and looking takes a tenth of a second."""
    global _tables_are_right
    if _tables_are_right:
        return ""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    _tables_are_right = not missing
    return "they are of another version" if missing else ""


def _cache() -> str:
    cache.set("ready", True, 10)
    return "" if cache.get("ready") else "it keeps nothing"


def _master_key() -> str:
    """A machine that wasn't given it, or the new one after a rotation. A note, since the words of
    some may open all the same."""
    global _keys_looked_at
    since = time.monotonic() - KEYS_EVERY_S
    if _keys_looked_at is None or _keys_looked_at[0] < since:
        try:
            keys.check_master_keys()
            fault = ""
        except ImproperlyConfigured:
            fault = "it doesn't open everybody's words"
        _keys_looked_at = time.monotonic(), fault
    return _keys_looked_at[1]


def _worker() -> str:
    kind = Heartbeat.Kind.WORKER
    alive = Heartbeat.objects.filter(kind=kind, seen__gt=_alive_since()).exists()
    return "" if alive else "none is alive"


def _replica() -> str:
    _behind_s, fault = replica.look()
    return fault


def _alive_since() -> object:
    return Now() - timedelta(seconds=Heartbeat.DEAD_AFTER_S)


def _model_servers() -> dict[str, Callable[[], str]]:
    """Of several each has its number in the settings: addresses are for those who run them."""
    if not hosts.are_several():
        return {"model server": lambda: _unless_ready(servers.status().state)}

    def look(place: int) -> Callable[[], str]:
        return lambda: _unless_ready(hosts.renewed()[place].state)

    return {f"model server {place + 1}": look(place) for place in range(len(hosts.names()))}


def _unless_ready(state: str) -> str:
    return "" if state == "ready" else state
