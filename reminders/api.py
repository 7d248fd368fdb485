"""Reminders for programs, by the rows, forms and verbs of the pages."""

import datetime
import uuid
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Router, Schema

from accounts import tags
from accounts.api_access import Allowed
from accounts.models import Scope
from accounts.requests import SignedInRequest
from ahfai import etags, pages, problems
from ahfai.problems import Refused
from ahfai.replica import may_be_behind
from ahfai.templatetags.house import opened
from reminders import completing, own_lists, quick, writing
from reminders.forms import QuickForm
from reminders.list_views import tags_of
from reminders.models import Reminder

router = Router()
_reading, _writing = Allowed(Scope.REMINDERS_READ), Allowed(Scope.REMINDERS_WRITE)


class ReminderInList(Schema):
    id: uuid.UUID
    title: str
    # In UTC; null where it has no date.
    due: datetime.datetime | None
    snoozed_until: datetime.datetime | None
    # As it was meant, on the clock of the wall: without `at` the whole day, without a `zone` the
    # person's own.
    day: datetime.date | None
    at: datetime.time | None
    zone: str
    # By RFC 5545, "" for once.
    rrule: str
    # 1 is high, 3 is low, 0 is none.
    priority: int
    in_list: str | None
    tags: list[str]
    # What it is a step of.
    parent: uuid.UUID | None
    version: int


class ReminderPage(Schema):
    reminders: list[ReminderInList]
    # What `after` is for those that follow; null at the end.
    next: str | None


class WholeReminder(ReminderInList):
    details: str
    done: datetime.datetime | None


class Understood(Schema):
    """A piece of the phrase, and what it was taken for."""

    kind: str
    label: str
    words: str


class SetReminder(Schema):
    reminder: WholeReminder
    understood: list[Understood]


class Said(Schema):
    phrase: str


@router.get("", auth=_reading, response=ReminderPage, url_name="reminders")
@may_be_behind
def index(request: SignedInRequest, after: str = "") -> ReminderPage:
    """The open ones with a date, the soonest first: those that are overdue begin."""
    return _page(request, pages.page(_open(request).dated(), "moment", {"after": after}))


@router.get("undated", auth=_reading, response=ReminderPage, url_name="reminders_undated")
@may_be_behind
def undated(request: SignedInRequest, after: str = "") -> ReminderPage:
    """The open ones without a date, the newest first."""
    return _page(request, pages.page(_open(request).undated(), "-created", {"after": after}))


@router.post("", auth=_writing, response={201: SetReminder}, url_name="reminders")
def create(request: SignedInRequest, said: Said, answer: HttpResponse) -> SetReminder:
    """From one line, in which the day, the time, a repeat, tags and a priority may stand. What
    can't be read as it seems to be meant is refused, and nothing is guessed."""
    data = QueryDict(mutable=True)
    data["text"] = said.phrase
    around = quick.Around(own_lists.all_of(request.user))
    order = quick.order_for(request)
    form = QuickForm(data, user=request.user, around=around, order=order)
    if not form.is_clear():
        raise _unclear(form)
    reminder = writing.create(request.user, form.wanted, form.tag_names)
    answer["Location"] = reverse("api:reminder", args=[reminder.pk])
    understood = [
        Understood(kind=chip.kind, label=str(chip.label), words=chip.words) for chip in form.chips
    ]
    return SetReminder(reminder=_whole(request, reminder, answer), understood=understood)


@router.get("{uuid:reminder_id}", auth=_reading, response=WholeReminder, url_name="reminder")
@may_be_behind
def read(request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse) -> WholeReminder:
    return _whole(request, _reminder(request, reminder_id), answer)


@router.post(
    "{uuid:reminder_id}/complete",
    auth=_writing,
    response=WholeReminder,
    url_name="reminder_complete",
)
def complete(
    request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse
) -> WholeReminder:
    """Done, with its steps; of a series this time, and the next one follows. 412 where it is no
    longer at the version that `If-Match` names, unless this very request has made it so."""
    reminder = _reminder(request, reminder_id)
    version = etags.asked(request, reminder.version)
    outcome = completing.complete(request.user, {reminder.pk: version})
    reminder = _reminder(request, reminder_id)
    if outcome.changed:
        raise etags.outdated(reminder.version)
    if not outcome.completions:
        raise Http404
    return _whole(request, reminder, answer)


def _open(request: SignedInRequest) -> Any:
    return request.user.reminders.listed()


def _reminder(request: SignedInRequest, reminder_id: uuid.UUID) -> Reminder:
    return get_object_or_404(request.user.reminders.living(), pk=reminder_id)


def _unclear(form: QuickForm) -> Refused:
    """With what looks like a date or a time and can't be one."""
    refused = problems.of_form(form)
    doubts = [str(doubt.label) for doubt in form.doubts]
    errors = [{"field": "phrase", "sentence": said} for said in doubts] or [
        one | {"field": "phrase"} for one in refused.more["errors"]
    ]
    return Refused(422, " ".join(one["sentence"] for one in errors), errors=errors)


def _page(request: SignedInRequest, page: pages.Page) -> ReminderPage:
    carried = tags_of(page.rows, tags.all_of(request.user))
    lists = own_lists.all_of(request.user)
    found = [ReminderInList(**_in_list(one, carried.get(one.pk, []), lists)) for one in page.rows]
    return ReminderPage(reminders=found, next=page.after or None)


def _whole(request: SignedInRequest, reminder: Reminder, answer: HttpResponse) -> WholeReminder:
    answer["ETag"] = etags.of(reminder.version)
    carried = tags_of([reminder], tags.all_of(request.user)).get(reminder.pk, [])
    said = _in_list(reminder, carried, own_lists.all_of(request.user))
    said |= {"title": reminder.title, "details": reminder.details, "done": reminder.done}
    return WholeReminder(**said)


def _in_list(
    reminder: Reminder, carried: list[tags.Named], lists: list[own_lists.Named]
) -> dict[str, Any]:
    in_list = own_lists.within(lists, reminder.list_id)
    columns = ("due", "snoozed_until", "day", "at", "zone", "rrule", "priority", "version")
    return {
        "id": reminder.pk,
        "title": opened(reminder, "title"),
        "in_list": in_list.name if in_list else None,
        "tags": [tag.name for tag in carried],
        "parent": reminder.parent_id,
        **{name: getattr(reminder, name) for name in columns},
    }
