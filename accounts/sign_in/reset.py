"""A new password by a link in a mail."""

import datetime
import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse

from accounts.models import Letter, User
from ahfai import limits

HOUR = datetime.timedelta(hours=1)
ASKED_PER_HOUR = 10
LETTERS_PER_HOUR = 3


class AskedTooOften(Exception):
    pass


def ask(email: str, network_address: str) -> None:
    """Have a link sent to `email`, if somebody signs in with it.

    That is looked up by the worker alone: whatever is typed here takes the same time. Raises
    AskedTooOften, which depends on the one who asks and not on the account.
    """
    email = email.strip().lower()
    if limits.count("reset", network_address, HOUR) > ASKED_PER_HOUR:
        raise AskedTooOften
    if limits.count("reset of", email, HOUR) <= LETTERS_PER_HOUR:
        Letter.objects.create(kind=Letter.Kind.RESET, to=email)


def link(person: User) -> str:
    """Works for an hour, until the password is changed or the person signs in.

    What opens stands in the query, which no log has.
    """
    key = f"{person.pk}.{default_token_generator.make_token(person)}"
    path = reverse("account_reset_password_from_key")
    return f"{settings.SITE_URL}{path}?{urlencode({'key': key})}"


def person_of(key: str) -> User | None:
    """Whose link it is that holds `key`, as long as it works."""
    person_id, _dot, token = key.partition(".")
    try:
        person = User.objects.filter(pk=uuid.UUID(person_id), is_active=True).first()
    except ValueError:
        return None
    return person if person and default_token_generator.check_token(person, token) else None
