from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts.models import (
    ApiToken,
    AuditEntry,
    ErasedPerson,
    Export,
    FileText,
    Invitation,
    KeptAnswer,
    Leaving,
    Letter,
    Receipt,
    Retention,
    SealedFile,
    Session,
    User,
    UserKey,
    Webhook,
    WebhookEvent,
)
from ahfai.inspection import OR_EMPTY, Inspection


@admin.register(User)
class UserInspection(Inspection):
    shown = (
        "id",
        "email",
        "joined",
        "last_login",
        "is_active",
        "is_staff",
        "quota_mb",
        "sessions_open",
    )
    list_filter = ("is_active", "is_staff", "joined", "last_login")
    ordering = ("-joined",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).annotate(session_count=Count("sessions"))

    @admin.display(description="open sessions")
    def sessions_open(self, person: User) -> int:
        return getattr(person, "session_count", 0)


@admin.register(UserKey)
class UserKeyInspection(Inspection):
    shown = ("id", "owner_id", "generation", "master_id", "created")
    list_filter = ("master_id", "created")
    ordering = ("-created",)


@admin.register(ErasedPerson)
class ErasedPersonInspection(Inspection):
    shown = ("id", "when")
    list_filter = ("when",)
    ordering = ("-when",)


@admin.register(SealedFile)
class FileInspection(Inspection):
    shown = ("id", "owner_id", "kind", "size", "made", "needed")
    list_filter = ("kind", "made")
    ordering = ("-made",)


@admin.register(Session)
class SessionInspection(Inspection):
    # The row's key is left out: it is made of the cookie.
    shown = ("id", "user_id", "started", "seen", "expire_date")
    list_filter = ("seen", "started")
    ordering = ("-seen",)


@admin.register(AuditEntry)
class AuditEntryInspection(Inspection):
    shown = ("id", "owner_id", "event", "at", "by_id")
    list_filter = ("event",)
    date_hierarchy = "at"
    ordering = ("-at",)


@admin.register(Invitation)
class InvitationInspection(Inspection):
    shown = ("id", "by_id", "made", "until", "used", "used_by_id")
    list_filter = ("made", ("used", OR_EMPTY))
    ordering = ("-made",)


@admin.register(FileText)
class FileTextInspection(Inspection):
    shown = ("id", "owner_id", "file_id", "length", "is_whole")
    list_filter = ("is_whole",)
    ordering = ("-file__made",)


@admin.register(Authenticator)
class AuthenticatorInspection(Inspection):
    shown = ("id", "user_id", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at", "last_used_at")
    ordering = ("-created_at",)


@admin.register(Letter)
class LetterInspection(Inspection):
    shown = ("id", "kind", "asked", "next_try")
    list_filter = ("kind",)
    ordering = ("-asked",)


@admin.register(Leaving)
class LeavingInspection(Inspection):
    shown = ("owner_id", "asked", "due", "begun")
    list_filter = (("begun", OR_EMPTY),)
    ordering = ("due",)


@admin.register(Receipt)
class ReceiptInspection(Inspection):
    shown = ("made", "swept")
    list_filter = (("swept", OR_EMPTY),)
    ordering = ("-made",)


@admin.register(Export)
class ExportInspection(Inspection):
    shown = ("id", "owner_id", "state", "total", "done", "size", "asked", "ended")
    list_filter = ("state", "asked")
    ordering = ("-asked",)


@admin.register(ApiToken)
class ApiTokenInspection(Inspection):
    shown = ("id", "owner_id", "scopes", "made", "expires", "last_used")
    list_filter = ("made", "expires", "last_used")
    ordering = ("-made",)


@admin.register(KeptAnswer)
class KeptAnswerInspection(Inspection):
    shown = ("id", "owner_id", "made", "answered", "until")
    list_filter = ("made", ("answered", OR_EMPTY))
    ordering = ("-made",)


@admin.register(Retention)
class RetentionInspection(Inspection):
    shown = ("owner_id", "chats", "trash", "applied")
    ordering = ("applied",)


@admin.register(Webhook)
class WebhookInspection(Inspection):
    shown = ("id", "owner_id", "events", "made", "off_since", "left_out")
    list_filter = ("made", ("off_since", OR_EMPTY))
    ordering = ("-made",)


@admin.register(WebhookEvent)
class WebhookEventInspection(Inspection):
    shown = ("id", "owner_id", "webhook_id", "kind", "state", "attempts", "made", "status")
    list_filter = ("state", "kind")
    date_hierarchy = "made"
    ordering = ("-made",)
