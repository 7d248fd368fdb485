"""Rows for running the house; nothing of the product's own."""

import uuid

from django.db import models
from django.db.models.functions import Now


class Heartbeat(models.Model):
    """A living process. It is taken for dead when `seen` is older than `DEAD_AFTER_S`.

    `seen` is the database's clock, so that machines with different clocks agree.
    """

    DEAD_AFTER_S = 30

    class Kind(models.TextChoices):
        WEB = "web"
        WORKER = "worker"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started = models.DateTimeField(db_default=Now())
    seen = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["web", "worker"]), name="heartbeat_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pid} on {self.host}"


class RateCount(models.Model):
    """How often something was tried in one window of time. `key` is a hash, never an address."""

    key = models.CharField(max_length=64)
    window = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "window"], name="ratecount_one_per_window"),
        ]
        indexes = [models.Index(fields=["window"])]

    def __str__(self) -> str:
        return f"{self.count} since {self.window}"
