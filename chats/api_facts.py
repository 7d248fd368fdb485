"""What AhFai knows about its person, for programs, by the form and verbs of its page."""

import datetime
import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Router, Schema, Status

from accounts.api_settings import READING, WRITING
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Body, Change, TrueOrFalse
from ahfai.problems import Refused
from chats import facts
from chats.forms import FactForm

router = Router()


class FactShown(Schema):
    id: uuid.UUID
    text: str
    created: datetime.datetime


class FactsAreTold(Schema):
    # Whether the model is told them, as many as fit into its window.
    are_told: bool


class Facts(FactsAreTold):
    facts: list[FactShown]


class NewFact(Body):
    text: str = ""


class ChangedFacts(Change):
    are_told: TrueOrFalse = True


@router.get("facts", auth=READING, response=Facts, url_name="facts")
def index(request: SignedInRequest) -> Facts:
    """The newest first."""
    found = [
        FactShown(id=one.pk, text=facts.text_of(one), created=one.created)
        for one in facts.newest_first(request.user)
    ]
    return Facts(facts=found, are_told=facts.are_told(request.user))


@router.patch("facts", auth=WRITING, response=FactsAreTold, url_name="facts")
def tell(request: SignedInRequest, said: ChangedFacts) -> FactsAreTold:
    """Whether the model is told them from now on; they are kept in any case."""
    if "are_told" in said.model_fields_set:
        facts.tell(request.user, said.are_told)
    return FactsAreTold(are_told=facts.are_told(request.user))


@router.post("facts", auth=WRITING, response={200: FactShown, 201: FactShown}, url_name="facts")
def add(request: SignedInRequest, said: NewFact, answer: HttpResponse) -> Status[FactShown]:
    """One more, in one line; 200 where it is known already."""
    try:
        fact, is_new = facts.remember(request.user, _text(said))
    except facts.TooMany as why:
        raise Refused(409, str(why)) from None
    answer["Location"] = reverse("api:fact", args=[fact.pk])
    shown = FactShown(id=fact.pk, text=fact.text, created=fact.created)
    return Status(201 if is_new else 200, shown)


@router.patch("facts/{uuid:fact_id}", auth=WRITING, response=FactShown, url_name="fact")
def change(request: SignedInRequest, fact_id: uuid.UUID, said: NewFact) -> FactShown:
    """Other words for it."""
    fact = get_object_or_404(request.user.facts, pk=fact_id)
    text = _text(said)
    try:
        if not facts.change(fact, text):
            raise Http404
    except facts.AlreadyKnown as why:
        raise problems.of_field("text", str(why)) from None
    return FactShown(id=fact.pk, text=text, created=fact.created)


@router.delete("facts/{uuid:fact_id}", auth=WRITING, response={204: None}, url_name="fact")
def forget(request: SignedInRequest, fact_id: uuid.UUID) -> None:
    get_object_or_404(request.user.facts, pk=fact_id).delete()


def _text(said: NewFact) -> str:
    form = FactForm(said.dict())
    if not form.is_valid():
        raise problems.of_form(form)
    return form.cleaned_data["text"]
