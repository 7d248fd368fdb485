"""What programs say of a reminder, in one line or member by member, checked by the pages' forms."""

import datetime
import uuid
from typing import Annotated, Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from ninja import Schema

from accounts.api_tags import names_in
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Change, Day, one_of
from ahfai.problems import Refused
from reminders import own_lists, quick, recurrence, words
from reminders.api_times import WallTime
from reminders.forms import KEPT, QuickForm, ReminderForm
from reminders.models import MAX_RULE, Priority, Reminder, RepeatFrom

_AS_MEMBERS = {"list_id": "in_list", "unit": "rrule"}


class Fields(Change):
    """What isn't said stays as it is, and is empty in a new one."""

    title: str = ""
    # Markdown.
    details: str = ""
    day: Day | None = None
    at: WallTime | None = None
    zone: str = ""
    rrule: str = ""
    repeat_from: Annotated[str, one_of(["", *RepeatFrom.values])] = ""
    # 0 for none, then 1 for the highest.
    priority: Annotated[int, one_of(Priority.values)] = 0
    # Its name or its id.
    in_list: str | None = None
    tags: list[str] = []


class Said(Fields):
    """A `phrase`, or the members themselves."""

    phrase: str = ""


class Understood(Schema):
    """A piece of the phrase, and what it was taken for."""

    kind: str
    label: str
    words: str


def phrase_form(request: SignedInRequest, phrase: str, parent: Reminder | None = None) -> QuickForm:
    """Raises Refused, with what looks like a date or a time and can't be one."""
    data = QueryDict(mutable=True)
    data["text"] = phrase
    lists = [] if parent else own_lists.all_of(request.user)
    around = quick.Around(lists, parent=parent)
    form = QuickForm(data, user=request.user, around=around, order=quick.order_for(request))
    if form.is_clear():
        return form
    refused = problems.of_form(form)
    doubts = [str(doubt.label) for doubt in form.doubts]
    errors = [{"field": "phrase", "sentence": said} for said in doubts] or [
        one | {"field": "phrase"} for one in refused.more["errors"]
    ]
    raise Refused(422, " ".join(one["sentence"] for one in errors), errors=errors)


def understood(form: QuickForm) -> list[Understood]:
    return [
        Understood(kind=chip.kind, label=str(chip.label), words=chip.words) for chip in form.chips
    ]


def fields_form(
    request: SignedInRequest,
    said: Fields,
    earlier: Reminder | None = None,
    is_step: bool = False,
) -> ReminderForm:
    """Of a new one, or of what is changed of an `earlier` one. Raises Refused."""
    asked = said.dict(exclude_unset=True)
    before = _before(earlier) if earlier else {}
    names = names_in(said.tags) if "tags" in asked else before.pop("tags", [])
    lists = own_lists.all_of(request.user)
    if "in_list" in asked:
        before["list_id"] = _list_id(lists, said.in_list)
    data = {name: "" if value is None else str(value) for name, value in (before | asked).items()}
    rrule = data.get("rrule", "")
    if rrule:
        _check(request, rrule)
    data |= {"tags": " ".join(names), "unit": KEPT if rrule else ""}
    # A step is in the list of its parent.
    offered = [] if is_step else lists
    form = ReminderForm(data, lists=offered, earlier=earlier, kept_rule=rrule)
    if not form.is_valid():
        refused = problems.of_form(form)
        for one in refused.more["errors"]:
            one["field"] = _AS_MEMBERS.get(one["field"], one["field"])
        raise refused
    return form


def _before(reminder: Reminder) -> dict[str, Any]:
    columns = (
        *("title", "details", "day", "at", "zone", "rrule", "repeat_from"),
        *("priority", "list_id"),
    )
    said = {name: getattr(reminder, name) for name in columns}
    return said | {"tags": [tag.name for tag in reminder.tags.all()]}


def _list_id(lists: list[own_lists.Named], said: str | None) -> uuid.UUID | None:
    if not said:
        return None
    found = own_lists.called(lists, said) or own_lists.within(lists, said)
    if found is None:
        raise problems.of_field("in_list", _("You have no list of this name."))
    return found.id


def _check(request: SignedInRequest, rrule: str) -> None:
    """Raises Refused for a rule that can't be read, or never comes."""
    try:
        if len(rrule) > MAX_RULE:
            raise recurrence.Unusable
        rule = recurrence.Rule.parse(rrule)
        rule.last(request.user.zone)
        words.repeat(rrule, "")
        if not rule.comes(datetime.datetime(2026, 1, 1)):  # noqa: DTZ001 (on a clock of the wall)
            raise recurrence.Unusable
    except (ValueError, OverflowError):
        sentence = _("This repeat can't be read. It is a rule of RFC 5545, as in FREQ=WEEKLY.")
        raise problems.of_field("rrule", sentence) from None
