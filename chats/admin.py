from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from ahfai.inspection import OR_EMPTY, Inspection
from chats.models import (
    Attachment,
    BuiltinServer,
    Card,
    Chat,
    Fact,
    FactsTold,
    Message,
    Preset,
    Source,
    TemporaryPlace,
    ToolUse,
)


@admin.register(Chat)
class ChatInspection(Inspection):
    shown = (
        *("id", "owner_id", "model", "created", "changed", "message_count"),
        *("uses_notes", "pinned", "archived", "trashed"),
    )
    list_filter = ("archived", ("trashed", OR_EMPTY), "pinned", "uses_notes", "changed")
    ordering = ("-changed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chat]:
        return super().get_queryset(request).annotate(counted=Count("messages"))

    @admin.display(description="messages")
    def message_count(self, chat: Chat) -> int:
        return getattr(chat, "counted", 0)


@admin.register(Preset)
class PresetInspection(Inspection):
    shown = ("id", "owner_id", "is_default", "created")
    list_filter = ("is_default",)
    ordering = ("-created",)


@admin.register(Fact)
class FactInspection(Inspection):
    shown = ("id", "owner_id", "created")
    list_filter = ("created",)
    ordering = ("-created",)


@admin.register(FactsTold)
class FactsToldInspection(Inspection):
    shown = ("owner_id", "is_on")
    list_filter = ("is_on",)


@admin.register(Message)
class MessageInspection(Inspection):
    shown = (
        "id",
        "owner_id",
        "chat_id",
        "role",
        "state",
        "reason",
        "model",
        "server",
        "created",
        "closed",
        "prompt_tokens",
        "reply_tokens",
        "reply_ms",
        "left_out",
        "files_read",
        "pictures_left_out",
        "stop_asked",
    )
    list_filter = ("role", "state", "stop_asked", "created")
    ordering = ("-created",)


@admin.register(Attachment)
class AttachmentInspection(Inspection):
    shown = ("id", "owner_id", "message_id", "number", "file_id")
    ordering = ("-message__created", "number")


@admin.register(Source)
class SourceInspection(Inspection):
    shown = ("id", "owner_id", "reply_id", "number", "note_id")
    ordering = ("-reply__created", "number")


@admin.register(ToolUse)
class ToolUseInspection(Inspection):
    shown = (
        *("id", "owner_id", "reply_id", "number", "round", "name", "found", "is_foreign"),
        "created",
    )
    list_filter = ("name", "is_foreign", "created")
    ordering = ("-created",)


@admin.register(Card)
class CardInspection(Inspection):
    shown = (
        *("id", "owner_id", "reply_id", "number", "kind", "state", "created", "expires"),
        "decided",
    )
    list_filter = ("kind", "state", "created")
    ordering = ("-created",)


@admin.register(TemporaryPlace)
class TemporaryPlaceInspection(Inspection):
    shown = ("id", "owner_id", "model", "server", "state", "created", "stop_asked")
    list_filter = ("state",)
    ordering = ("-created",)


@admin.register(BuiltinServer)
class BuiltinServerInspection(Inspection):
    shown = ("only", "state", "sentence", "done_bytes", "total_bytes", "restart_wanted", "seen")
