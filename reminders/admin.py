from django.contrib import admin

from ahfai.inspection import OR_EMPTY, Inspection
from reminders.models import Channel, Completion, Delivery, Feed, List, Notice, Reminder, Telling


@admin.register(Reminder)
class ReminderInspection(Inspection):
    shown = (
        *("id", "owner_id", "created", "changed", "version"),
        *("day", "at", "zone", "rrule", "repeat_from", "priority", "list_id", "parent_id"),
        *("due", "next_fire_at", "snoozed_until", "done", "trashed"),
        "has_own_channels",
    )
    list_filter = (
        *("priority", ("done", OR_EMPTY), ("trashed", OR_EMPTY), "repeat_from"),
        *("has_own_channels", "due", "changed"),
    )
    ordering = ("-changed",)


@admin.register(Completion)
class CompletionInspection(Inspection):
    shown = ("id", "owner_id", "reminder_id", "kind", "made", "version", "along_with_id")
    list_filter = ("kind", "made")
    ordering = ("-made",)


@admin.register(Notice)
class NoticeInspection(Inspection):
    shown = ("id", "owner_id", "reminder_id", "occurrence_at", "missed", "made", "read")
    list_filter = (("read", OR_EMPTY),)
    date_hierarchy = "made"
    ordering = ("-made",)


@admin.register(Channel)
class ChannelInspection(Inspection):
    shown = ("id", "owner_id", "kind", "says_title", "by_default", "off_since", "created")
    list_filter = ("kind", "says_title", "by_default", ("off_since", OR_EMPTY))
    ordering = ("-created",)


@admin.register(Telling)
class TellingInspection(Inspection):
    shown = ("owner_id", "quiet_from", "quiet_until", "digest_at", "next_digest_at")
    ordering = ("owner",)


@admin.register(Delivery)
class DeliveryInspection(Inspection):
    shown = (
        *("id", "owner_id", "reminder_id", "channel_id", "occurrence_at", "missed", "state"),
        *("attempts", "made", "next_try_at", "lease_until", "sent_at"),
    )
    list_filter = ("state", "occurrence_at")
    date_hierarchy = "made"
    ordering = ("-made",)


@admin.register(List)
class ListInspection(Inspection):
    shown = ("id", "owner_id", "colour", "place")
    list_filter = ("colour",)
    ordering = ("owner_id", "place")


@admin.register(Feed)
class FeedInspection(Inspection):
    shown = ("id", "owner_id", "shape", "shows_titles", "created", "last_read")
    list_filter = ("shape", "shows_titles", "last_read")
    ordering = ("-created",)
