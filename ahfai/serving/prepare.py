"""Checks and migrations, in a child, so that the parent never opens the database."""

import io
import os
import signal
import sys
import time
import traceback

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from accounts.sealing import keys
from ahfai.backups import BackupFailed
from ahfai.backups.taking import take
from ahfai.postgres import reaching, turns
from ahfai.processes import end_with_parent

READY, FIRST_START, FAILED = 0, 10, 1
PATIENCE_S, AGAIN_S = 8.0, 0.5


def begin() -> int:
    """Start preparing and return the child's pid; the parent loads the pages meanwhile."""
    sys.stdout.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = FAILED
    try:
        # Ctrl-C reaches this child, too; it goes without a word.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        end_with_parent(parent)
        code = prepare()
    except (CommandError, ImproperlyConfigured) as error:
        print(f"AhFai can't start: {error}", file=sys.stderr)  # noqa: T201
    except DatabaseError as error:
        print(f"AhFai can't start: the database says: {error}", file=sys.stderr)  # noqa: T201
    except BaseException:  # noqa: BLE001 (it ends here, whatever it was)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait_for(pid: int) -> bool:
    """Whether this is the very first start. Ends the start when preparing failed."""
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in {READY, FIRST_START}:
        raise SystemExit(1)
    return code == FIRST_START


def _back_up() -> None:
    """Before the tables change, where anybody's words are in them.

    Raises CommandError where that can't be done: then nothing is changed either.
    """
    is_there = User._meta.db_table in connections[DEFAULT_DB_ALIAS].introspection.table_names()
    if not settings.BACKUP_BEFORE_MIGRATING or not is_there or not User.objects.exists():
        return
    try:
        taken = take(settings.BACKUP_DIR, settings.BACKUP_KEEP)
    except BackupFailed as error:
        raise CommandError(
            f"this version changes the tables, and no backup could be made before. {error} "
            "Nothing was changed. If you have a backup of your own, set "
            "BACKUP_BEFORE_MIGRATING=no for this start."
        ) from None
    print(f"Backed up before the tables change: {taken.path}")  # noqa: T201


def _wait_for_database() -> None:
    """It may be on its way, too. Raises CommandError where it stays away."""
    until = time.monotonic() + PATIENCE_S
    while fault := reaching.fault(connections[DEFAULT_DB_ALIAS]):
        if time.monotonic() > until:
            raise CommandError(f"the database of DATABASE_URL can't be used: {fault}")
        time.sleep(AGAIN_S)


def prepare() -> int:
    """In this process: READY, or FIRST_START where there were no tables before."""
    _wait_for_database()
    call_command("check", stdout=io.StringIO())
    with turns.turn(connections[DEFAULT_DB_ALIAS]):
        first_start = _bring_tables_up_to_date()
        keys.make_first_master_key()
    # A key that opens nothing would only show when somebody signs up.
    keys.check_master_keys()
    return FIRST_START if first_start else READY


def _bring_tables_up_to_date() -> bool:
    """Whether there were none before."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    first_start = not executor.loader.applied_migrations
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _back_up()
        call_command("migrate", interactive=False, verbosity=0)
    else:
        # Squashed migrations count as run once those that they replace have, and are written down
        # as such before a later version comes without the others.
        executor.check_replacements()
    return first_start
