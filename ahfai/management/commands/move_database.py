"""`manage.py move_database`: from SQLite to PostgreSQL, or back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ahfai.backups import BackupFailed, moving, restoring


class Command(BaseCommand):
    help = (
        "Copies everything from the database that AhFai uses into another one, where nobody has an "
        "account yet, and compares each table. AhFai must be stopped. What is here stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "to",
            help="sqlite (the file in DATA_DIR), or postgres://user@host/name; its password comes "
            "from ~/.pgpass or PGPASSWORD",
        )

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        try:
            target = moving.target_of(to)
            restoring.check_stopped()
            count = moving.move(target)
        except BackupFailed as error:
            raise CommandError(f"Nothing was moved. {error}") from None
        self.stdout.write(f"{count:,} rows are there, and each table is the same as here.")
        say = "remove DATABASE_URL" if to == "sqlite" else f"set DATABASE_URL to {to}"
        self.stdout.write(f"Now {say} (with its password, if it has one), and start AhFai.")
        self.stdout.write(
            "What was here is still here, as it was. Back up and remove it once all is well."
        )
