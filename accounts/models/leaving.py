"""Leaving, and taking everything along."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import SameOwner
from accounts.fields import SealedBytesField, SealedQuerySet
from ahfai.models import Heartbeat


class Leaving(models.Model):
    """That a person wants their account gone with all in it; see `accounts.parting.leaving`."""

    # Of the receipt, too.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="leaving"
    )
    asked = models.DateTimeField(default=timezone.now, editable=False)
    # From when on it is to be erased, and when that was begun: there is no way back then.
    due = models.DateTimeField()
    begun = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("account to be erased")
        verbose_name_plural = _("accounts to be erased")

    def __str__(self) -> str:
        return str(self.pk)


class Receipt(models.Model):
    """What an erasure has deleted: numbers, and nothing that says whose it was."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    made = models.DateTimeField(default=timezone.now, editable=False)
    # How many rows of each model, by its label.
    counts = models.JSONField()
    # When what the database keeps beside its tables was emptied, too.
    swept = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("receipt of an erasure")
        verbose_name_plural = _("receipts of erasures")

    def __str__(self) -> str:
        return str(self.pk)


class Retention(models.Model):
    """How long a person wants things to be kept that they don't use; see `ahfai.retention`."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    # In days, since they were used; for ever where it is empty.
    chats = models.PositiveSmallIntegerField(null=True)
    # In days, since they were put into the trash; as long as everywhere where it is empty.
    trash = models.PositiveSmallIntegerField(null=True)
    # When the worker looked last, and found nothing more to delete.
    applied = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retentions")
        indexes = [models.Index(fields=["applied"], name="retention_by_applied")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(chats=None) | models.Q(chats__gte=1),
                name="retention_of_chats_from_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(trash=None) | models.Q(trash__gte=1),
                name="retention_of_trash_from_a_day",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Export(models.Model):
    """Everything that a person has, in one ZIP that is made, or waits to be fetched; see
    `accounts.parting.exports`."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # How many things there are, once that is known, and how many of them are in it.
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # In bytes, before sealing.
    size = models.PositiveBigIntegerField(default=0)
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    asked = models.DateTimeField(default=timezone.now, editable=False)
    ended = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="export_of_owner"),
            models.UniqueConstraint(fields=["owner"], name="export_one_each"),
            models.CheckConstraint(
                condition=models.Q(ended=None, state__in=["waiting", "running"])
                | models.Q(ended__isnull=False, state__in=["done", "failed"]),
                name="export_ended_says_when",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ExportPart(models.Model):
    """A piece of the ZIP, bound to its place as a part of a file is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    of = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    # From 0.
    number = models.PositiveIntegerField()
    data = SealedBytesField(bound_to=["of", "number"])

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "number"], name="exportpart_once_per_number"),
            SameOwner(to="of", name="exportpart_export_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
