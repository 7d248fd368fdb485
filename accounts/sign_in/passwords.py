"""Setting a new password."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest

from accounts import audit, letters
from accounts.models import User


def replace(
    person: User,
    password: str,
    event: audit.Event,
    request: HttpRequest | None = None,
    **details: str | int,
) -> bool:
    """Set `password` in place of the one that `person` was read with, and end all sessions.

    False where another one has been set since: of two who have the same link, one is first.
    """
    # Hashing takes long on purpose, so it is done before anything is locked.
    before, person.password = person.password, make_password(password)
    with transaction.atomic():
        rows = User.objects.filter(pk=person.pk, password=before)
        if not rows.update(password=person.password):
            return False
        person.sessions.all().delete()
        audit.record(person, event, request, None, **details)
        letters.tell_of_a_new_way_in(person)
    return True
