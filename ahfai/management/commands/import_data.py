from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from ahfai import arrivals
from notes.transfer import archives
from notes.transfer.arriving import Batch
from notes.transfer.importing import Counts
from notes.transfer.reasons import Refused


class Command(BaseCommand):
    help = (
        "Takes in everything that was exported for a person, or chats of ChatGPT, Open WebUI and "
        "LibreChat, also what is too large for the page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's e-mail address")
        parser.add_argument("source", type=Path, help="a ZIP, or a single file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError("Nobody has an account with this e-mail address.") from None
        source: Path = options["source"]
        counts = Counts(self.told)
        try:
            with source.open("rb") as file:
                packed = file.read(archives.BY_COMMAND.packed + 1)
            archive = archives.opened(source.name, packed, user.zone, archives.BY_COMMAND)
            arrivals.take_in(user, archive, counts, 0)
        except OSError as error:
            raise CommandError(f"{source} can't be read: {error.strerror}.") from None
        except Refused as refused:
            raise CommandError(str(arrivals.SENTENCES[refused.code])) from None
        self.stdout.write(
            f"{counts.added} came in, {counts.present} were here already, {counts.broken} did not "
            "come in."
        )

    def told(self, batch: Batch) -> None:
        for remark in batch.remarks:
            self.stderr.write(f"{remark.name}: {arrivals.SENTENCES[remark.code]}")
