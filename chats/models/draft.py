"""What somebody has written and not sent."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.fields import SealedQuerySet, SealedTextField
from chats.models.chat import Chat


class Draft(models.Model):
    """Words in the message box of a chat, or of a new one (no chat), that aren't sent yet."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    chat = models.OneToOneField(Chat, null=True, on_delete=models.CASCADE, related_name="draft")
    text = SealedTextField()
    version = models.PositiveIntegerField()

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(chat=None), name="draft_one_for_a_new_chat"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
