"""Sessions in the database whose rows can't be used as cookies."""

import hashlib
import uuid
from typing import TYPE_CHECKING, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Session


def digest(cookie: str) -> str:
    """SHA-256 in hex. The cookie has 165 bits of chance, so a slow hash would add nothing."""
    return hashlib.sha256(cookie.encode()).hexdigest()


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls):
        from accounts.models import Session

        return Session

    def _get_session_from_db(self):
        row = self.model.objects.filter(
            session_key=digest(self.session_key or ""), expire_date__gt=timezone.now()
        ).first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key):
        return super().exists(digest(session_key))

    def create_model_instance(self, data):
        row = cast("Session", super().create_model_instance(data))
        row.session_key = digest(row.session_key)
        user = data.get(SESSION_KEY)
        row.user_id = uuid.UUID(user) if user else None
        return row

    def delete(self, session_key=None):
        cookie = session_key or self.session_key
        if cookie:
            self.model.objects.filter(session_key=digest(cookie)).delete()
