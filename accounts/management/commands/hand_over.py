from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts import audit
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
        if not user.is_active:
            raise CommandError("This account is switched off.")
        with transaction.atomic():
            owned = Ownership.objects.select_for_update().select_related("user").first()
            if owned and owned.user_id != user.pk:
                before = owned.user
                Ownership.objects.filter(pk=owned.pk).update(user=user, since=timezone.now())
                before.is_staff = before.is_superuser = False
                before.save(update_fields=["is_staff", "is_superuser"])
                audit.record(before, audit.Event.OWNERSHIP_HANDED_OVER)
                audit.record(user, audit.Event.OWNERSHIP_HANDED_OVER)
            elif not owned:
                Ownership.claim(user)
            user.is_staff = user.is_superuser = True
            user.save(update_fields=["is_staff", "is_superuser"])
        self.stdout.write(f"{user.email} owns this installation now.")
