"""The ways by which a person is told outside AhFai, and how they want to be told at all."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import SameOwner
from accounts.fields import SealedQuerySet, SealedTextField
from reminders.models.reminder import Reminder

MAX_NAME = 80
MAX_TARGET = 4000


class ChannelQuerySet(SealedQuerySet):
    def on(self):
        """Without those that are switched off."""
        return self.filter(off_since=None)


class Channel(models.Model):
    """A way to a person: an address somewhere, with what it takes to send there."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        NTFY = "ntfy", "ntfy"
        GOTIFY = "gotify", "Gotify"
        WEBHOOK = "webhook", _("Webhook")
        PUSH = "push", _("A browser")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="channels"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    name = SealedTextField(_("name"), max_length=MAX_NAME)
    # In JSON, what its kind needs: see reminders.channels.
    target = SealedTextField(max_length=MAX_TARGET)
    says_title = models.BooleanField(default=False)
    # Used for each reminder that has no channels of its own.
    by_default = models.BooleanField(default=True)
    # The other side will never take anything again, for this reason, as a sentence.
    off_since = models.DateTimeField(null=True)
    off_because = SealedTextField(null=True, max_length=500)  # type: ignore[misc]
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="channel_of_owner"),
            models.CheckConstraint(
                condition=Q(kind__in=["email", "ntfy", "gotify", "webhook", "push"]),
                name="channel_kind_is_known",
            ),
            # It has no address of its own: mails go to the one that the person signs in with.
            models.UniqueConstraint(
                fields=["owner"], condition=Q(kind="email"), name="channel_one_for_email"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ChosenChannel(models.Model):
    """A channel that a reminder is told by, where it has channels of its own."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="chosen")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reminder", "channel"], name="chosenchannel_once_per_reminder"
            ),
            SameOwner(to="reminder", name="chosenchannel_reminder_is_the_owners"),
            SameOwner(to="channel", name="chosenchannel_channel_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Telling(models.Model):
    """When a person wants to be told outside AhFai, by their own clock."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    # Nothing is sent from the one to the other, which may be on the next day.
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    # When one message a day says what is overdue and what is to come.
    digest_at = models.TimeField(null=True)
    next_digest_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_digest_at"],
                condition=Q(next_digest_at__isnull=False),
                name="telling_next_digest",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (
                    Q(quiet_from__isnull=False, quiet_until__isnull=False)
                    & ~Q(quiet_from=F("quiet_until"))
                ),
                name="telling_quiet_hours_have_an_end",
            ),
            models.CheckConstraint(
                condition=Q(digest_at=None, next_digest_at=None)
                | Q(digest_at__isnull=False, next_digest_at__isnull=False),
                name="telling_digest_has_a_next_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
