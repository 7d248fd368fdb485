"""Reminders for programs, by the rows, forms and verbs of the pages."""

import datetime
import uuid
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts import audit, tags
from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import etags, pages, problems
from ahfai.problems import Refused
from ahfai.replica import may_be_behind
from ahfai.templatetags.house import opened
from reminders import order, own_lists, writing
from reminders.api_rows import (
    ReminderInList,
    ReminderPage,
    WholeReminder,
    in_lists,
    reminder_of,
    shown_page,
    whole,
)
from reminders.api_words import Fields, Said, Understood, fields_form, phrase_form, understood
from reminders.models import Reminder, ReminderQuerySet, Tagging

router = Router()
_reading, _writing = Allowed(Scope.REMINDERS_READ), Allowed(Scope.REMINDERS_WRITE)


class SetReminder(Schema):
    reminder: WholeReminder
    # Of a phrase; empty where there was none.
    understood: list[Understood]


class Steps(Schema):
    reminders: list[ReminderInList]


class Done(Schema):
    """That a reminder, or one time of it, was done."""

    id: uuid.UUID
    # "done", "skipped" or "ended".
    kind: str
    made: datetime.datetime
    # When it was due.
    due: datetime.datetime | None
    reminder: uuid.UUID
    title: str


class DonePage(Schema):
    done: list[Done]
    # What `after` is for those that follow; null at the end.
    next: str | None


@router.get("", auth=_reading, response=ReminderPage, url_name="reminders")
@may_be_behind
def index(
    request: SignedInRequest, after: str = "", tag: str = "", in_list: str = ""
) -> ReminderPage:
    """The open ones with a date, the soonest first: those that are overdue begin. `tag` and
    `in_list` are names or ids."""
    there = _narrowed(request, tag, in_list).dated()
    return shown_page(request, pages.page(there, "moment", pages.asked_after(after)))


@router.get("undated", auth=_reading, response=ReminderPage, url_name="reminders_undated")
@may_be_behind
def undated(
    request: SignedInRequest, after: str = "", tag: str = "", in_list: str = ""
) -> ReminderPage:
    """The open ones without a date, the newest first."""
    there = _narrowed(request, tag, in_list).undated()
    return shown_page(request, pages.page(there, "-created", pages.asked_after(after)))


@router.get("trash", auth=_reading, response=ReminderPage, url_name="reminders_trash")
@may_be_behind
def trash(request: SignedInRequest, after: str = "") -> ReminderPage:
    """Those that were thrown away last begin; their steps lie there along with them."""
    there = request.user.reminders.listed().listed_in_trash()
    return shown_page(request, pages.page(there, "-trashed", pages.asked_after(after)))


@router.get("done", auth=_reading, response=DonePage, url_name="reminders_done")
@may_be_behind
def done(request: SignedInRequest, after: str = "") -> DonePage:
    """What was done, skipped and ended last begins; each time of a series counts by itself."""
    made = request.user.completions.by_the_person().filter(reminder__trashed=None)
    rows = made.select_related("reminder").defer("reminder__details")
    page = pages.page(rows, "-made", pages.asked_after(after))
    found = [
        Done(
            id=one.pk,
            kind=one.kind,
            made=one.made,
            due=one.due,
            reminder=one.reminder_id,
            title=opened(one.reminder, "title"),
        )
        for one in page.rows
    ]
    return DonePage(done=found, next=page.after or None)


@router.post("", auth=_writing, response={201: SetReminder}, url_name="reminders")
def create(request: SignedInRequest, said: Said, answer: HttpResponse) -> SetReminder:
    """From one line, in which the day, the time, a repeat, tags and a priority may stand; what
    can't be read as it seems to be meant is refused, and nothing is guessed. Or member by member,
    without a phrase."""
    return _create(request, said, answer)


@router.get("{uuid:reminder_id}", auth=_reading, response=WholeReminder, url_name="reminder")
@may_be_behind
def read(request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse) -> WholeReminder:
    return whole(request, reminder_of(request, reminder_id), answer)


