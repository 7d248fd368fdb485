import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.parting import erasure
from accounts.parting import leaving as leavings
from ahfai import leaving

LOOK_AGAIN_S = 1


class Command(BaseCommand):
    help = "Erases a person's account with all that is in it, at once and for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's e-mail address")
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError("Nobody has an account with this e-mail address.") from None
        if not options["yes"] and input(self.question(user)) != user.email:
            raise CommandError("Nothing was erased.")
        try:
            asked = leavings.ask(user, at_once=True)
        except erasure.OwnsInstallation:
            raise CommandError(
                "This person owns the installation. Hand it over first: manage.py hand_over EMAIL"
            ) from None
        while (receipt := leaving.go_on(asked)) is None:
            # Nothing was found to erase where the worker was faster.
            if not User.objects.filter(pk=user.pk).exists():
                break
            time.sleep(LOOK_AGAIN_S)
        leaving.sweep()
        self.stdout.write("The account is erased.")
        for kind, count in leavings.kinds(receipt) if receipt else []:
            self.stdout.write(f"{count:>8}  {kind}")

    def question(self, user: User) -> str:
        return (
            f"All chats, notes, reminders and files of {user.email} will be gone for good, with "
            "the key that opens them.\nType the address once more to go on: "
        )
