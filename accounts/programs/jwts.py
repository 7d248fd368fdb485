"""Signed, short-lived tokens (RFC 7519) for front ends that live on another origin.

They carry the id of a session and nothing of its person. Each call looks in the database whether
that session still goes on, so that ending it ends them at once. No cookie opens such a session:
the one that would is thrown away unseen.
"""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any, cast

import jwt
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Session, User
from accounts.sessions import SessionStore, open_since
from accounts.sign_in import tries
from ahfai import clients

ACCESS_FOR = datetime.timedelta(minutes=15)
REFRESH_FOR = datetime.timedelta(days=14)
ALGORITHM = "HS256"
_ACCESS, _REFRESH = "access", "refresh"
_SEEN_EVERY = datetime.timedelta(minutes=5)


class Refused(Exception):
    """It is wrong or over, its session has ended, or its person may not sign in."""


class Over(Refused):
    """It was signed here, so nobody has guessed it."""


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str


def begin(person: User, request: HttpRequest) -> Pair:
    """A session for a person who has just shown who they are."""
    store = SessionStore()
    store.browser = clients.browser(request) or _("A program")
    store.address = clients.shortened(clients.address(request))
    store[SESSION_KEY] = str(person.pk)
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    with transaction.atomic():
        store.create()
        row = cast("Session", store.row)
        _renew(Session.objects.filter(pk=row.pk), refresh := uuid.uuid4())
        User.objects.filter(pk=person.pk).update(last_login=timezone.now())
        failed = tries.take_failures(person.email)
        audit.record(person, audit.Event.SIGNED_IN, request, tries=failed)
    return _pair(row.id, refresh)


def refreshed(text: str, request: HttpRequest) -> Pair:
    """Two new tokens for a refresh token, which works once. Raises Refused; where it has been used
    before, somebody has a copy, and the session ends (RFC 9700, 4.14)."""
    said = _read(text, _REFRESH)
    session = _session(said)
    rows, refresh = Session.objects.filter(pk=session.pk, refresh=_uuid(said["jti"])), uuid.uuid4()
    if not _renew(rows, refresh):
        _end(session, request, audit.Event.SESSION_ENDED)
        raise Refused
    return _pair(session.id, refresh)


def find(text: str) -> Session:
    """The session of an access token. Raises Refused, and Over where it was one."""
    return _session(_read(text, _ACCESS))


def goes_on(session: Session) -> bool:
    """Whether it would be let in now."""
    try:
        _session({"sid": session.id})
    except Refused:
        return False
    return True


def note_use(session: Session, request: HttpRequest) -> None:
    now = timezone.now()
    if now - session.seen >= _SEEN_EVERY:
        Session.objects.filter(pk=session.pk).update(
            seen=now, address=clients.shortened(clients.address(request))
        )


def end(text: str, request: HttpRequest) -> None:
    """Sign out by a refresh token, also by one that was used. Raises Refused."""
    _end(_session(_read(text, _REFRESH)), request, audit.Event.SIGNED_OUT)


def _renew(rows: Any, refresh: uuid.UUID) -> int:
    now = timezone.now()
    return rows.update(refresh=refresh, expire_date=now + REFRESH_FOR, seen=now)


def _end(session: Session, request: HttpRequest, event: audit.Event) -> None:
    with transaction.atomic():
        ended, _each = Session.objects.filter(pk=session.pk).delete()
        if ended and session.user:
            audit.record(session.user, event, request, browser=session.browser)


def _session(said: dict[str, Any]) -> Session:
    going_on = Session.objects.filter(open_since(timezone.now()), refresh__isnull=False)
    found = going_on.filter(id=_uuid(said["sid"]), user__is_active=True).select_related("user")
    session = found.first()
    if session is None or session.user is None:
        raise Over
    hashed = SessionStore().decode(session.session_data).get(HASH_SESSION_KEY, "")
    # As for a cookie: another password, however it was set, ends all that were there before.
    if not constant_time_compare(hashed, session.user.get_session_auth_hash()):
        raise Over
    return session


def _pair(session_id: uuid.UUID, refresh: uuid.UUID) -> Pair:
    return Pair(
        _written(_ACCESS, session_id, uuid.uuid4(), ACCESS_FOR),
        _written(_REFRESH, session_id, refresh, REFRESH_FOR),
    )


def _written(what: str, session_id: uuid.UUID, number: uuid.UUID, lasts: datetime.timedelta) -> str:
    now = timezone.now()
    said = {
        "iss": settings.SITE_URL,
        "aud": f"{settings.SITE_URL}/api/ {what}",
        "sid": str(session_id),
        "jti": str(number),
        "iat": now,
        "exp": now + lasts,
    }
    return jwt.encode(said, _key(), ALGORITHM)


def _read(text: str, what: str) -> dict[str, Any]:
    """By one algorithm, whatever it says itself (RFC 8725, 3.1)."""
    try:
        return jwt.decode(
            text,
            _key(),
            algorithms=[ALGORITHM],
            audience=f"{settings.SITE_URL}/api/ {what}",
            issuer=settings.SITE_URL,
            options={"require": ["exp", "iat", "iss", "aud", "sid", "jti"]},
        )
    except jwt.ExpiredSignatureError:
        # Looked at only where the signature is right.
        raise Over from None
    except (jwt.InvalidTokenError, ValueError):
        raise Refused from None


def _key() -> bytes:
    """Of its own, so that nothing else that is signed here can be taken for such a token."""
    return salted_hmac("accounts.jwts", "key", algorithm="sha256").digest()


def _uuid(said: Any) -> uuid.UUID:
    try:
        return uuid.UUID(str(said))
    except ValueError:
        raise Refused from None
