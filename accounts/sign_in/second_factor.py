"""The second factor: allauth's, with its secrets sealed and its tries counted in the database.

A row of allauth's holds the id of a `SecondFactorSecret` wherever it would hold a secret. That one
opens for its own person only, so a factor can't be given to somebody else by changing its row.
"""

import base64
import datetime
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    SECRET_SESSION_KEY,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit, letters
from accounts.models import SecondFactorSecret, User
from accounts.requests import SignedInRequest
from accounts.sealing import keys
from ahfai import crypto, limits
from ahfai.crypto import SealError

FEW, FEW_MINUTES = 5, datetime.timedelta(minutes=5)
MANY, DAY = 50, datetime.timedelta(days=1)
_PLACE = "accounts.second_factor to be"
KINDS = {
    Authenticator.Type.TOTP: _("an app for codes"),
    Authenticator.Type.WEBAUTHN: _("a passkey"),
}
# Where a row of allauth's would hold a secret.
_SECRETS = ("secret", "seed", "name")


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "That code isn't right, or it was used already. An app shows another soon."
        ),
    }

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """One name for all addresses under which this site answers."""
        return {"id": str(urlsplit(settings.SITE_URL).hostname), "name": "AhFai"}

    def encrypt(self, text: str) -> str:
        return seal(_whose(), text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(_whose(), encrypted_text)


def seal(person: User, text: str) -> str:
    """Keep `text` for a factor of `person`; what is returned says nothing of it."""
    return str(SecondFactorSecret.objects.create(owner=person, text=text).pk)


def unseal(person: User, kept: str) -> str:
    """Raises SealError where it is gone or somebody else's."""
    try:
        row = SecondFactorSecret.objects.filter(owner=person, pk=uuid.UUID(kept)).first()
    except ValueError:
        row = None
    if row is None:
        raise SealError("This secret of a second factor is gone, or somebody else's.")
    return row.text


def _whose() -> User:
    """The person who is signed in, or who has given the right password and signs in."""
    request = context.request
    if request.user.is_authenticated:
        return request.user
    # By the API, or by the pages.
    return getattr(request, "signing_in", None) or request._login_stage.login.user


@dataclass(frozen=True)
class Passkey:
    row: Authenticator
    name: str

    @property
    def signs_in_alone(self) -> bool:
        """Whether the browser keeps it by this site's name, as far as it has said so."""
        return bool(self.row.wrap().is_passwordless)


@dataclass(frozen=True)
class Factors:
    """What a person has. Recovery codes count for nothing by themselves."""

    app: Authenticator | None
    passkeys: list[Passkey]
    codes: Authenticator | None

    @property
    def all(self) -> list[Authenticator]:
        return [*filter(None, [self.app]), *(passkey.row for passkey in self.passkeys)]

    @property
    def is_on(self) -> bool:
        return bool(self.all)

    @property
    def codes_left(self) -> int:
        if self.codes is None:
            return 0
        return app_settings.RECOVERY_CODE_COUNT - self.codes.data["used_mask"].bit_count()


def is_on(person: User) -> bool:
    return factor_rows(person).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def factors_of(person: User) -> Factors:
    kinds, rows = Authenticator.Type, list(factor_rows(person))
    one_of_a_kind = {row.type: row for row in rows}
    passkeys = [row for row in rows if row.type == kinds.WEBAUTHN]
    return Factors(
        one_of_a_kind.get(kinds.TOTP),
        [Passkey(row, unseal(person, row.data["name"])) for row in passkeys],
        one_of_a_kind.get(kinds.RECOVERY_CODES),
    )


def factor_rows(person: User) -> Any:
    return Authenticator.objects.filter(user=person).order_by("created_at", "pk")


def remove(person: User, factor: Authenticator, request: Any = None, **details: int) -> None:
    """With the recovery codes where it was the last one."""
    with transaction.atomic():
        rows = Authenticator.objects.filter(user=person)
        rows.filter(pk=factor.pk).delete()
        if not rows.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            rows.delete()
        forget_unused(person)
        kind = str(KINDS[factor.type])
        audit.record(person, audit.Event.FACTOR_REMOVED, request, None, kind=kind, **details)
        letters.tell_of_a_new_way_in(person)


def forget_unused(person: User) -> None:
    """Delete the secrets of factors that are gone."""
    rows = SecondFactorSecret.objects.filter(owner=person)
    # First, so that none is met whose factor another request adds meanwhile.
    kept = {str(key) for key in rows.values_list("pk", flat=True)}
    used = {one.data.get(name) for one in factor_rows(person) for name in _SECRETS}
    rows.filter(pk__in=kept - used).delete()


def secret_to_be(request: SignedInRequest) -> str:
    """The key for an app that is being added. Until it is, the session keeps it, sealed."""
    kept, person = request.session.get(SECRET_SESSION_KEY), request.user
    bound = (_PLACE, person.pk.bytes)
    if kept:
        sealed = base64.b64decode(kept)
        # The person's key may have been renewed since; then the app gets another one.
        with suppress(SealError):
            _generation, key = keys.data_key(person.pk, crypto.generation_of(sealed))
            return crypto.unseal(key, sealed, bound).decode()
    secret = generate_totp_secret()
    generation, key = keys.data_key(person.pk)
    sealed = crypto.seal(key, generation, secret.encode(), bound)
    request.session[SECRET_SESSION_KEY] = base64.b64encode(sealed).decode()
    return secret


def count_try(person: User) -> None:
    """Before a code is looked at. Raises ValidationError when there were too many."""
    who = str(person.pk)
    few = limits.count("second factor", who, FEW_MINUTES)
    if few > FEW or limits.count("second factor a day", who, DAY) > MANY:
        if few == FEW + 1:
            audit.record(person, audit.Event.FACTOR_REFUSED, context.request)
        raise get_adapter().validation_error("too_many_codes")


def use_up(person: User, secret: str, code: str) -> None:
    """A code of an app counts once, in all processes (RFC 6238, 5.2). Raises ValidationError."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            period = datetime.timedelta(seconds=app_settings.TOTP_PERIOD)
            shown = datetime.datetime.fromtimestamp(step * app_settings.TOTP_PERIOD, datetime.UTC)
            if limits.count("code of an app", str(person.pk), period, at=shown) == 1:
                return
    raise mfa_adapter().validation_error("incorrect_code")
