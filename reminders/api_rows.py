"""How programs are shown reminders."""

import datetime
import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from accounts import tags
from accounts.requests import SignedInRequest
from ahfai import etags, pages
from ahfai.templatetags.house import opened
from reminders import own_lists
from reminders.api_times import WallTime
from reminders.list_views import tags_of
from reminders.models import Reminder


class ReminderInList(Schema):
    id: uuid.UUID
    title: str
    # In UTC; null where it has no date.
    due: datetime.datetime | None
    snoozed_until: datetime.datetime | None
    # As it was meant, on the clock of the wall: without `at` the whole day, without a `zone` the
    # person's own.
    day: datetime.date | None
    at: WallTime | None
    zone: str
    # By RFC 5545, "" for once.
    rrule: str
    # What the next time counts from: "due" or "done"; "" for once.
    repeat_from: str
    # 1 is high, 3 is low, 0 is none.
    priority: int
    in_list: str | None
    tags: list[str]
    # What it is a step of.
    parent: uuid.UUID | None
    done: datetime.datetime | None
    trashed: datetime.datetime | None
    version: int


class ReminderPage(Schema):
    reminders: list[ReminderInList]
    # What `after` is for those that follow; null at the end.
    next: str | None


class WholeReminder(ReminderInList):
    details: str


_COLUMNS = (
    *("due", "snoozed_until", "day", "at", "zone", "rrule", "repeat_from"),
    *("priority", "done", "trashed", "version"),
)


def reminder_of(request: SignedInRequest, reminder_id: uuid.UUID) -> Reminder:
    return get_object_or_404(request.user.reminders.living(), pk=reminder_id)


def shown_page(request: SignedInRequest, page: pages.Page) -> ReminderPage:
    return ReminderPage(reminders=in_lists(request, page.rows), next=page.after or None)


def in_lists(request: SignedInRequest, reminders: list[Reminder]) -> list[ReminderInList]:
    carried = tags_of(reminders, tags.all_of(request.user))
    lists = own_lists.all_of(request.user)
    return [ReminderInList(**_facts(one, carried.get(one.pk, []), lists)) for one in reminders]


def whole(request: SignedInRequest, reminder: Reminder, answer: HttpResponse) -> WholeReminder:
    answer["ETag"] = etags.of(reminder.version)
    carried = tags_of([reminder], tags.all_of(request.user)).get(reminder.pk, [])
    said = _facts(reminder, carried, own_lists.all_of(request.user))
    # Here what can't be opened is an error.
    return WholeReminder(**said | {"title": reminder.title, "details": reminder.details})


def _facts(
    reminder: Reminder, carried: list[tags.Named], lists: list[own_lists.Named]
) -> dict[str, Any]:
    in_list = own_lists.within(lists, reminder.list_id)
    return {
        "id": reminder.pk,
        "title": opened(reminder, "title"),
        "in_list": in_list.name if in_list else None,
        "tags": [tag.name for tag in carried],
        "parent": reminder.parent_id,
        **{name: getattr(reminder, name) for name in _COLUMNS},
    }
