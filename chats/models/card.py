"""What a model proposes, and what it may do unasked."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.constraints import SameOwner
from accounts.fields import SealedQuerySet, SealedTextField
from chats.models.message import Message


class Card(models.Model):
    """A change that the person is asked about under a reply, and what became of it: it is made at
    most once."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        DONE = "done"
        DISMISSED = "dismissed"
        EXPIRED = "expired"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cards"
    )
    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="cards")
    number = models.PositiveSmallIntegerField()
    # As in `chats.cards.KINDS`.
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    # JSON: what is to be stored, and what Undo needs to know once it was.
    payload = SealedTextField()
    outcome = SealedTextField(null=True)  # type: ignore[misc]
    created = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField()
    decided = models.DateTimeField(null=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["expires"], condition=Q(state="proposed"), name="card_proposed_by_end"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="card_once_per_number"),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "done", "dismissed", "expired", "undone"]),
                name="card_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided=None)
                | (~Q(state="proposed") & Q(decided__isnull=False)),
                name="card_decided_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "undone"], outcome__isnull=False)
                | (~Q(state__in=["done", "undone"]) & Q(outcome__isnull=True)),
                name="card_done_says_what",
            ),
            SameOwner(to="reply", name="card_reply_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Leave(models.Model):
    """What a person lets a model do without asking them."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="leave"
    )
    # New reminders and notes, never changes: see `chats.leave`.
    may_create = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.pk)
