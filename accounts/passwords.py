"""Setting a new password."""

from django.contrib.auth.hashers import make_password

from accounts.models import User


def replace(person: User, password: str) -> bool:
    """Set `password` in place of the one that `person` was read with, and end all sessions.

    False where another one has been set since: of two who have the same link, one is first.
    """
    before, person.password = person.password, make_password(password)
    rows = User.objects.filter(pk=person.pk, password=before)
    if not rows.update(password=person.password):
        return False
    person.sessions.all().delete()
    return True
