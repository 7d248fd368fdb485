from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import invitations


class Command(BaseCommand):
    help = "Print a link with which one person can make an account, for a week."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(invitations.make())
        if settings.SIGN_UP == "closed":
            self.stderr.write("SIGN_UP is closed, so this link opens nothing until you change it.")
            return
        until = timezone.localtime(timezone.now() + invitations.VALID_FOR)
        self.stderr.write(
            f"Whoever uses this link first can make an account, until {until:%A %d %B, %H:%M}. "
            "Send it to the one it is for, and to nobody else."
        )
