"""What no password here may be, beside Django's own rules."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Tried first by whoever guesses here (OWASP ASVS 5.0, 6.1.2), beside the names of this site.
WORDS = ("ahfai", "admin", "assistant", "password", "passwort", "welcome")
# What has to be left when these are taken out.
AT_LEAST = 8


class NotNamedAfterThisPlace:
    """Refuse a password that is little more than a word which stands for this installation."""

    def validate(self, password: str, user: Any = None) -> None:
        left = re.sub("|".join(map(re.escape, _words())), "", password.casefold())
        if len(left) < min(AT_LEAST, len(password)):
            raise ValidationError(self.get_help_text(), code="password_named_after_this_place")

    def get_help_text(self) -> str:
        return _("This password is little more than a word that others would try here first.")


def _words() -> list[str]:
    """The longest first, so that none is cut by a shorter one in it."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    names = [name for name in re.split(r"[.-]", host) if len(name) >= 4]
    return sorted({*WORDS, *names}, key=len, reverse=True)
