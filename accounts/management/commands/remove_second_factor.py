from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.sign_in import second_factor


class Command(BaseCommand):
    help = (
        "Removes the second factor of somebody who has lost it and all recovery codes: the "
        "password alone lets them in again. Be sure that it is them who ask."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email=email.strip().lower()).first()
        if person is None:
            raise CommandError(f"Nobody signs in with {email}.")
        for factor in second_factor.factors_of(person).all:
            second_factor.remove(person, factor, by_another=1)
        self.stdout.write("The password alone lets this person in again.")