@router.patch("{uuid:reminder_id}", auth=_writing, response=WholeReminder, url_name="reminder")
def change(
    request: SignedInRequest, reminder_id: uuid.UUID, said: Fields, answer: HttpResponse
) -> WholeReminder:
    """One that is open. 412 where it is no longer at the version that `If-Match` names."""
    reminder = reminder_of(request, reminder_id)
    version = etags.asked(request, reminder.version)
    if reminder.done:
        raise Refused(409, _("It is done. Take that back first."))
    if not said.model_fields_set:
        return whole(request, reminder, answer)
    form = fields_form(request, said, reminder, is_step=bool(reminder.parent_id))
    try:
        saved = writing.save(reminder, version, form.wanted, form.cleaned_data["tags"])
    except writing.Outdated as outdated:
        raise etags.outdated(outdated.reminder.version) from None
    except Reminder.DoesNotExist:
        raise Http404 from None
    return whole(request, saved, answer)


@router.delete("{uuid:reminder_id}", auth=_writing, response={204: None}, url_name="reminder")
def delete(request: SignedInRequest, reminder_id: uuid.UUID) -> None:
    """For good, with its steps; 409 where it isn't in the trash."""
    with transaction.atomic():
        # Held, so that one that is being taken out of the trash isn't deleted.
        there = request.user.reminders.listed().select_for_update(of=("self",))
        reminder = get_object_or_404(there, pk=reminder_id)
        if not reminder.trashed:
            raise Refused(409, _("Put it into the trash first: what is deleted is gone for good."))
        order.delete(reminder)
        audit.record(request.user, audit.Event.DELETED, request, kind="reminders", count=1)


@router.get("{uuid:reminder_id}/steps", auth=_reading, response=Steps, url_name="reminder_steps")
@may_be_behind
def steps(request: SignedInRequest, reminder_id: uuid.UUID) -> Steps:
    """As they were added, also those that are done."""
    parent = reminder_of(request, reminder_id)
    found = list(parent.steps.living().listed().in_order())
    return Steps(reminders=in_lists(request, found))


@router.post(
    "{uuid:reminder_id}/steps",
    auth=_writing,
    response={201: SetReminder},
    url_name="reminder_steps",
)
def add_step(
    request: SignedInRequest, reminder_id: uuid.UUID, said: Said, answer: HttpResponse
) -> SetReminder:
    """As a new reminder; 409 where that one is done, or a step itself."""
    parent = reminder_of(request, reminder_id)
    if parent.done or parent.parent_id:
        raise Refused(409, _("It can have no steps: it is done, or a step itself."))
    return _create(request, said, answer, parent)


def _create(
    request: SignedInRequest, said: Said, answer: HttpResponse, parent: Reminder | None = None
) -> SetReminder:
    asked = said.dict(exclude_unset=True)
    pieces: list[Understood] = []
    wanted: dict[str, Any]
    # An empty phrase is one, too, where nothing else is said.
    if said.phrase or not asked.keys() - {"phrase"}:
        if asked.keys() - {"phrase"}:
            sentence = _("A phrase says it all: send it alone, or the members without it.")
            raise problems.of_field("phrase", sentence)
        line = phrase_form(request, said.phrase, parent)
        wanted, names, pieces = line.wanted, line.tag_names, understood(line)
    else:
        form = fields_form(request, said, is_step=bool(parent))
        wanted, names = form.wanted, form.cleaned_data["tags"]
        wanted |= {"parent_id": parent.pk} if parent else {}
    try:
        reminder = writing.create(request.user, wanted, names)
    except Reminder.DoesNotExist:
        raise Http404 from None
    except writing.TooManySteps:
        many = _("It has %(most)d steps already. Some of them may be a reminder of their own.")
        raise Refused(409, many % {"most": writing.MAX_STEPS}) from None
    answer["Location"] = reverse("api:reminder", args=[reminder.pk])
    return SetReminder(reminder=whole(request, reminder, answer), understood=pieces)


def _narrowed(request: SignedInRequest, tag: str, in_list: str) -> ReminderQuerySet:
    """Raises Http404 where there is no such tag or list."""
    there: ReminderQuerySet = request.user.reminders.listed()
    if tag:
        chosen = tags.sought(tags.all_of(request.user), tag)
        if not chosen:
            raise Http404
        links = Tagging.objects.filter(tag__in=[one.id for one in chosen])
        there = there.filter(pk__in=links.values("reminder"))
    if in_list:
        lists = own_lists.all_of(request.user)
        within = own_lists.called(lists, in_list) or own_lists.within(lists, in_list)
        if within is None:
            raise Http404
        there = there.filter(list=within.id)
    return there
