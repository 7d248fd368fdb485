"""That somebody was told of a reminder, in the app."""

import datetime
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.constraints import SameOwner
from reminders.models.reminder import Reminder

# What comes later than this is called late: the machine was off, or busy.
LATE_AFTER = datetime.timedelta(minutes=1)


class Notice(models.Model):
    """That the person was told of a reminder, in the app."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="notices")
    # When it was due, or was put off to.
    occurrence_at = models.DateTimeField()
    # More times of a series that came while nobody could be told.
    missed = models.PositiveIntegerField(default=0)
    made = models.DateTimeField(default=timezone.now)
    read = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-made", "-id"], name="notice_newest_first"),
            models.Index(fields=["owner", "-made"], condition=Q(read=None), name="notice_unread"),
            models.Index(fields=["made"], name="notice_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reminder", "occurrence_at"], name="notice_once_per_occurrence"
            ),
            SameOwner(to="reminder", name="notice_reminder_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_late(self) -> bool:
        return self.made - self.occurrence_at > LATE_AFTER
