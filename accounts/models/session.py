"""Signing in: sessions, second factors, invitations, mails, and what happened."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField
from accounts.models.person import User


class Session(AbstractBaseSession):
    """A signed-in browser. `session_key` is the SHA-256 of the cookie, so that a copy of this
    table signs nobody in."""

    # For addresses of pages.
    id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions"
    )
    session_key = models.CharField(primary_key=True, max_length=64)
    started = models.DateTimeField(default=timezone.now, editable=False)
    # Written every few minutes; see accounts.middleware.
    seen = models.DateTimeField(default=timezone.now)
    # What it says that it is, and the network that it came from last.
    browser = models.CharField(max_length=60, default="")
    address = models.CharField(max_length=45, default="")
    # Of a front end that signed in by the API: the refresh token that works next. See
    # accounts.programs.jwts.
    refresh = models.UUIDField(null=True, editable=False)

    objects: ClassVar[BaseSessionManager] = BaseSessionManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(session_key__regex=r"^[0-9a-f]{64}$"),
                name="session_key_is_a_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"session of {self.user_id}"

    @classmethod
    def get_session_store_class(cls):
        from accounts.sessions import SessionStore

        return SessionStore


class SecondFactorSecret(models.Model):
    """What a second factor knows of its person: the key of an app, the seed of recovery codes, the
    name of a passkey. The factor's own row holds the id of this one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = SealedTextField()

    objects = SealedQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        return self.filter(used=None, until__gt=timezone.now())


class Invitation(models.Model):
    """A link with which one person can make an account; see `accounts.invitations`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # SHA-256 in hex of what stands in the link.
    secret_hash = models.CharField(max_length=64, unique=True)
    # None for one that was made by a command.
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="invitations")
    made = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField()
    used = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.pk)


class Letter(models.Model):
    """A mail about an account that the worker has to send; gone when it is sent. Its words are made
    then, so that no row holds a link that opens anything."""

    class Kind(models.TextChoices):
        RESET = "reset"
        # To the new address, and to the one before.
        EMAIL_NEW = "email_new"
        EMAIL_OLD = "email_old"
        # The way in is another one than before.
        WAY_IN = "way_in"
        # To whoever wants an account, or has one already.
        SIGN_UP = "sign_up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Nobody where only the worker looks whose address it is.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    to = models.EmailField()
    # Of a new person's invitation.
    invitation_hash = models.CharField(max_length=64, blank=True)
    asked = models.DateTimeField(default=timezone.now)
    next_try = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=["reset", "email_new", "email_old", "way_in", "sign_up"]
                ),
                name="letter_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class AuditEntry(models.Model):
    """Something that happened to an account; see `accounts.audit`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="audit_entries"
    )
    # One of accounts.audit.Event.
    event = models.CharField(max_length=32)
    at = models.DateTimeField(default=timezone.now, editable=False)
    # Who did it, where it was somebody else.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # JSON, or empty.
    details = SealedTextField(blank=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["owner", "at"], name="auditentry_by_owner"),
            models.Index(fields=["at"], name="auditentry_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
