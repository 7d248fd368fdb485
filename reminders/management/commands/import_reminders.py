from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from reminders.ical import arriving, reading
from reminders.ical.reasons import SENTENCES, Refused


class Command(BaseCommand):
    help = "Takes in reminders for a person, from an .ics file of another calendar."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's e-mail address")
        parser.add_argument("source", type=Path, help="an .ics file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError("Nobody has an account with this e-mail address.") from None
        try:
            with options["source"].open("rb") as file:
                entries = reading.entries(file.read(reading.MAX_BYTES + 1))
        except OSError as error:
            raise CommandError(f"{options['source']} can't be read: {error.strerror}.") from None
        except Refused as refused:
            raise CommandError(str(SENTENCES[refused.code])) from None
        result = arriving.take_in(user, entries)
        for remark in result.remarks:
            self.stderr.write(f"{remark.name}: {SENTENCES[remark.code]}")
        self.stdout.write(
            f"{result.added} came in, {result.present} were here already, {result.over} were over, "
            f"{result.broken} did not come in."
        )
