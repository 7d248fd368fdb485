"""What was done with a reminder."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.constraints import SameOwner
from reminders.models.reminder import MAX_RULE, STATE, Reminder


class CompletionQuerySet(models.QuerySet):
    def by_the_person(self):
        """Without what was only taken along."""
        return self.filter(along_with=None).exclude(kind=Completion.Kind.AGAIN)


class Completion(models.Model):
    """That a reminder, or one time of it, was done, and how exactly it was before."""

    class Kind(models.TextChoices):
        DONE = "done"
        SKIPPED = "skipped"
        ENDED = "ended"
        # Open again, since what it is a step of comes again.
        AGAIN = "again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="completions"
    )
    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="completions")
    kind = models.CharField(max_length=8, choices=Kind)
    made = models.DateTimeField(default=timezone.now)
    # What was done to the reminder that it is a step of, and took it along.
    along_with = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="taken_along"
    )
    # The version of the reminder that this was done to: a second press finds it done.
    version = models.PositiveIntegerField()
    # As the columns of the reminder of these names were.
    day = models.DateField(null=True)
    at = models.TimeField(null=True)
    due = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    next_fire_at = models.DateTimeField(null=True)
    done = models.DateTimeField(null=True)
    rrule = models.CharField(max_length=MAX_RULE, blank=True)
    repeat_from = models.CharField(max_length=4, blank=True)

    objects = CompletionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-made", "-id"], name="completion_newest_first"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["done", "skipped", "ended", "again"]),
                name="completion_kind_is_known",
            ),
            models.UniqueConstraint(
                fields=["reminder", "version"], name="completion_once_per_version"
            ),
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="completion_of_owner"),
            SameOwner(to="along_with", name="completion_along_is_the_owners"),
            SameOwner(to="reminder", name="completion_reminder_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def state(self) -> dict[str, object]:
        """The reminder's columns as they were."""
        return {name: getattr(self, name) for name in (*STATE, "done")}
