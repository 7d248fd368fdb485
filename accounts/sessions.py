"""Sessions in the database whose rows can't be used as cookies."""

import datetime
import hashlib
import uuid
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Session


def digest(cookie: str) -> str:
    """SHA-256 in hex. The cookie has 165 bits of chance, so a slow hash would add nothing."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def open_since(now: datetime.datetime) -> Q:
    """Sessions that may go on: used within the idle time, and not begun too long ago. One of a
    front end is kept by its refresh token as long as that works."""
    used = Q(seen__gt=now - datetime.timedelta(hours=settings.SESSION_IDLE_HOURS))
    return (used | Q(refresh__isnull=False)) & Q(
        expire_date__gt=now,
        started__gt=now - datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )


class SessionStore(DatabaseStore):
    # The row that it was read from, or written to.
    row: "Session | None" = None
    # For a new row; see accounts.middleware.
    browser = address = ""

    @classmethod
    def get_model_class(cls):
        from accounts.models import Session

        return Session

    def _get_session_from_db(self):
        found = self.model.objects.filter(
            open_since(timezone.now()), session_key=digest(self.session_key or "")
        )
        self.row = cast("Session | None", found.first())
        if self.row is None:
            self._session_key = None
        return self.row

    def exists(self, session_key):
        return super().exists(digest(session_key))

    def create_model_instance(self, data):
        row = cast("Session", super().create_model_instance(data))
        row.session_key = digest(row.session_key)
        user = data.get(SESSION_KEY)
        row.user_id = uuid.UUID(user) if user else None
        if self.row is None or self.row.session_key != row.session_key:
            row.browser, row.address = self.browser, self.address
        else:
            # Saved anew: what is known of the browser stays.
            for name in ("id", "started", "seen", "browser", "address", "refresh"):
                setattr(row, name, getattr(self.row, name))
        self.row = row
        return row

    def delete(self, session_key=None):
        cookie = session_key or self.session_key
        if cookie:
            self.model.objects.filter(session_key=digest(cookie)).delete()

    @classmethod
    def clear_expired(cls):
        cls.get_model_class().objects.exclude(open_since(timezone.now())).delete()
