"""Another address to sign in with. A person has one address, and an address one person."""

import datetime
import uuid
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse

from accounts import audit
from accounts.models import Letter, User
from ahfai import limits

HOUR = datetime.timedelta(hours=1)
ASKED_PER_HOUR = 5
LETTERS_PER_HOUR = 3


class AskedTooOften(Exception):
    pass


class Taken(Exception):
    """Somebody signs in with that address already."""


class _Tokens(PasswordResetTokenGenerator):
    """Work until the address or the password is changed, and for `PASSWORD_RESET_TIMEOUT`."""

    key_salt = "accounts.email_change"

    def __init__(self, email: str) -> None:
        super().__init__()
        self.email = email

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return "\0".join([str(user.pk), user.password, user.email, self.email, str(timestamp)])


def count(person: User) -> None:
    """Before anything is looked up. Raises AskedTooOften."""
    if limits.count("e-mail change", str(person.pk), HOUR) > ASKED_PER_HOUR:
        raise AskedTooOften


def ask(person: User, email: str, request: HttpRequest) -> None:
    """Send a link to the new address. Whether somebody has it already is not told here."""
    with transaction.atomic():
        audit.record(person, audit.Event.EMAIL_CHANGE_ASKED, request)
        if limits.count("e-mail change to", email, HOUR) <= LETTERS_PER_HOUR:
            Letter.objects.create(owner=person, kind=Letter.Kind.EMAIL_NEW, to=email)


def link(person: User, email: str) -> str:
    key = f"{person.pk}.{_Tokens(email).make_token(person)}"
    path = reverse("account_confirm_email")
    return f"{settings.SITE_URL}{path}?{urlencode({'key': key, 'to': email})}"


def person_of(key: str, email: str) -> User | None:
    """Whose link to `email` it is that holds `key`, as long as it works."""
    person_id, _dot, token = key.partition(".")
    try:
        person = User.objects.filter(pk=uuid.UUID(person_id), is_active=True).first()
    except ValueError:
        return None
    return person if person and _Tokens(email).check_token(person, token) else None


def change(person: User, email: str, request: HttpRequest) -> None:
    """Let `person` sign in with `email` alone, and tell the address before. Raises Taken."""
    before = person.email
    try:
        with transaction.atomic():
            # By a condition: of two links, one acts.
            if not User.objects.filter(pk=person.pk, email=before).update(email=email):
                raise Taken
            # allauth's list of addresses lets people in, too.
            EmailAddress.objects.filter(user=person).delete()
            EmailAddress.objects.create(
                user=person, email=email, primary=True, verified=settings.HAS_MAIL
            )
            audit.record(person, audit.Event.EMAIL_CHANGED, request, before=before)
            if settings.HAS_MAIL:
                Letter.objects.create(owner=person, kind=Letter.Kind.EMAIL_OLD, to=before)
    except IntegrityError:
        raise Taken from None
    person.email = email
