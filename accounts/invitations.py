"""Invitations: links with which one person each can make an account, for a week."""

import datetime
import hashlib
import secrets
from smtplib import SMTPException
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Invitation, User
from accounts.models.session import InvitationQuerySet

VALID_FOR = datetime.timedelta(days=7)
KEPT_FOR = datetime.timedelta(days=30)
IN_SESSION = "invitation"


def make(by: User | None = None) -> str:
    """The address to send; nobody can be told it again, since only a hash of it is kept."""
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(by=by, secret_hash=_hash(secret), until=timezone.now() + VALID_FOR)
    return f"{settings.SITE_URL}{reverse('account_signup')}?{urlencode({'invite': secret})}"


def send(link: str, to: str) -> bool:
    """By mail, in words that name nobody; and say whether the mail server took it."""
    body = render_to_string(
        "account/email/invitation.txt", {"link": link, "site": settings.SITE_URL}
    )
    try:
        return bool(send_mail(_("An invitation to AhFai"), body, None, [to]))
    except (OSError, SMTPException):
        return False


def is_valid(secret: object) -> bool:
    return _found(_hash(str(secret))).exists()


def use(secret_hash: str, person: User) -> bool:
    """Make it `person`'s, and say whether it was still to be had: it is for one."""
    return bool(_found(secret_hash).update(used=timezone.now(), used_by=person))


def hash_in_session(request: HttpRequest) -> str:
    """Of the invitation that this browser opened; empty without one."""
    secret = request.session.get(IN_SESSION)
    return _hash(str(secret)) if secret else ""


def sign_up_is_open(request: HttpRequest) -> bool:
    """Whether the one who sends `request` may make an account here."""
    return sign_up_is_open_with(hash_in_session(request))


def sign_up_is_open_with(secret_hash: str) -> bool:
    """The first person needs an invitation like all others: on a network, whoever comes first
    would own the installation."""
    if settings.SIGN_UP == "invite":
        return bool(secret_hash) and _found(secret_hash).exists()
    return settings.SIGN_UP == "open"


def forget_old() -> None:
    Invitation.objects.filter(until__lt=timezone.now() - KEPT_FOR).delete()


def _found(secret_hash: str) -> InvitationQuerySet:
    return Invitation.objects.open().filter(secret_hash=secret_hash)


def _hash(secret: str) -> str:
    """It has 256 bits of chance, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
