"""The keys of people's words, and who has none any more."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.fields import SealedQuerySet, SealedTextField


class UserKey(models.Model):
    """One generation of a person's data key, wrapped by the master key that `master_id` names."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="keys"
    )
    generation = models.PositiveSmallIntegerField(default=1)
    master_id = models.CharField(max_length=16)
    wrapped = models.BinaryField()
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "generation"], name="userkey_one_per_generation"
            ),
            models.CheckConstraint(
                condition=models.Q(generation__gte=1), name="userkey_generation_from_one"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class LookupKey(models.Model):
    """A person's own secret, for the keyed hashes by which their sealed names are found.

    A row of its own, and sealed: it stays the same when the data key gets a successor, and is gone
    with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    # 32 bytes in hexadecimal.
    secret = SealedTextField()

    objects = SealedQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class ErasedPerson(models.Model):
    """The id of somebody who was erased, and nothing else: see `accounts.parting.erased`."""

    id = models.UUIDField(primary_key=True, editable=False)
    when = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return str(self.pk)
