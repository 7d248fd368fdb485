import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import audit
from accounts.models import User
from accounts.sign_in import passwords


class Command(BaseCommand):
    help = (
        "Sets a new password for somebody who has forgotten theirs, and ends their sessions. "
        "Asks for it, or reads it as one line from a pipe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email=email.strip().lower()).first()
        if person is None:
            raise CommandError(f"Nobody signs in with {email}.")
        password = _asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password, person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if not passwords.replace(person, password, audit.Event.PASSWORD_CHANGED, by_another=1):
            raise CommandError("The password was changed meanwhile. Run this again.")
        self.stdout.write("The new password counts, and all sessions are ended.")


def _asked() -> str:
    password = getpass.getpass("New password: ")
    if password != getpass.getpass("Once more: "):
        raise CommandError("These two aren't the same.")
    return password
