"""All rows from one kind of database into the other, as they are: ids, and sealed bytes, too.

The source is only read. All of it arrives, is compared and is committed at once, or nothing is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction

from accounts.models import User
from ahfai.backups import BackupFailed, rows
from ahfai.postgres import address, limits, reaching
from ahfai.sqlite.base import close_kept

TARGET = "target"


def target_of(named: str) -> dict[str, Any]:
    """The settings of the database that is called `sqlite`, or has that address.

    Raises BackupFailed; never repeats the address, which might hold a password.
    """
    if named == "sqlite":
        return dict(settings.SQLITE)
    try:
        found = address.read(named)
    except address.NoAddress:
        raise BackupFailed("Say sqlite, or an address like postgres://user@host/name.") from None
    if found["PASSWORD"]:
        raise BackupFailed(
            "Others on this machine can read a password in a command. Leave it out of the address "
            "and put it into ~/.pgpass or PGPASSWORD."
        )
    return found | {"ENGINE": "ahfai.postgres"}


def move(target: dict[str, Any]) -> int:
    """Copy everything into that database, which nobody has an account in; returns how many rows.

    Raises BackupFailed, and then the target has nothing of it.
    """
    if _place(connections[DEFAULT_DB_ALIAS].settings_dict) == _place(target):
        raise BackupFailed("That is the database that AhFai uses already.")
    unknown = rows.unknown_tables(DEFAULT_DB_ALIAS)
    if unknown:
        raise BackupFailed(f"Nothing is known here of the tables {', '.join(unknown)}.")
    try:
        with _connected(target):
            if fault := reaching.fault(connections[TARGET]):
                raise BackupFailed(f"The database there can't be used: {fault}.")
            call_command("migrate", database=TARGET, interactive=False, verbosity=0)
            if User.objects.using(TARGET).exists():
                raise BackupFailed("People have accounts there already.")
            with transaction.atomic(using=DEFAULT_DB_ALIAS), transaction.atomic(using=TARGET):
                limits.lift(connections[DEFAULT_DB_ALIAS])
                return _copy_all()
    except DatabaseError as error:
        raise BackupFailed(f"A database refuses ({type(error).__name__}).") from None


def _place(known: dict[str, Any]) -> list[str]:
    """Where a database is, as far as its settings say."""
    parts = [str(known.get(part, "")) for part in ("ENGINE", "NAME", "HOST", "PORT")]
    options = known.get("OPTIONS", {})
    return parts + [str(options.get(part, "")) for part in ("hostaddr", "service")]


@contextmanager
def _connected(target: dict[str, Any]) -> Iterator[None]:
    defaults = connections[DEFAULT_DB_ALIAS].settings_dict
    common = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "TIME_ZONE", "TEST", "CONN_HEALTH_CHECKS")
    empty: dict[str, Any] = dict.fromkeys(("USER", "PASSWORD", "HOST", "PORT"), "")
    shared = {name: defaults[name] for name in common}
    of_its_own: dict[str, Any] = {"CONN_MAX_AGE": 0, "OPTIONS": {}}
    connections.databases[TARGET] = empty | shared | of_its_own | target
    try:
        yield
    finally:
        connections[TARGET].close()
        close_kept()
        del connections.databases[TARGET]
        del connections[TARGET]


def _copy_all() -> int:
    everything = rows.all_models()
    with connections[TARGET].cursor() as cursor:
        for model in everything:
            # What a database without people has: names of tables and of rights, made with them.
            cursor.execute(f"DELETE FROM {_quoted(model._meta.db_table)}")  # noqa: S608
        for model in everything:
            _copy(model, cursor)
        for line in connections[TARGET].ops.sequence_reset_sql(no_style(), everything):
            cursor.execute(line)
    connections[TARGET].check_constraints()
    count = 0
    for model in everything:
        figures = rows.figures(model, DEFAULT_DB_ALIAS)
        if figures != rows.figures(model, TARGET):
            raise BackupFailed(f"The table {model._meta.db_table} isn't the same there.")
        count += figures[0]
    return count


def _copy(model: type[models.Model], cursor: Any) -> None:
    fields, there = rows.columns(model), connections[TARGET]
    names = ", ".join(_quoted(str(field.column)) for field in fields)
    places = ", ".join("%s" for _field in fields)
    insert = f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608
    found = rows.rows(model, DEFAULT_DB_ALIAS)
    while batch := list(islice(found, rows.at_once(model))):
        cursor.executemany(
            insert,
            [
                [
                    field.get_db_prep_save(value, there)
                    for field, value in zip(fields, row, strict=True)
                ]
                for row in batch
            ],
        )


def _quoted(name: str) -> str:
    return connections[TARGET].ops.quote_name(name)
