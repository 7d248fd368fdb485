from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import people
from accounts.models import Ownership, User


class Command(BaseCommand):
    help = "Lets another person own this installation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the e-mail address of the one who shall own it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError("Nobody has an account with this e-mail address.") from None
        owned = Ownership.objects.select_related("user").first()
        try:
            if owned is None:
                people.make_owner(user)
            elif owned.user != user:
                people.hand_over(owned.user, user)
        except people.NotAllowed:
            raise CommandError("This account is switched off.") from None
        self.stdout.write(f"{user.email} owns this installation now.")
