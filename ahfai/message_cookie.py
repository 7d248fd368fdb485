"""Sentences for the next page, in a cookie of this host alone where there is TLS."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class MessageCookie(CookieStorage):
    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        return "__Host-messages" if settings.IS_HTTPS else "messages"
