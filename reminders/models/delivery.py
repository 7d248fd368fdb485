"""That somebody is to be told outside AhFai, and what became of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.constraints import SameOwner
from accounts.fields import SealedQuerySet, SealedTextField
from reminders.models.channel import Channel
from reminders.models.reminder import Reminder


class Delivery(models.Model):
    """One message by one channel: of a reminder's time, or without one the digest of a day.

    A sender takes it for a while (`lease_until`, by the database's clock), and alone says what
    became of it, with its `lease_token`: see `reminders.delivering`.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        # It came to nothing: the reminder was done, put off, moved or thrown away before.
        DROPPED = "dropped"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries"
    )
    reminder = models.ForeignKey(
        Reminder, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    # When it was due, or was put off to; of a digest when the person wanted it.
    occurrence_at = models.DateTimeField()
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    # As of the notice.
    missed = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    made = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    sent_at = models.DateTimeField(null=True)
    # Why the last try came to nothing, as a sentence, which can name the other side.
    error = SealedTextField(null=True, max_length=500)  # type: ignore[misc]

    objects = SealedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=Q(state="waiting"),
                name="delivery_next_to_send",
            ),
            models.Index(fields=["owner", "-made", "-id"], name="delivery_newest_first"),
            models.Index(fields=["made"], name="delivery_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reminder", "occurrence_at", "channel"],
                name="delivery_once_per_occurrence",
            ),
            models.UniqueConstraint(
                fields=["channel", "occurrence_at"],
                condition=Q(reminder=None),
                name="delivery_digest_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "dropped", "failed"]),
                name="delivery_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
                name="delivery_sent_says_when",
            ),
            models.CheckConstraint(
                condition=Q(lease_until=None, lease_token=None)
                | Q(state="waiting", lease_until__isnull=False, lease_token__isnull=False),
                name="delivery_leased_is_waiting",
            ),
            SameOwner(to="reminder", name="delivery_reminder_is_the_owners"),
            SameOwner(to="channel", name="delivery_channel_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
