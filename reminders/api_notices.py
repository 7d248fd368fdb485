"""What a person was told in the app, for programs, by the rows and verbs of its page."""

import datetime
import uuid

from ninja import Router, Schema

from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import pages
from ahfai.templatetags.house import opened
from reminders import notices
from reminders.models import Notice

router = Router()
_reading, _writing = Allowed(Scope.REMINDERS_READ), Allowed(Scope.REMINDERS_WRITE)


class NoticeInList(Schema):
    id: uuid.UUID
    reminder: uuid.UUID
    title: str
    # When it was due, or was put off to.
    due: datetime.datetime
    # How many more times of a series came while nobody could be told.
    missed: int
    made: datetime.datetime
    # Null where it wasn't seen yet.
    read: datetime.datetime | None


class NoticePage(Schema):
    notices: list[NoticeInList]
    # What `after` is for those that follow; null at the end.
    next: str | None


@router.get("", auth=_reading, response=NoticePage, url_name="notices")
def index(request: SignedInRequest, after: str = "", unread: bool = False) -> NoticePage:
    """The newest first, of 90 days; with `unread` those alone that weren't seen yet."""
    there = request.user.notices.filter(reminder__trashed=None)
    rows = there.select_related("reminder").defer("reminder__details")
    page = pages.page(rows.filter(read=None) if unread else rows, "-made", pages.asked_after(after))
    return NoticePage(notices=[_shown(one) for one in page.rows], next=page.after or None)


@router.post("read", auth=_writing, response={204: None}, url_name="notices_read")
def read_all(request: SignedInRequest) -> None:
    """All of them were seen."""
    notices.mark_read(request.user)


def _shown(one: Notice) -> NoticeInList:
    return NoticeInList(
        id=one.pk,
        reminder=one.reminder_id,
        title=opened(one.reminder, "title"),
        due=one.occurrence_at,
        missed=one.missed,
        made=one.made,
        read=one.read,
    )
