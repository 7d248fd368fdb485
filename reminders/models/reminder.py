"""Reminders, and the tags that they carry."""

import datetime
import uuid
import zoneinfo
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connections, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import SameOwner
from accounts.fields import SealedQuerySet, SealedTextField
from accounts.models import Tag
from ahfai import addresses
from reminders.models.list import List

MAX_TITLE = 200
MAX_DETAILS = 20_000
MAX_RULE = 500
MAX_KIND = 16
# When the person is told of something that has a day and no time, by their own clock.
ALL_DAY_AT = datetime.time(9)


class Priority(models.IntegerChoices):
    NONE = 0, _("None")
    HIGH = 1, _("High")
    MIDDLE = 2, _("Middle")
    LOW = 3, _("Low")


class RepeatFrom(models.TextChoices):
    """What the next time is counted from: the time when it was due, or when it was done."""

    DUE = "due"
    DONE = "done"


# Where a reminder stands in the lists: when it was put off to, else when it is due.
MOMENT = Coalesce("snoozed_until", "due")
# What Undo brings back.
STATE = ("day", "at", "due", "snoozed_until", "next_fire_at", "rrule", "repeat_from")


def is_late(now: datetime.datetime, midnight: datetime.datetime) -> Q:
    """Of dated ones those that are overdue; of a whole day its end makes it so."""
    is_of_today = Q(at=None, snoozed_until=None, due__gte=midnight)
    return Q(moment__lt=now) & ~is_of_today


class ReminderQuerySet(SealedQuerySet):
    def living(self):
        """Without those in the trash."""
        return self.filter(trashed=None)

    def open(self):
        """What is still to be done."""
        return self.living().filter(done=None)

    def dated(self):
        """What is to be done at some time, with that time as `moment`."""
        return self.open().filter(due__isnull=False).annotate(moment=MOMENT)

    def undated(self):
        """Steps without a date stand under what they are steps of, as long as that is there."""
        is_on_its_own = Q(parent=None) | ~Q(parent__done=None) | ~Q(parent__trashed=None)
        return self.open().filter(is_on_its_own, due=None)

    def in_trash(self):
        return self.filter(trashed__isnull=False)

    def listed_in_trash(self):
        """Without what came there, and goes back, along with what it is a step of."""
        return self.in_trash().exclude(parent__isnull=False, parent__trashed=F("trashed"))

    def in_order(self):
        """Steps, as they were added."""
        return self.order_by("created", "id")

    def to_fire(self, now: datetime.datetime):
        """What somebody is to be told of, the longest overdue first."""
        return self.filter(next_fire_at__lte=now).order_by("next_fire_at", "id")

    def move_on(self, fired: "Iterable[tuple[Reminder, datetime.datetime]]") -> int:
        """Write when each is told of next, where that was still at the moment that it was told of.
        Returns how many were.

        In one statement: Django would build an update for each of them, which takes ten times as
        long as the database needs for it.
        """
        connection = connections[self.db]
        moment_field: Any = self.model._meta.get_field("next_fire_at")
        key_field: Any = self.model._meta.pk
        rows = [
            [
                moment_field.get_db_prep_save(reminder.next_fire_at, connection),
                moment_field.get_db_prep_save(reminder.snoozed_until, connection),
                key_field.get_db_prep_save(reminder.pk, connection),
                moment_field.get_db_prep_save(moment, connection),
            ]
            for reminder, moment in fired
        ]
        if not rows:
            return 0
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE reminders_reminder SET next_fire_at = %s, snoozed_until = %s "
                "WHERE id = %s AND next_fire_at = %s",
                rows,
            )
            return cursor.rowcount

    def overdue(self, now: datetime.datetime, midnight: datetime.datetime):
        """`midnight` is when the person's today began."""
        return self.dated().filter(is_late(now, midnight))

    def listed(self):
        """Without the column that no list shows."""
        return self.defer("details")


