"""Tokens with which a person's own programs use the API."""

import uuid
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField

MAX_TOKEN_NAME = 100
_DIGEST = r"^[0-9a-f]{64}$"
_SCOPES = r"^[a-z]+:(read|write)( [a-z]+:(read|write))*$"


class Scope(models.TextChoices):
    """What a token may do. To write is not to read: each is given by itself."""

    CHATS_READ = "chats:read", _("Read your chats")
    CHATS_WRITE = (
        "chats:write",
        _("Talk with the model, decide about what it proposes, and change and delete chats"),
    )
    NOTES_READ = "notes:read", _("Read your notes")
    NOTES_WRITE = (
        "notes:write",
        _("Write new notes, change those there are, and delete what is in the trash"),
    )
    TAGS_READ = "tags:read", _("Read the names of your tags")
    TAGS_WRITE = "tags:write", _("Rename tags, and take them off everything")
    REMINDERS_READ = "reminders:read", _("Read your reminders")
    REMINDERS_WRITE = "reminders:write", _("Set reminders, change them and tick them off")
    WEBHOOKS_WRITE = "webhooks:write", _("Make and delete webhooks")
    SETTINGS_READ = "settings:read", _("Read your settings, and what AhFai knows about you")
    SETTINGS_WRITE = (
        "settings:write",
        _("Change your settings and what AhFai knows about you, but not how you sign in"),
    )
    EXPORT = "export:read", _("Fetch everything that you have")


# What stands over the scopes of one kind where a token is made.
SCOPE_KINDS = {
    "chats": _("Chats"),
    "notes": _("Notes"),
    "tags": _("Tags"),
    "reminders": _("Reminders"),
    "settings": _("Settings"),
    "webhooks": _("Webhooks"),
    "export": _("Everything, in one file"),
}


_ACTS = {
    ("read",): _("%(kind)s: read"),
    ("write",): _("%(kind)s: write"),
    ("read", "write"): _("%(kind)s: read and write"),
}


class ApiTokenQuerySet(SealedQuerySet["ApiToken"]):
    def usable(self) -> "ApiTokenQuerySet":
        """Not over, and of somebody who may sign in."""
        return self.filter(expires__gt=timezone.now(), owner__is_active=True)


class ApiToken(models.Model):
    """It was shown once, and only its hash is kept. To revoke it is to delete the row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = SealedTextField(_("name"), max_length=MAX_TOKEN_NAME)
    # SHA-256: of 256 random bits nobody finds the others.
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    # With spaces between them, as in RFC 6749, 3.3.
    scopes = models.CharField(max_length=200)
    made = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField()
    # About: not each use is written down.
    last_used = models.DateTimeField(null=True, editable=False)

    objects: Any = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.CheckConstraint(
                condition=Q(secret_hash__regex=_DIGEST), name="api_token_secret_hash_is_a_digest"
            ),
            models.CheckConstraint(
                condition=Q(scopes__regex=_SCOPES), name="api_token_scopes_are_words"
            ),
            models.CheckConstraint(
                condition=Q(expires__gt=F("made")), name="api_token_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_over(self) -> bool:
        return self.expires <= timezone.now()

    @property
    def may(self) -> list[Scope]:
        said = set(self.scopes.split())
        return [scope for scope in Scope if scope in said]

    @property
    def may_in_words(self) -> list[str]:
        """As in "Notes: read and write", for each kind of thing."""
        return [
            _ACTS[tuple(scope.value.partition(":")[2] for scope in found)]
            % {"kind": SCOPE_KINDS[kind]}
            for kind, found in groupby(self.may, key=lambda scope: scope.value.partition(":")[0])
        ]
