"""People, their keys, their sessions, and what belongs to them whatever it is about."""

from accounts.models.answer import KeptAnswer
from accounts.models.file import PICTURES, FileKind, FilePart, FileText, SealedFile
from accounts.models.key import ErasedPerson, LookupKey, UserKey
from accounts.models.leaving import Export, ExportPart, Leaving, Receipt, Retention
from accounts.models.person import Ownership, Theme, Tombstone, User, UserManager
from accounts.models.session import (
    AuditEntry,
    Invitation,
    InvitationQuerySet,
    Letter,
    SecondFactorSecret,
    Session,
)
from accounts.models.tag import Tag
from accounts.models.token import ApiToken, Scope
from accounts.models.webhook import Webhook, WebhookEvent

__all__ = [
    "PICTURES",
    "ApiToken",
    "AuditEntry",
    "ErasedPerson",
    "Export",
    "ExportPart",
    "FileKind",
    "FilePart",
    "FileText",
    "Invitation",
    "InvitationQuerySet",
    "KeptAnswer",
    "Leaving",
    "Letter",
    "LookupKey",
    "Ownership",
    "Receipt",
    "Retention",
    "Scope",
    "SealedFile",
    "SecondFactorSecret",
    "Session",
    "Tag",
    "Theme",
    "Tombstone",
    "User",
    "UserKey",
    "UserManager",
    "Webhook",
    "WebhookEvent",
]
