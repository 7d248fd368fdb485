"""What a model read for its answers."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.constraints import SameOwner
from accounts.fields import SealedQuerySet, SealedTextField
from chats.models.message import Message
from notes.models import Note


class Source(models.Model):
    """A passage of a note that the model had to read for a reply; the reply says its number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sources"
    )
    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="sources")
    number = models.PositiveSmallIntegerField()
    # Empty where the note was deleted since.
    note = models.ForeignKey(Note, null=True, on_delete=models.SET_NULL, related_name="+")
    # The note's title with the headings above the passage, and the passage, as they were; empty
    # some time after the note was deleted.
    title = SealedTextField(null=True)  # type: ignore[misc]
    text = SealedTextField(null=True)  # type: ignore[misc]

    objects = SealedQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="source_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="source_number_from_one"),
            SameOwner(to="reply", name="source_reply_is_the_owners"),
            SameOwner(to="note", name="source_note_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ToolUse(models.Model):
    """What the model asked for on the way to its answer, and what it got to read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tool_uses"
    )
    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="uses")
    # In the order of the reply; several of one round were asked for together.
    number = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField()
    # Empty where there is no such tool: what the model wrote is among the arguments then.
    name = models.CharField(max_length=40, blank=True)
    # JSON, and what the person sees of it, also JSON: `chats.tooluse` reads them.
    arguments = SealedTextField()
    result = SealedTextField()
    shown = SealedTextField()
    found = models.PositiveIntegerField(default=0)
    # Of the card that came of it.
    card_number = models.PositiveSmallIntegerField(null=True)
    # Others may have written what was read, or the person at another time.
    is_foreign = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="tooluse_once_per_number"),
            SameOwner(to="reply", name="tooluse_reply_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
