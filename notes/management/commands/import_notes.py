from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from notes.transfer import archives, arriving, sources
from notes.transfer.archives import Archive
from notes.transfer.reasons import SENTENCES, Refused


class Command(BaseCommand):
    help = "Takes in notes for a person, from a folder, a ZIP or another export."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's e-mail address")
        parser.add_argument("source", type=Path, help="a folder, or a file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError("Nobody has an account with this e-mail address.") from None
        try:
            archive = self.opened(options["source"], user)
            arriving.take_in(user, sources.units(archive, user.zone), self)
        except Refused as refused:
            raise CommandError(str(SENTENCES[refused.code])) from None
        self.stdout.write(
            f"{self.added} came in, {self.present} were here already, {self.broken} did not come "
            "in."
        )

    def opened(self, source: Path, user: User) -> Archive:
        try:
            if source.is_dir():
                return archives.folder(source)
            with source.open("rb") as file:
                packed = file.read(archives.MAX_PACKED + 1)
        except OSError as error:
            raise CommandError(f"{source} can't be read: {error.strerror}.") from None
        return archives.opened(source.name, packed, user.zone)

    added = present = broken = 0

    def may_go_on(self) -> bool:
        return True

    def enter(self, batch: arriving.Batch) -> None:
        self.added += batch.added
        self.present += batch.present
        self.broken += batch.broken
        for remark in batch.remarks:
            self.stderr.write(f"{remark.name}: {SENTENCES[remark.code]}")
