"""API tokens: making one, and knowing it again."""

import datetime
import hashlib
import secrets
from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiToken, Scope, User

MAX_TOKENS = 20
# So that a token which was published by mistake is found by those that look for such things.
PREFIX = "ahfai_"
# So exact nobody wants to know it.
_USE_WRITTEN_AFTER = datetime.timedelta(minutes=5)


class TooMany(Exception):
    """The person has as many tokens as one may have."""


def make(user: User, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str]:
    """A token for so many days, and its text, which nobody can be told again. Raises TooMany.

    Call it in a transaction.
    """
    # One after the other, so that two at a time don't make one too many.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.api_tokens.count() >= MAX_TOKENS:
        raise TooMany
    text = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    token = ApiToken.objects.create(
        owner=user,
        name=name,
        secret_hash=_hash(text),
        scopes=" ".join(scope for scope in Scope if scope in set(scopes)),
        made=now,
        expires=now + datetime.timedelta(days=days),
    )
    return token, text


def find(text: str) -> ApiToken | None:
    """None for one that is over, was revoked or never was, and of somebody who may not sign in."""
    tokens = ApiToken.objects.usable().select_related("owner")
    return tokens.filter(secret_hash=_hash(text)).first()


def is_usable(token: ApiToken) -> bool:
    return ApiToken.objects.usable().filter(pk=token.pk).exists()


def note_use(token: ApiToken) -> None:
    now = timezone.now()
    is_old = Q(last_used=None) | Q(last_used__lt=now - _USE_WRITTEN_AFTER)
    ApiToken.objects.filter(is_old, pk=token.pk).update(last_used=now)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
