"""Files, in sealed parts."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import SameOwner
from accounts.fields import SealedBytesField, SealedQuerySet, SealedTextField


class FileKind(models.TextChoices):
    """What the bytes of a file say that it is; its name can say anything."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"
    PDF = "application/pdf"
    TEXT = "text/plain"
    OTHER = "application/octet-stream"


PICTURES = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.GIF, FileKind.WEBP})


class SealedFile(models.Model):
    """A file that a person gave, in sealed parts; see `accounts.files`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="files"
    )
    name = SealedTextField(_("name"), max_length=150)
    kind = models.CharField(max_length=32, choices=FileKind, default=FileKind.OTHER)
    # In bytes, before sealing.
    size = models.PositiveBigIntegerField(default=0)
    made = models.DateTimeField(default=timezone.now)
    # Until when something is known to have needed it.
    needed = models.DateTimeField(default=timezone.now)

    objects = SealedQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["needed"], name="file_by_needed")]
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="file_of_owner"),
            models.CheckConstraint(
                condition=models.Q(kind__in=FileKind.values), name="file_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("accounts:file", args=[self.pk])

    @property
    def is_picture(self) -> bool:
        return self.kind in PICTURES


class FilePart(models.Model):
    """A piece of a file. It opens only as the part of its number of its file, and as the last one
    only where it was: none can be exchanged, left out or put behind the last one unnoticed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file = models.ForeignKey(SealedFile, on_delete=models.CASCADE, related_name="parts")
    # From 0.
    number = models.PositiveIntegerField()
    is_last = models.BooleanField()
    data = SealedBytesField(bound_to=["file", "number", "is_last"])

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="filepart_once_per_number"),
            SameOwner(to="file", name="filepart_file_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class FileText(models.Model):
    """What can be read in a file, taken out of it once, when it came. It goes with its file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file = models.OneToOneField(SealedFile, on_delete=models.CASCADE, related_name="text")
    words = SealedTextField()
    # In characters.
    length = models.PositiveIntegerField()
    # False where the file says more than was taken out.
    is_whole = models.BooleanField()

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [SameOwner(to="file", name="filetext_file_is_the_owners")]

    def __str__(self) -> str:
        return str(self.pk)
