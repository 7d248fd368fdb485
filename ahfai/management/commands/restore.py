"""`manage.py restore`: bring a backup back into an empty installation."""

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from ahfai.backups import BackupFailed, restoring
from ahfai.backups.restoring import Source
from ahfai.backups.taking import FREE_AFTERWARDS, take
from ahfai.sizes import MB

# More than anybody has: what is restored may be the oldest of them.
ALL = 1_000_000


class Command(BaseCommand):
    help = (
        "Brings a backup back: a file of it, or a folder of which the newest one is taken. AhFai "
        "must be stopped, and the master key in its place. Who was erased since stays erased."
    )
    # Before there are any tables.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="a backup's file, or a folder of backups")
        parser.add_argument(
            "--keys", type=Path, metavar="FOLDER", help="where keys.json lies, if not beside it"
        )
        parser.add_argument(
            "--replace",
            action="store_true",
            help="also where people have accounts: what is there is backed up and then replaced",
        )
        parser.add_argument(
            "--yes", action="store_true", help="with --replace: don't ask whether that is meant"
        )

    def handle(
        self,
        *args: Any,
        backup: Path,
        keys: Path | None,
        replace: bool,
        yes: bool,
        **options: Any,
    ) -> None:
        try:
            folder = keys and (keys.parent if keys.is_file() else keys)
            source = restoring.find(backup.expanduser().resolve(), folder)
            self.stdout.write(f"{source.path.name} is whole, and its keys open.")
            restoring.check_stopped()
            self._check_space(source)
            if not restoring.is_empty():
                self._make_room(source, replace, yes)
        except BackupFailed as error:
            raise CommandError(f"Nothing was restored. {error}") from None
        except OSError as error:
            raise CommandError(f"Nothing was restored. {error.strerror}.") from None
        left_out = self._restore(source)
        made, people = source.manifest.made, len(source.manifest.people) - left_out
        self.stdout.write(
            f"Restored what was there at {made:%Y-%m-%d %H:%M} UTC. People: {people}. "
            f"Left out, because they were erased since: {left_out}."
        )
        call_command("verify", stdout=self.stdout)
        self.stdout.write("Everybody signs in again. Start AhFai: make run")

    def _restore(self, source: Source) -> int:
        try:
            return restoring.restore(source)
        except (BackupFailed, OSError, DatabaseError) as error:
            reason = str(error) if isinstance(error, BackupFailed) else type(error).__name__
            stays = "What was here is here unchanged."
            again = "Nobody can use the database until you run this again."
            after = stays if source.manifest.database == "sqlite" else again
            raise CommandError(f"Restoring failed: {reason} {after}") from None

    def _check_space(self, source: Source) -> None:
        folder, needed = settings.DATA_DIR, source.manifest.size
        free = shutil.disk_usage(folder).free
        if source.manifest.database == "sqlite" and free < needed + FREE_AFTERWARDS:
            raise BackupFailed(
                f"It takes {needed // MB + 1:,} MB, and {free // MB:,} MB are free in {folder}."
            )

    def _make_room(self, source: Source, replace: bool, yes: bool) -> None:
        if not replace:
            raise BackupFailed(
                "People have accounts here already. With --replace, what is here is backed up and "
                "then replaced."
            )
        if not yes and input("Type replace to replace all that is here: ").strip() != "replace":
            raise BackupFailed("It wasn't confirmed.")
        taken = take(settings.BACKUP_DIR, keep=ALL)
        self.stdout.write(f"What was here is in {taken.path}")
