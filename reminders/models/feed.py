"""Secret addresses at which other programs read a person's reminders."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField

MAX_FEED_NAME = 100
_DIGEST = r"^[0-9a-f]{64}$"


class Feed(models.Model):
    """A calendar for other programs. Who has its address reads it, without signing in; the address
    was shown once, and only a hash of the secret in it is kept. To revoke it is to delete the row.
    """

    class Shape(models.TextChoices):
        """What a reminder is there; Google, iOS and Fastmail read appointments alone."""

        EVENTS = "VEVENT", _("Appointments")
        TASKS = "VTODO", _("Tasks")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feeds"
    )
    name = SealedTextField(_("name"), max_length=MAX_FEED_NAME)
    # SHA-256: of 256 random bits nobody finds the others.
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    shape = models.CharField(max_length=6, choices=Shape, default=Shape.EVENTS)
    # Else each reminder is only "Busy".
    shows_titles = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    # About: not each reading is written down.
    last_read = models.DateTimeField(null=True, editable=False)

    objects = SealedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        constraints = [
            models.CheckConstraint(
                condition=Q(secret_hash__regex=_DIGEST), name="feed_secret_hash_is_a_digest"
            ),
            models.CheckConstraint(
                condition=Q(shape__in=["VEVENT", "VTODO"]), name="feed_shape_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
