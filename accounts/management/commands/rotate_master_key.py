"""Give the installation a new master key and wrap every person's keys with it.

The new key is on the disk before anything needs it, and the old one stays until nothing does: an
interrupted run leaves nothing unreadable, and the next run finishes it.
"""

import datetime
import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, transaction

from accounts import keys
from accounts.models import UserKey
from ahfai import files
from ahfai.crypto import MasterKeys, SealError

AT_ONCE = 200
# A sign-up that read the list before it changed has long been saved by then.
OLD_KEY_STAYS_FOR = datetime.timedelta(minutes=1)

STEPS = """\
The master key comes from MASTER_KEY in the environment, so only you can change it:
 1. Make a new key:
      python -c "from ahfai.crypto import MasterKeys; print(MasterKeys.new_line())"
 2. Put it in front of the present value, with a comma between: MASTER_KEY=new,old
 3. Restart every process of AhFai with it, on every machine.
 4. Run this command again: it wraps all keys with the new one.
 5. Run it with --drop-old: it says when the old one is needed no longer. Then remove it."""


class Command(BaseCommand):
    help = (
        "Makes a new master key and wraps every person's keys with it, or finishes an interrupted "
        "run. The old key stays in the list until you run this with --drop-old."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--drop-old",
            action="store_true",
            help="make no new key; remove the old ones, once nothing needs them",
        )

    def handle(self, *args: Any, drop_old: bool, **options: Any) -> None:
        keys.clear_cache()
        try:
            if settings.MASTER_KEY:
                self.rotate_in_environment(drop_old)
            else:
                with _alone(Path(settings.MASTER_KEY_FILE)):
                    self.rotate_in_file(Path(settings.MASTER_KEY_FILE), drop_old)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(
                f"The master key file {settings.MASTER_KEY_FILE} can't be changed: "
                f"{error.strerror}. Nothing is lost; run this again."
            ) from None

    def rotate_in_environment(self, drop_old: bool) -> None:
        if drop_old:
            self.rewrap()
            old = ", ".join(list(keys.master_keys())[1:]) or "none"
            self.stdout.write(f"You can remove these master keys from MASTER_KEY: {old}.")
        elif _waiting().exists():
            self.rewrap()
        else:
            raise CommandError(STEPS)

    def rotate_in_file(self, path: Path, drop_old: bool) -> None:
        if drop_old:
            self.rewrap()
            self.drop_old(path)
            return
        if not _waiting().exists():
            # One list with the old keys below: whoever meets either kind of row can open it.
            line = MasterKeys.new_line()
            files.replace(path, f"{line}\n{path.read_text()}")
            keys.clear_cache()
            self.stdout.write(f"The new master key is {line.partition(':')[0]}.")
        self.rewrap()
        self.stdout.write(
            f"Copy {path} to every other machine that runs AhFai, and renew your recovery copy and "
            "your backup. Then remove the old key: manage.py rotate_master_key --drop-old"
        )

    def rewrap(self) -> None:
        """Wrap with the newest master key whatever another one still holds."""
        current = keys.master_keys().current[0]
        done = 0
        unreadable: list[uuid.UUID] = []
        while batch := list(_waiting().exclude(pk__in=unreadable).order_by("pk")[:AT_ONCE]):
            with transaction.atomic(using=DEFAULT_DB_ALIAS):
                for row in batch:
                    try:
                        data_key = keys.unwrap(row)
                    except SealError as error:
                        unreadable.append(row.pk)
                        self.stdout.write(
                            f"can't be opened: {UserKey._meta.label} {row.pk}: {error}"
                        )
                        continue
                    master_id, wrapped = keys.wrap(data_key, row.owner_id, row.generation)
                    as_read = _waiting().filter(pk=row.pk, master_id=row.master_id)
                    done += as_read.update(master_id=master_id, wrapped=wrapped)
        self.stdout.write(f"{done} keys are newly wrapped with the master key {current}.")
        if unreadable:
            raise CommandError(f"{len(unreadable)} keys can't be opened, so the old keys stay.")

    def drop_old(self, path: Path) -> None:
        written = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
        ready = written + OLD_KEY_STAYS_FOR
        if ready > datetime.datetime.now(datetime.UTC):
            raise CommandError(
                f"The list has only just changed, and someone may be signing up with the old key. "
                f"Run this again after {ready:%H:%M:%S} UTC."
            )
        for row in UserKey.objects.using(DEFAULT_DB_ALIAS).order_by("pk").iterator():
            try:
                keys.unwrap(row)
            except SealError:
                raise CommandError(
                    f"{UserKey._meta.label} {row.pk} can't be opened, so the old keys stay."
                ) from None
        if _waiting().exists():
            raise CommandError("A new person has come meanwhile. Run this again.")
        current = keys.master_keys().current[0]
        entries = path.read_text().replace(",", "\n").split()
        kept = next(entry for entry in entries if entry.startswith(f"{current}:"))
        files.replace(path, f"{kept}\n")
        keys.clear_cache()
        self.stdout.write(
            f"Only the master key {current} is left. Backups made before need the old ones: keep "
            "those apart for as long as you keep such backups."
        )


def _waiting() -> Any:
    """The keys that another master key than the newest wraps."""
    current = keys.master_keys().current[0]
    return UserKey.objects.using(DEFAULT_DB_ALIAS).exclude(master_id=current)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two runs at once would each write a list without the other's new key."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise CommandError("Another run is changing the master key. Wait until it ends.") from None
    finally:
        os.close(folder)
