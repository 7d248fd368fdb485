"""Webhooks: programs of a person's that are told when something of theirs changes."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.constraints import SameOwner
from accounts.fields import SealedQuerySet, SealedTextField
from ahfai.outbound import URL_LETTERS

_EVENTS = r"^[a-z]+\.[a-z]+( [a-z]+\.[a-z]+)*$"


class WebhookQuerySet(SealedQuerySet["Webhook"]):
    def on(self) -> "WebhookQuerySet":
        return self.filter(off_since=None)


class Webhook(models.Model):
    """Where they are told, and of which events."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks"
    )
    address = SealedTextField(max_length=URL_LETTERS)
    # With it each event is signed (`ahfai.signing`). It was shown once.
    secret = SealedTextField(max_length=100)
    # With spaces between them.
    events = models.CharField(max_length=500)
    made = models.DateTimeField(default=timezone.now, editable=False)
    off_since = models.DateTimeField(null=True)
    # Why AhFai switched it off, as a sentence; none where its person did.
    off_because = SealedTextField(null=True, max_length=500)  # type: ignore[misc]
    # How many events weren't kept, since too many waited already.
    left_out = models.PositiveIntegerField(default=0)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="webhook_of_owner"),
            models.CheckConstraint(
                condition=Q(events__regex=_EVENTS), name="webhook_events_are_words"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def wants(self) -> list[str]:
        return self.events.split()


class WebhookEvent(models.Model):
    """That one webhook is to be told of one thing, and what became of it: no word of the thing.

    A sender takes it for a while (`lease_until`, by the database's clock), and alone says what
    became of it, with its `lease_token`: see `accounts.programs.webhook_sending`.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        # The webhook was switched off before.
        DROPPED = "dropped"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhook_events"
    )
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="sent")
    kind = models.CharField(max_length=40)
    # Of a test the webhook itself.
    thing = models.UUIDField()
    # When it happened; where it happened again before it was sent, the last time.
    happened = models.DateTimeField(default=timezone.now)
    # True until the first try, then empty: what happens again before that needs no second row, and
    # empty ones are no twins for the constraint below.
    is_fresh = models.BooleanField(null=True, default=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    made = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    sent_at = models.DateTimeField(null=True)
    # The last answer: its status, or why there was none.
    status = models.PositiveSmallIntegerField(null=True)
    error = SealedTextField(null=True, max_length=500)  # type: ignore[misc]

    objects = SealedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=Q(state="waiting"),
                name="webhookevent_next_to_send",
            ),
            # Counted at each event, which all that was sent in 30 days must not make slow.
            models.Index(
                fields=["webhook"], condition=Q(state="waiting"), name="webhookevent_waiting"
            ),
            models.Index(fields=["webhook", "-made", "-id"], name="webhookevent_newest_first"),
            models.Index(fields=["made"], name="webhookevent_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "kind", "thing", "is_fresh"], name="webhookevent_waits_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "dropped", "failed"]),
                name="webhookevent_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(is_fresh=None) | Q(is_fresh=True, state="waiting", attempts=0),
                name="webhookevent_fresh_is_untried",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
                name="webhookevent_sent_says_when",
            ),
            models.CheckConstraint(
                condition=Q(lease_until=None, lease_token=None)
                | Q(state="waiting", lease_until__isnull=False, lease_token__isnull=False),
                name="webhookevent_leased_is_waiting",
            ),
            SameOwner(to="webhook", name="webhookevent_webhook_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
