"""`manage.py doctor`: what is right and wrong with this installation, in plain words."""

import datetime
import difflib
import shutil
import smtplib
import stat
import zoneinfo
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User, UserKey
from accounts.sealing import key_archive, keys
from ahfai import replica
from ahfai.backups import manifest
from ahfai.crypto import SealError
from ahfai.models import Heartbeat
from ahfai.postgres import reaching
from ahfai.sizes import MB
from chats import hosts, servers
from chats.builtin.weights import WEIGHTS
from chats.engines import EngineFailed, Model
from chats.engines.names import full
from chats.models import BuiltinServer

# Older ones can corrupt a database in WAL mode (sqlite.org, "WAL reset bug").
SQLITE_SINCE = (3, 51, 3)
# Below the first nothing can be stored safely; below the second there is time to make room.
DISK_FULL_BYTES, DISK_LOW_BYTES = 64 * MB, 1000 * MB
CLOCK_MAY_DIFFER_S = 5
# Of 1: how much a name has in common with the one that it may be a slip of.
ALIKE = 0.85
# Where the worker makes one each day, and where somebody does.
DAILY_BACKUP_OLD, BACKUP_OLD = datetime.timedelta(days=2), datetime.timedelta(days=7)


@dataclass(frozen=True)
class Finding:
    """What one look found; `advice` says what to do, and stands only with what is wrong."""

    about: str
    sentence: str
    advice: str = ""

    @property
    def is_right(self) -> bool:
        return not self.advice


class Command(BaseCommand):
    help = "Say what is right and wrong with this installation, and what to do."
    # The checks are part of what is looked at; a failed one must not keep the rest from being said.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for finding in examine():
            wrong += not finding.is_right
            word = self.style.SUCCESS("right") if finding.is_right else self.style.ERROR("WRONG")
            self.stdout.write(f"{word}  {finding.about}: {finding.sentence}")
            if finding.advice:
                self.stdout.write(f"       {finding.advice}")
        if wrong:
            self.stdout.write(f"\n{wrong} thing{'s' * (wrong > 1)} to put right.")
            raise SystemExit(1)
        self.stdout.write("\nAll is well.")


def examine() -> Iterator[Finding]:
    """Look at everything, one after the other, as far as the looks before allow."""
    yield from _misspelt()
    yield from _key_files()
    database = list(_database())
    yield from database
    if all(finding.is_right for finding in database):
        for look in (_replica, _cache, _data_keys, _backups, _model_server, _worker, _clock):
            yield from _safely(look)
    yield from _proxy()
    yield from _mail()
    yield _disk()


def _proxy() -> Iterator[Finding]:
    """Only a proxy can speak https here."""
    if not settings.IS_HTTPS:
        return
    about, number = "Proxy", settings.TRUSTED_PROXIES
    if number:
        yield Finding(about, f"people come through {number}, by TRUSTED_PROXIES.")
    else:
        yield Finding(
            about,
            "SITE_URL is https, but TRUSTED_PROXIES is 0: everybody counts as one address, and "
            "shares its tries to sign in.",
            "Set TRUSTED_PROXIES to how many stand in front, such as 1 for nginx alone.",
        )