class Reminder(models.Model):
    """Something to be told of. What was meant is stored, on the person's wall clock: `day`, `at`,
    `zone` and `rrule`. `due` and `next_fire_at` follow from it, in UTC (`reminders.schedule`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    title = SealedTextField(_("title"), max_length=MAX_TITLE)
    details = SealedTextField(_("details"), max_length=MAX_DETAILS, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NONE)
    list = models.ForeignKey(
        List, on_delete=models.SET_NULL, null=True, related_name="reminders", verbose_name=_("list")
    )
    # What it is a step of, which itself is a step of nothing: `reminders.writing` sees to it.
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="steps", editable=False
    )
    # The note or chat that it is about, by a kind and an id: the roof knows where that leads. It
    # may be gone by now.
    about_kind = models.CharField(max_length=MAX_KIND, blank=True)
    about_id = models.UUIDField(null=True)
    day = models.DateField(null=True)
    # Without one the whole day is meant.
    at = models.TimeField(null=True)
    # Empty for the person's own, wherever they go.
    zone = models.CharField(max_length=64, blank=True)
    # By RFC 5545, counting from the day that is still to be done; empty for once.
    rrule = models.CharField(max_length=MAX_RULE, blank=True)
    repeat_from = models.CharField(max_length=4, choices=RepeatFrom, blank=True)
    due = models.DateTimeField(null=True)
    # When the person is to be told next; empty where nothing is to come.
    next_fire_at = models.DateTimeField(null=True)
    # Leaves what is due alone.
    snoozed_until = models.DateTimeField(null=True)
    done = models.DateTimeField(null=True)
    # When it was put into the trash.
    trashed = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    changed = models.DateTimeField(default=timezone.now, editable=False)
    # When it was done, skipped or put off, that was taken back, or it moved with its person: what
    # changed its times and none of its words.
    acted = models.DateTimeField(null=True, editable=False)
    # Raised with each change by the person; who comes with an older one has not seen it.
    version = models.PositiveIntegerField(default=1, editable=False)
    # The page that it was written in: what is sent again because the answer got lost is no twin.
    made_by = models.UUIDField(null=True, editable=False)
    # Of one that was imported: keyed with its owner's secret, of the UID that it has there, so that
    # it comes in once.
    source_hash = models.CharField(  # noqa: DJ001 (many have none, and no two the same)
        max_length=64, null=True, unique=True, editable=False
    )
    change_number = models.BigIntegerField(default=0, editable=False)
    # Told by channels of its own (`chosen`), maybe by none, instead of the person's usual ones.
    has_own_channels = models.BooleanField(default=False)
    tags: models.ManyToManyField = models.ManyToManyField(
        Tag, through="Tagging", blank=True, related_name="reminders"
    )

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        indexes = [
            # Partial ones, as for notes.
            models.Index(
                F("owner"),
                MOMENT,
                F("id"),
                condition=Q(trashed=None, done=None, due__isnull=False),
                name="reminder_by_moment",
            ),
            models.Index(
                fields=["owner", "-created", "-id"],
                condition=Q(trashed=None, done=None, due=None),
                name="reminder_undated_newest_first",
            ),
            models.Index(
                fields=["owner", "-trashed", "-id"],
                condition=Q(trashed__isnull=False),
                name="reminder_trash_newest_first",
            ),
            models.Index(
                fields=["trashed"],
                condition=Q(trashed__isnull=False),
                name="reminder_trash_by_age",
            ),
            models.Index(
                fields=["next_fire_at", "id"],
                condition=Q(next_fire_at__isnull=False),
                name="reminder_next_to_fire",
            ),
            models.Index(
                fields=["owner", "next_fire_at"],
                condition=Q(next_fire_at__isnull=False),
                name="reminder_owners_next_to_fire",
            ),
            models.Index(
                fields=["owner", "about_id"],
                condition=Q(about_id__isnull=False),
                name="reminder_by_what_it_is_about",
            ),
            models.Index(fields=["owner", "change_number"], name="reminder_by_change"),
        ]
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="reminder_of_owner"),
            models.CheckConstraint(condition=Q(version__gte=1), name="reminder_version_from_one"),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="reminder_priority_is_known"
            ),
            models.CheckConstraint(
                condition=Q(day=None, at=None, due=None) | Q(day__isnull=False, due__isnull=False),
                name="reminder_of_a_day_is_due",
            ),
            # A whole day is the one of wherever the person is.
            models.CheckConstraint(
                condition=Q(zone="") | Q(at__isnull=False), name="reminder_zone_is_of_a_time"
            ),
            models.CheckConstraint(
                condition=Q(rrule="", repeat_from="")
                | (~Q(rrule="") & Q(repeat_from__in=RepeatFrom.values, day__isnull=False)),
                name="reminder_repeat_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until=None) | Q(due__isnull=False, done=None),
                name="reminder_snoozed_is_due",
            ),
            models.CheckConstraint(
                condition=Q(next_fire_at=None) | Q(due__isnull=False, done=None, trashed=None),
                name="reminder_tells_only_of_what_is_open",
            ),
            models.CheckConstraint(
                condition=Q(source_hash=None) | Q(source_hash__regex=r"^[0-9a-f]{64}$"),
                name="reminder_source_hash_is_a_digest",
            ),
            models.UniqueConstraint(
                fields=["owner", "made_by"],
                condition=Q(made_by__isnull=False),
                name="reminder_made_once_per_page",
            ),
            models.CheckConstraint(
                condition=Q(about_kind="", about_id=None)
                | (~Q(about_kind="") & Q(about_id__isnull=False)),
                name="reminder_about_is_whole",
            ),
            SameOwner(to="list", name="reminder_list_is_the_owners"),
            SameOwner(to="parent", name="reminder_parent_is_the_owners"),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="reminder_is_no_part_of_itself"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return addresses.of_row("reminders:detail", self.pk)

    @property
    def own_zone(self) -> zoneinfo.ZoneInfo:
        """The zone of its wall clock."""
        try:
            return zoneinfo.ZoneInfo(self.zone) if self.zone else self.owner.zone
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return self.owner.zone

    @property
    def touched(self) -> datetime.datetime:
        """When anything of it was changed last."""
        return max(self.changed, self.acted or self.changed)

    @property
    def counts_as_day(self) -> bool:
        """Whether the whole day is meant, and it wasn't put off to a time."""
        return self.at is None and self.snoozed_until is None

    def is_late(self, now: datetime.datetime, today: datetime.date) -> bool:
        """Overdue; `today` is the person's."""
        moment = self.snoozed_until or self.due
        if moment is None or moment >= now:
            return False
        return not self.counts_as_day or timezone.localdate(moment) < today

    def state(self) -> dict[str, object]:
        """What changes as it is done, skipped or ended."""
        return {name: getattr(self, name) for name in STATE}


class Tagging(models.Model):
    """A tag on a reminder."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reminder", "tag"], name="tagging_once_per_reminder"),
            SameOwner(to="reminder", name="tagging_reminder_is_the_owners"),
            SameOwner(to="tag", name="tagging_reminders_tag_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
