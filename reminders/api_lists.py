"""A person's lists of reminders for programs, by the form and verbs of their pages."""

import uuid
from typing import Annotated

from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Body, Change, one_of
from ahfai.problems import Refused
from reminders import own_lists
from reminders.forms import ListForm
from reminders.models import Colour

router = Router()
_reading, _writing = Allowed(Scope.REMINDERS_READ), Allowed(Scope.REMINDERS_WRITE)


class OwnList(Schema):
    id: uuid.UUID
    name: str
    colour: str
    # How many reminders in it are to be done.
    open: int


class OwnLists(Schema):
    lists: list[OwnList]


class NewList(Body):
    name: str = ""
    colour: Annotated[str, one_of(Colour.values)] = Colour.JADE.value


class ChangedList(Change):
    """What isn't said stays as it is."""

    name: str = ""
    colour: Annotated[str, one_of(Colour.values)] = ""


@router.get("", auth=_reading, response=OwnLists, url_name="reminder_lists")
def index(request: SignedInRequest) -> OwnLists:
    """In the person's own order."""
    return _all(request)


@router.post("", auth=_writing, response={201: OwnLists}, url_name="reminder_lists")
def create(request: SignedInRequest, said: NewList) -> OwnLists:
    """A new list, the last one. Answers with all of them."""
    form = _form(said.dict())
    try:
        own_lists.create(request.user, **form.cleaned_data)
    except own_lists.NameTaken:
        raise _taken() from None
    except own_lists.TooMany:
        many = _("There are %(most)d lists already. A tag may do, too.")
        raise Refused(409, many % {"most": own_lists.MAX_LISTS}) from None
    return _all(request)


@router.patch("{uuid:list_id}", auth=_writing, response=OwnLists, url_name="reminder_list")
def change(request: SignedInRequest, list_id: uuid.UUID, said: ChangedList) -> OwnLists:
    """Another name, another colour, or both. Answers with all of them."""
    there = _list(request, list_id)
    before = {"name": there.name, "colour": there.colour}
    form = _form(before | said.dict(exclude_unset=True))
    try:
        if not own_lists.change(request.user, there.id, **form.cleaned_data):
            raise Http404
    except own_lists.NameTaken:
        raise _taken() from None
    return _all(request)


@router.post("{uuid:list_id}/up", auth=_writing, response=OwnLists, url_name="reminder_list_up")
def up(request: SignedInRequest, list_id: uuid.UUID) -> OwnLists:
    """One place up."""
    own_lists.move(request.user, _list(request, list_id).id, -1)
    return _all(request)


@router.post("{uuid:list_id}/down", auth=_writing, response=OwnLists, url_name="reminder_list_down")
def down(request: SignedInRequest, list_id: uuid.UUID) -> OwnLists:
    """One place down."""
    own_lists.move(request.user, _list(request, list_id).id, 1)
    return _all(request)


@router.delete("{uuid:list_id}", auth=_writing, response={204: None}, url_name="reminder_list")
def delete(request: SignedInRequest, list_id: uuid.UUID) -> None:
    """The list alone; what is in it stays, in none."""
    own_lists.delete(request.user, _list(request, list_id).id)


def _all(request: SignedInRequest) -> OwnLists:
    counts = own_lists.counts(request.user)
    found = [
        OwnList(id=one.id, name=one.name, colour=one.colour, open=counts.get(one.id, 0))
        for one in own_lists.all_of(request.user)
    ]
    return OwnLists(lists=found)


def _list(request: SignedInRequest, list_id: uuid.UUID) -> own_lists.Named:
    found = own_lists.within(own_lists.all_of(request.user), list_id)
    if found is None:
        raise Http404
    return found


def _form(said: dict[str, str]) -> ListForm:
    form = ListForm(said)
    if not form.is_valid():
        raise problems.of_form(form)
    return form


def _taken() -> Refused:
    return problems.of_field("name", _("You have a list of this name already."))
