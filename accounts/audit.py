"""What happened to an account: kept for its person to read, sealed, for a year.

    audit.record(user, audit.Event.PASSWORD_CHANGED, request)

Call it inside the transaction of what it tells about, so that there is never one without the other.
"""

import datetime
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import AuditEntry, User
from ahfai import clients
from ahfai.crypto import SealError

KEPT_FOR = datetime.timedelta(days=365)


class Event(StrEnum):
    SIGNED_UP = "signed_up"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (a name)
    PASSWORD_RESET_ASKED = "password_reset_asked"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTOR_REFUSED = "factor_refused"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    WEBHOOK_MADE = "webhook_made"
    WEBHOOK_DELETED = "webhook_deleted"
    CALENDAR_ADDRESS_MADE = "calendar_address_made"
    CALENDAR_ADDRESS_REVOKED = "calendar_address_revoked"
    EXPORT_ASKED = "export_asked"
    EXPORT_FETCHED = "export_fetched"
    IMPORTED = "imported"
    DELETED = "deleted"
    RETENTION_CHANGED = "retention_changed"
    RETENTION_APPLIED = "retention_applied"
    ERASURE_ASKED = "erasure_asked"
    ERASURE_TAKEN_BACK = "erasure_taken_back"
    INVITED = "invited"
    SUSPENDED = "suspended"
    ADMITTED_AGAIN = "admitted_again"
    ROLE_CHANGED = "role_changed"
    QUOTA_CHANGED = "quota_changed"
    OWNERSHIP_HANDED_OVER = "ownership_handed_over"
    ADMIN_LOOKED = "admin_looked"


# With %(name)s for the details that `record` was given by that name.
_SENTENCES = {
    Event.SIGNED_UP: _("Your account was made."),
    Event.SIGNED_IN: _("Signed in."),
    Event.SIGNED_OUT: _("Signed out."),
    Event.SESSION_ENDED: _("A browser was signed out: %(browser)s."),
    Event.SESSIONS_ENDED: _("All other browsers were signed out."),
    Event.PASSWORD_CHANGED: _("The password was changed."),
    Event.PASSWORD_RESET_ASKED: _("A link to set a new password was asked for."),
    Event.PASSWORD_RESET: _("A new password was set by the link of a mail."),
    Event.EMAIL_CHANGE_ASKED: _("Another e-mail address was asked for."),
    Event.EMAIL_CHANGED: _("The e-mail address was changed; before, it was %(before)s."),
    Event.FACTOR_ADDED: _("Added as a second step to sign in: %(kind)s."),
    Event.FACTOR_REMOVED: _("No second step any more: %(kind)s."),
    Event.FACTOR_REFUSED: _("Wrong codes for the second step were sent too often."),
    Event.RECOVERY_CODES_MADE: _("Recovery codes were made."),
    Event.RECOVERY_CODE_USED: _("A recovery code was used."),
    Event.TOKEN_MADE: _("A token was made: %(name)s."),
    Event.TOKEN_REVOKED: _("A token was revoked: %(name)s."),
    Event.WEBHOOK_MADE: _("A webhook was made: %(name)s."),
    Event.WEBHOOK_DELETED: _("A webhook was deleted: %(name)s."),
    Event.CALENDAR_ADDRESS_MADE: _("A calendar address was made: %(name)s."),
    Event.CALENDAR_ADDRESS_REVOKED: _("A calendar address was revoked: %(name)s."),
    Event.EXPORT_ASKED: _("An export of everything was asked for."),
    Event.EXPORT_FETCHED: _("An export of everything was fetched."),
    Event.IMPORTED: _("Something was imported: %(kind)s."),
    Event.DELETED: _("Deleted for good from the trash: %(count)s (%(kind)s)."),
    Event.RETENTION_CHANGED: _("How long things are kept was changed: %(what)s."),
    Event.RETENTION_APPLIED: _("Old things were deleted, as you set: %(what)s."),
    Event.ERASURE_ASKED: _("The deletion of this account was asked for."),
    Event.ERASURE_TAKEN_BACK: _("The deletion of this account was taken back."),
    Event.INVITED: _("Somebody was invited."),
    Event.SUSPENDED: _("The account was switched off."),
    Event.ADMITTED_AGAIN: _("The account was switched on again."),
    Event.ROLE_CHANGED: _("The role was changed to %(role)s."),
    Event.QUOTA_CHANGED: _("The room for files was changed to %(quota)s."),
    Event.OWNERSHIP_HANDED_OVER: _("The installation got another owner."),
    Event.ADMIN_LOOKED: _("Looked at in the admin pages, without its words: %(what)s."),
}


def record(
    user: User,
    event: Event,
    request: HttpRequest | None = None,
    by: User | None = None,
    **details: str | int,
) -> None:
    """Keep that `event` happened to `user`, by somebody else where `by` says so.

    `details` are sealed, as are the browser and the shortened address of `request`.
    """
    if request is not None:
        details["seen_browser"] = clients.browser(request)
        details["seen_address"] = clients.shortened(clients.address(request))
    AuditEntry.objects.create(
        owner=user,
        event=event,
        by=by if by != user else None,
        details=json.dumps(details) if details else "",
    )


def note_a_look(request: Any, what: str, row: Any = None) -> None:
    """Somebody looked at `what` in the admin pages: kept for them, and for the person whose `row`
    it was, who is not told from where."""
    record(request.user, Event.ADMIN_LOOKED, request, what=what)
    looked_at = row if isinstance(row, User) else getattr(row, "owner", getattr(row, "user", None))
    if isinstance(looked_at, User) and looked_at != request.user:
        record(looked_at, Event.ADMIN_LOOKED, by=request.user, what=what)


@dataclass(frozen=True)
class Told:
    """An entry in words; `place` is the browser and the address, "" where they aren't known."""

    at: datetime.datetime
    sentence: str
    place: str
    by_another: bool


def told(entry: AuditEntry) -> Told:
    details = _details(entry)
    sentence = str(_SENTENCES.get(entry.event, entry.event))  # type: ignore[call-overload]
    if entry.event == Event.SIGNED_IN and (tries := details.get("tries")):
        sentence = ngettext(
            "Signed in, after a try that failed.",
            "Signed in, after %(tries)s tries that failed.",
            tries,
        )
    place = [details.pop(name, "") for name in ("seen_browser", "seen_address")]
    return Told(
        at=entry.at,
        sentence=sentence % _Known(details),
        place=" · ".join(filter(None, place)),
        by_another=entry.by_id is not None or bool(details.get("by_another")),
    )


def forget_old() -> None:
    AuditEntry.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()


class _Known(dict[str, Any]):
    """An entry of an earlier version may lack a detail."""

    def __missing__(self, name: str) -> str:
        return "?"


def _details(entry: AuditEntry) -> dict[str, Any]:
    """Nothing where they can't be opened: that something happened can still be told."""
    try:
        return json.loads(entry.details) if entry.details else {}
    except SealError:
        return {}
