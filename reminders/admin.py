from django.contrib import admin

from ahfai.inspection import Inspection
from reminders.models import Completion, Notice, Reminder


@admin.register(Reminder)
class ReminderInspection(Inspection):
    shown = (
        *("id", "owner_id", "created", "changed", "version"),
        *("day", "at", "zone", "rrule", "repeat_from", "priority"),
        *("due", "next_fire_at", "snoozed_until", "done", "trashed"),
    )
    ordering = ("-changed",)


@admin.register(Completion)
class CompletionInspection(Inspection):
    shown = ("id", "owner_id", "reminder_id", "kind", "made", "version")
    ordering = ("-made",)


@admin.register(Notice)
class NoticeInspection(Inspection):
    shown = ("id", "owner_id", "reminder_id", "occurrence_at", "missed", "made", "read")
    ordering = ("-made",)