def _mail() -> Iterator[Finding]:
    """Whether the mail server that is named lets us in. Nothing is sent."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return
    about, place = "Mail server", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with get_connection():
            pass
    except smtplib.SMTPAuthenticationError:
        yield Finding(
            about, f"{place} refuses the name and password.", "Correct them in EMAIL_URL."
        )
    except (OSError, smtplib.SMTPException) as error:
        advice = "Start it, or correct EMAIL_URL; the other lines still hold."
        yield Finding(about, f"{place} can't be used ({type(error).__name__}).", advice)
    else:
        yield Finding(about, f"{place} answers; mails are from {settings.DEFAULT_FROM_EMAIL}.")


def _safely(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except DatabaseError as error:
        yield Finding(
            "Database",
            f"a question failed ({type(error).__name__}).",
            "Look at the log of the database; the other lines still hold.",
        )


def _misspelt() -> Iterator[Finding]:
    """What the file of settings has for other programs is left alone."""
    for name in settings.NOT_OURS:
        for meant in difflib.get_close_matches(name.upper(), settings.OURS, 1, ALIKE):
            yield Finding(
                "Settings",
                f"nobody reads {name}.",
                f"If you mean {meant}, call it so; or remove it.",
            )


def _key_files() -> Iterator[Finding]:
    secret, vapid = settings.KEYS_DIR / "secret.key", settings.KEYS_DIR / "vapid.key"
    for about, path, given in (
        ("Secret key", secret, not secret.exists()),
        ("Push key", vapid, not vapid.exists()),
        ("Master key", settings.MASTER_KEY_FILE, bool(settings.MASTER_KEY)),
    ):
        if given:
            yield Finding(about, "it comes from the environment.")
        else:
            yield _key_file(about, Path(path))


def _key_file(about: str, path: Path) -> Finding:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Finding(
            about,
            f"{path} can't be read: {error.strerror}.",
            "Put your recovery copy there; what is sealed can't be read without it. Where nobody "
            "has an account yet, the next start makes one.",
        )
    if mode & 0o077:
        return Finding(about, f"others on this machine can read {path}.", f"chmod 600 {path}")
    return Finding(about, f"{path} is there, for its owner alone.")


def _database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        yield _database_version()
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Finding(
            "Database",
            f"it doesn't answer ({reaching.fault(connection) or type(error).__name__}).",
            "Check DATABASE_URL, or that DATA_DIR exists and can be written.",
        )
        return
    if plan:
        yield Finding(
            "Tables",
            f"{len(plan)} change{'s' * (len(plan) > 1)} to the tables still to be made.",
            "Run: .venv/bin/python manage.py migrate",
        )
    else:
        yield Finding("Tables", "they fit this version of AhFai.")


def _database_version() -> Finding:
    if connection.vendor != "sqlite":
        fault = reaching.fault(connection)
        answers = f"PostgreSQL {connection.get_database_version()[0]} answers"
        if fault:
            return Finding("Database", f"{answers}, but {fault}.", "Correct DATABASE_URL.")
        return Finding("Database", f"{answers}.")
    found = connection.get_database_version()
    version = ".".join(map(str, found))
    if found < SQLITE_SINCE:
        return Finding(
            "Database",
            f"SQLite {version} can damage a database that several programs use.",
            "Install AhFai's own packages again: make run does it.",
        )
    return Finding("Database", f"SQLite {version}, in {connection.settings_dict['NAME']}.")


def _replica() -> Iterator[Finding]:
    if not replica.is_there():
        return
    about = "Replica"
    try:
        behind_s, fault = replica.look()
    except DatabaseError as error:
        advice = "Start it, or correct DATABASE_REPLICA_URL; all goes on without it."
        yield Finding(about, f"it doesn't answer ({type(error).__name__}).", advice)
        return
    if fault:
        advice = "Look at its log; meanwhile all is read from DATABASE_URL."
        yield Finding(about, f"it isn't used: {fault}.", advice)
    else:
        yield Finding(about, f"it answers, and is {behind_s or 0:.0f} s behind at most.")


def _cache() -> Iterator[Finding]:
    if not settings.CACHE_URL:
        return
    # Where there is none, nobody needs its library.
    from ahfai.cache import AWAY, connected

    try:
        connected().ping()
    except AWAY as error:
        advice = "Start it, or correct CACHE_URL; all goes on without it, slower."
        yield Finding("Cache", f"it doesn't answer ({type(error).__name__}).", advice)
    else:
        yield Finding("Cache", "it answers.")


def _data_keys() -> Iterator[Finding]:
    """Open one person's key under each master key that is in use."""
    rows = UserKey.objects.order_by("master_id", "-created")
    try:
        keys.master_keys()
        people = rows.values("owner").distinct().count()
        for master_id in rows.values_list("master_id", flat=True).distinct():
            row = rows.filter(master_id=master_id).first()
            if row is not None:
                keys.unwrap(row)
    except (ImproperlyConfigured, SealError) as error:
        yield Finding(
            "Sealed words",
            str(error),
            "Put the recovery copy of the master key back; then run: manage.py verify",
        )
        return
    if people:
        yield Finding("Sealed words", f"the master key opens them. Accounts: {people}.")
    else:
        yield Finding("Sealed words", "the master key is usable; nobody has an account yet.")


def _backups() -> Iterator[Finding]:
    folder, now = settings.BACKUP_DIR, timezone.now()
    found = manifest.all_in(folder)
    first_came = User.objects.order_by("joined").values_list("joined", flat=True).first()
    advice = "Make one: manage.py backup. Where BACKUP_DIR is set, the worker makes one each day."
    if first_came is None:
        yield Finding("Backups", "nobody has an account yet, so there is nothing to back up.")
    elif not found:
        is_young = now - first_came < BACKUP_OLD
        yield Finding("Backups", f"none is in {folder} yet.", "" if is_young else advice)
    else:
        age, several = now - found[0].made, f"{len(found)} in {folder}"
        old = "less than a day" if age.days < 1 else f"{age.days} day{'s' * (age.days > 1)}"
        limit = DAILY_BACKUP_OLD if settings.BACKUP_DAILY else BACKUP_OLD
        sentence = f"{several}; the newest is {old} old."
        if not (folder / key_archive.NAME).is_file():
            sentence += f" {key_archive.NAME} is missing, without which none of them opens."
            limit = datetime.timedelta(0)
        yield Finding("Backups", sentence, "" if age < limit else advice)


