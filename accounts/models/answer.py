"""Answers of the API that are kept, so that a request that is sent twice does once what it asks."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField


class KeptAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered, or that it is under way; see
    `accounts.programs.idempotency`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kept_answers"
    )
    # Keyed: a program may make its key of words.
    key_hash = models.CharField(max_length=64)
    # Of the whole request.
    fingerprint = SealedTextField()
    # JSON; "" while the request is under way.
    answer = SealedTextField(blank=True)
    answered = models.DateTimeField(null=True)
    # Of the request that is under way, so that one that was given up can't end after all.
    claim = models.UUIDField(default=uuid.uuid4)
    made = models.DateTimeField(default=timezone.now)
    # While it is under way, from when it counts as given up; then, how long the answer is kept.
    until = models.DateTimeField(db_index=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "key_hash"], name="kept_answer_once_per_owner_and_key"
            ),
            models.CheckConstraint(
                condition=Q(key_hash__regex=r"^[0-9a-f]{64}$"), name="kept_answer_key_is_a_digest"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
