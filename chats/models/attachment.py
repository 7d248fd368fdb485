"""The files of messages."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.constraints import SameOwner
from accounts.models import SealedFile
from chats.models.message import Message


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def with_files(self) -> "AttachmentQuerySet":
        return self.select_related("file__text")

    def to_show(self) -> "AttachmentQuerySet":
        """With their files, but without the words of them."""
        return self.with_files().defer("file__text__words")


class Attachment(models.Model):
    """That a person's message came with a file; other versions of the message may have it, too."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    file = models.ForeignKey(SealedFile, on_delete=models.CASCADE, related_name="+")
    # In the order in which they were attached, from 1.
    number = models.PositiveSmallIntegerField()

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "number"], name="message_attachment_once_per_number"
            ),
            models.UniqueConstraint(
                fields=["message", "file"], name="message_attachment_file_once"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1), name="message_attachment_number_from_one"
            ),
            SameOwner(to="message", name="message_attachment_message_is_the_owners"),
            SameOwner(to="file", name="message_attachment_file_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
