import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from notes.transfer import exporting


class Command(BaseCommand):
    help = "Writes all notes of a person into a ZIP of Markdown files. They lie there in clear."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's e-mail address")
        parser.add_argument("target", type=Path, help="the ZIP to write; it must not be there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["target"]
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError("Nobody has an account with this e-mail address.") from None
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{target} can't be written: {error.strerror}.") from None
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in exporting.archive(user, user.notes.all()):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            # Half a ZIP would look like a whole one.
            target.unlink(missing_ok=True)
            raise
        self.stdout.write(f"The notes are in {target}, in clear.")
