"""Tags."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField


class Tag(models.Model):
    """A name that a person gives to their things; see `accounts.tags`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags"
    )
    name = SealedTextField(_("name"), max_length=80)
    # Keyed, so that it tells nothing about the name.
    name_hash = models.CharField(max_length=64)

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name_hash"], name="tag_once_per_owner"),
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="tag_of_owner"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
