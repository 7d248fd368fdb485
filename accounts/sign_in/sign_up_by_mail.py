"""A new account by a link in a mail, so that nobody learns which addresses have one."""

import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts import invitations
from accounts.models import Letter, Ownership, User
from ahfai import limits

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
LETTERS_PER_HOUR = 3
VALID_FOR = DAY

_PURPOSE = "accounts.sign-up"
_USE = "use of a link to sign up"


class Confirmed(NamedTuple):
    """What a link says: whose mail it came in, and for which invitation it was asked."""

    email: str
    invitation_hash: str


def is_on() -> bool:
    """Not for the first person, who may still have to find out whether mail works here."""
    return settings.HAS_MAIL and Ownership.objects.exists()


def ask(email: str, invitation_hash: str) -> None:
    """Have a mail sent to `email`. Whether somebody signs in with it is looked up by the worker
    alone: whatever is typed here takes the same time."""
    email = email.strip().lower()
    if limits.count("sign-up of", email, HOUR) <= LETTERS_PER_HOUR:
        Letter.objects.create(kind=Letter.Kind.SIGN_UP, to=email, invitation_hash=invitation_hash)


def link(email: str, invitation_hash: str) -> str:
    """Works once and for a day, in any browser, while nobody signs in with `email` and, where an
    invitation is needed, as long as that holds.

    What opens stands in the query, which no log has.
    """
    key = signing.dumps([email, invitation_hash], salt=_PURPOSE)
    return f"{settings.SITE_URL}{reverse('sign_up_by_mail')}?{urlencode({'key': key})}"


def confirmed(key: str) -> Confirmed | None:
    """What the link that holds `key` says, as long as it works."""
    try:
        found = Confirmed(*signing.loads(key, salt=_PURPOSE, max_age=VALID_FOR))
    except (signing.BadSignature, ValueError):
        return None
    if limits.was_counted(_USE, key) or User.objects.filter(email=found.email).exists():
        return None
    return found if invitations.sign_up_is_open_with(found.invitation_hash) else None


def note_use(key: str) -> None:
    """So that it ends even where its person takes another address, or leaves, on the same day. It
    is remembered for a day at least, and no link works for longer."""
    limits.count(_USE, key, DAY)
