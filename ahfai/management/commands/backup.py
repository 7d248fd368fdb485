"""`manage.py backup`: a copy of everything but the master keys, while people go on working."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.sealing import key_archive
from ahfai.backups import BackupFailed
from ahfai.backups.taking import Taken, take
from ahfai.sizes import MB


class Command(BaseCommand):
    help = (
        "Backs up everything but the master keys, while AhFai runs, and checks what was written. "
        "Without --to: into BACKUP_DIR."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, metavar="FOLDER", help="another folder")
        parser.add_argument(
            "--keep",
            type=int,
            metavar="N",
            default=settings.BACKUP_KEEP,
            help=f"how many of the newest backups stay there (now {settings.BACKUP_KEEP})",
        )

    def handle(self, *args: Any, to: Path | None, keep: int, **options: Any) -> None:
        if keep < 1:
            raise CommandError("--keep must be 1 or more: the new backup is one of them.")
        if not User.objects.exists():
            self.stdout.write("Nobody has an account yet, so there is nothing to back up.")
            return
        folder = (to or settings.BACKUP_DIR).expanduser().resolve()
        if folder.is_relative_to(settings.KEYS_DIR):
            raise CommandError("Not beside the keys: whoever has that copy could read everything.")
        try:
            taken = take(folder, keep)
        except BackupFailed as error:
            raise CommandError(f"No backup was made. {error}") from None
        for line in _told(taken):
            self.stdout.write(line)


def _told(taken: Taken) -> list[str]:
    made = taken.manifest
    rows, removed = sum(made.tables.values()), len(taken.removed)
    people = "1 person" if len(made.people) == 1 else f"{len(made.people)} people"
    return [
        f"Backed up {people} with {rows:,} rows in {len(made.tables)} tables, "
        f"{made.size / MB:,.1f} MB: {taken.path}",
        "Checked: the copy is whole, and the master keys here open everybody's key.",
        f"Everybody's wrapped keys, for all backups there: {taken.folder / key_archive.NAME}",
        f"Older backups removed: {removed}.",
        "The master keys are not in it, and without them it opens nothing. Keep a copy of them in "
        f"another place: {', '.join(made.master_ids)}.",
    ]
