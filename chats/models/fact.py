"""What a model is told about the person."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField


class Fact(models.Model):
    """One thing that a person wants the model to know about them; see `chats.facts`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="facts"
    )
    text = SealedTextField(_("fact"), max_length=300)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = SealedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "-created", "-id"], name="fact_newest_of_owner")]

    def __str__(self) -> str:
        return str(self.pk)


class FactsTold(models.Model):
    """Whether the model is told the facts about its owner; it is where there is no row."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="facts_told",
    )
    is_on = models.BooleanField()

    def __str__(self) -> str:
        return str(self.pk)