def _model_server() -> Iterator[Finding]:
    about, there = "Model server", hosts.every()
    # Of each model, by its name, what is where.
    found: dict[str, list[tuple[hosts.Host, Model]]] = defaultdict(list)
    answering = []
    for host in there:
        where = f"{host.name}: " if len(there) > 1 else ""
        try:
            version = host.engine.version()
            listed = host.engine.models()
        except EngineFailed as failure:
            said = where + failure.sentence
            yield _built_in() or Finding(about, said, _advice_for_the_model_server(host.name))
            continue
        yield Finding(about, f"{where}{servers.kind()} {version} answers.".replace("  ", " "))
        answering.append(host)
        for model in listed:
            found[full(model.name)].append((host, model))
    if not answering:
        return
    models = [hosts.commonest([model for _host, model in some]) for some in found.values()]
    for model in models:
        yield _model(model, found[full(model.name)], len(answering))
    wanted, pulls = servers.default_model(), servers.kind() == "ollama"
    if not models:
        yield Finding(
            "Model",
            "the server has no model to chat with.",
            f"Get one: ollama pull {wanted}" if pulls else "Start it with a model.",
        )
    elif full(wanted) not in {full(model.name) for model in models}:
        choose = "Set OLLAMA_MODEL to one of those above"
        yield Finding(
            "Model",
            f"OLLAMA_MODEL is {wanted}, and the server doesn't have it.",
            f"{choose}, or get it: ollama pull {wanted}" if pulls else f"{choose}.",
        )


def _model(model: Model, found: list[tuple[hosts.Host, Model]], servers_there: int) -> Finding:
    abilities = ", ".join(sorted(model.abilities)) or "nothing that it names"
    said = f"{model.name}, which can do: {abilities}."
    if len(found) < servers_there:
        said += f" It is only at {', '.join(host.name for host, _model in found)}."
    if len({one.digest for _host, one in found}) == 1:
        return Finding("Model", said)
    advice = f"Fetch it anew on each, so that all answer alike: ollama pull {model.name}"
    return Finding("Model", f"{said} The servers have different ones under this name.", advice)


def _built_in() -> Finding | None:
    """How the built-in model is doing, where AhFai runs one. Its port is known to its own
    processes only, so its row is asked."""
    row = BuiltinServer.objects.filter(only=1).first()
    if settings.MODEL_SERVER not in {"auto", "builtin"}:
        return None
    if row is None and settings.MODEL_SERVER == "auto":
        return None
    about, name = "Built-in model", WEIGHTS[settings.BUILTIN_MODEL].name
    if row is not None and row.state == "failed":
        return Finding(
            about,
            row.sentence or "it doesn't run.",
            "Start AhFai again; if that doesn't help, use Ollama: see the page “About the model”.",
        )
    if row is None or timezone.now() - row.seen > servers.KEEPER_SILENT:
        return Finding(about, "it doesn't run, and neither does AhFai.", "Start AhFai: make run")
    if row.state == "ready":
        return Finding(about, f"{name} is ready, which can do: completion.")
    return Finding(about, f"{name} is {row.state}.")


def _advice_for_the_model_server(address: str) -> str:
    if servers.kind() == "openai":
        return f"Start the server at {address}, or correct OPENAI_URL and OPENAI_KEY."
    return f"Start Ollama at {address}, or correct OLLAMA_URL."


def _worker() -> Iterator[Finding]:
    alive_since = Now() - datetime.timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    alive = Heartbeat.objects.filter(kind=Heartbeat.Kind.WORKER, seen__gt=alive_since).count()
    if alive:
        yield Finding("Worker", "it is alive." if alive == 1 else f"{alive} of them are alive.")
    else:
        yield Finding(
            "Worker",
            "none is alive, so nothing happens by the clock and broken replies stay open.",
            "Start AhFai with make run, or a worker alone with: manage.py worker",
        )


def _clock() -> Iterator[Finding]:
    here = timezone.now()
    latest = Heartbeat.objects.order_by("-seen").values_list("seen", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        there = cursor.fetchone()[0]
    if isinstance(there, str):
        there = datetime.datetime.fromisoformat(there)
    if there.tzinfo is None:
        there = there.replace(tzinfo=datetime.UTC)
    apart = abs((here - there).total_seconds())
    if latest and (latest - here).total_seconds() > CLOCK_MAY_DIFFER_S:
        yield Finding(
            "Clock",
            f"it shows {here:%Y-%m-%d %H:%M} UTC, but AhFai was seen at {latest:%Y-%m-%d %H:%M}.",
            "Set the clock of this machine; timedatectl shows whether it is kept right.",
        )
    elif apart > CLOCK_MAY_DIFFER_S:
        yield Finding(
            "Clock",
            f"this machine and its database are {apart:.0f} seconds apart.",
            "Let both keep their clocks by the network: timedatectl set-ntp true",
        )
    else:
        yield Finding("Clock", f"{here:%Y-%m-%d %H:%M} UTC; compare it with yours.")
    try:
        zoneinfo.ZoneInfo("Europe/Brussels")
    except zoneinfo.ZoneInfoNotFoundError:
        yield Finding(
            "Time zones",
            "they are missing.",
            "Install AhFai's own packages again: make run does it.",
        )


def _disk() -> Finding:
    free = shutil.disk_usage(settings.DATA_DIR).free
    sentence = f"{free // MB:,} MB free in {settings.DATA_DIR}."
    if free < DISK_FULL_BYTES:
        return Finding("Disk", sentence, "Make room now: nothing more can be stored safely.")
    if free < DISK_LOW_BYTES:
        return Finding("Disk", sentence, "Make room soon: 1 GB or more is comfortable.")
    return Finding("Disk", sentence)
