"""A person's tags for programs, by the verbs of their page."""

import uuid
from collections import Counter
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts import tags
from accounts.forms import TagForm, TagsField
from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from accounts.sealing.lookup import fold
from ahfai import problems
from ahfai.bodies import Body

router = Router()
_reading, _writing = Allowed(Scope.TAGS_READ), Allowed(Scope.TAGS_WRITE)


class TagInList(Schema):
    id: uuid.UUID
    # With those that it is nested in before it, as in garden/roses.
    name: str
    # How many things carry it, by their kind; without what carries one that is nested in it.
    uses: dict[str, int]


class Tags(Schema):
    tags: list[TagInList]


class NewName(Body):
    name: str = ""


@router.get("", auth=_reading, response=Tags, url_name="tags")
def index(request: SignedInRequest) -> Tags:
    """All of them by name, each before those that are nested in it."""
    uses = _uses(request)
    found = [
        TagInList(id=tag.id, name=tag.name, uses=uses.get(tag.id, {}))
        for tag in tags.all_of(request.user)
    ]
    return Tags(tags=found)


@router.patch("{uuid:tag_id}", auth=_writing, response=Tags, url_name="tag")
def rename(request: SignedInRequest, tag_id: uuid.UUID, said: NewName) -> Tags:
    """Another name for it, and in their names for those nested in it. Where there is one of that
    name already, the two become one. Answers with all tags, as several may have changed."""
    _there(request, tag_id)
    form = TagForm({"name": said.name})
    if not form.is_valid():
        raise problems.of_form(form)
    try:
        if not tags.rename(request.user, tag_id, form.cleaned_data["name"]):
            raise Http404
    except tags.TooLong:
        raise problems.of_field("name", TagsField.too_long()) from None
    return index(request)


@router.delete("{uuid:tag_id}", auth=_writing, response={204: None}, url_name="tag")
def delete(request: SignedInRequest, tag_id: uuid.UUID) -> None:
    """Off everything, with those nested in it; what carried it stays."""
    _there(request, tag_id)
    tags.take_off(request.user, tag_id)


def names_in(said: Iterable[str] | None) -> list[str]:
    """The names that a program sent one by one. Raises Refused."""
    if said is None:
        sentence = _("Say which tags: an empty list takes them all off.")
        raise problems.of_field("tags", sentence)
    one = TagsField(most=1, error_messages={"required": _("A tag needs a name.")})
    try:
        cleaned = [name for text in said for name in one.clean(text)]
    except ValidationError as wrong:
        raise problems.of_field("tags", " ".join(wrong.messages)) from None
    names = {fold(name): name for name in cleaned}
    if len(names) > tags.MAX_TAGS:
        raise problems.of_field("tags", TagsField.too_many(tags.MAX_TAGS))
    return list(names.values())


def _there(request: SignedInRequest, tag_id: uuid.UUID) -> None:
    if not tags.family(request.user, tag_id):
        raise Http404


def _uses(request: SignedInRequest) -> dict[uuid.UUID, Counter[str]]:
    """By the names of the apps' things, such as "notes"."""
    found: dict[uuid.UUID, Counter[str]] = {}
    for relation in tags.carriers():
        counted = request.user.tags.annotate(count=Count(relation.name)).filter(count__gt=0)
        for tag_id, count in counted.values_list("pk", "count"):
            found.setdefault(tag_id, Counter())[relation.name] = count
    return found
