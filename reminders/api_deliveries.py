"""What was sent outside AhFai, and what wasn't, for programs."""

import datetime
import uuid

from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import pages
from ahfai.problems import Refused
from ahfai.templatetags.house import opened
from reminders import delivering
from reminders.models import Delivery

router = Router()
_reading, _writing = Allowed(Scope.REMINDERS_READ), Allowed(Scope.REMINDERS_WRITE)


class DeliveryInList(Schema):
    id: uuid.UUID
    # Null for the digest of a day.
    reminder: uuid.UUID | None
    title: str | None
    # When it was due, or was put off to.
    due: datetime.datetime
    channel: str
    # Which program or service that is, such as "ntfy".
    kind: str
    # "waiting", "sent", "dropped" (nothing was left to tell of) or "failed".
    state: str
    # Why the last try came to nothing; null where it did not.
    error: str | None
    attempts: int
    made: datetime.datetime
    # Of one that waits.
    next_try: datetime.datetime | None
    sent: datetime.datetime | None


class DeliveryPage(Schema):
    deliveries: list[DeliveryInList]
    # What `after` is for those that follow; null at the end.
    next: str | None


@router.get("", auth=_reading, response=DeliveryPage, url_name="deliveries")
def index(request: SignedInRequest, after: str = "") -> DeliveryPage:
    """The newest first."""
    found = request.user.deliveries.select_related("reminder", "channel")
    rows = found.defer("reminder__details", "channel__target")
    page = pages.page(rows, "-made", pages.asked_after(after))
    return DeliveryPage(deliveries=[_shown(one) for one in page.rows], next=page.after or None)


@router.post(
    "{uuid:delivery_id}/again", auth=_writing, response=DeliveryInList, url_name="delivery_again"
)
def again(request: SignedInRequest, delivery_id: uuid.UUID) -> DeliveryInList:
    """One that failed, as if it were new; 409 for any other."""
    mine = request.user.deliveries.select_related("reminder", "channel")
    if not mine.filter(pk=delivery_id).exists():
        raise Http404
    if not delivering.again(request.user, delivery_id):
        raise Refused(409, _("It didn't fail, so it isn't sent again."))
    return _shown(mine.get(pk=delivery_id))


def _shown(one: Delivery) -> DeliveryInList:
    is_waiting = one.state == Delivery.State.WAITING
    return DeliveryInList(
        id=one.pk,
        reminder=one.reminder_id,
        title=opened(one.reminder, "title") if one.reminder else None,
        due=one.occurrence_at,
        channel=opened(one.channel, "name"),
        kind=one.channel.kind,
        state=one.state,
        error=opened(one, "error") or None,
        attempts=one.attempts,
        made=one.made,
        next_try=one.next_try_at if is_waiting else None,
        sent=one.sent_at,
    )
