"""Invitations: signed links that let somebody make an account for a week."""

import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

VALID_FOR = datetime.timedelta(days=7)
IN_SESSION = "invitation"
_PURPOSE = "accounts.invitation"


def new_link() -> str:
    """The address to send. Nothing is stored: whoever has it may sign up until it ends."""
    invitation = signing.dumps("sign-up", salt=_PURPOSE)
    return f"{settings.SITE_URL}{reverse('account_signup')}?{urlencode({'invite': invitation})}"


def is_valid(invitation: object) -> bool:
    try:
        return signing.loads(str(invitation), salt=_PURPOSE, max_age=VALID_FOR) == "sign-up"
    except signing.BadSignature:
        return False


def sign_up_is_open(request: HttpRequest) -> bool:
    """Whether the one who sends `request` may make an account here.

    The first person needs an invitation like all others: on a network, whoever comes first
    would own the installation.
    """
    if settings.SIGN_UP == "invite":
        return is_valid(request.session.get(IN_SESSION))
    return settings.SIGN_UP == "open"
