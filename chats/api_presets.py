"""Presets for programs, by the form and verbs of their pages."""

import uuid
from typing import Annotated, Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Router, Schema

from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Change, one_of
from ahfai.problems import Refused
from chats import steering
from chats.forms import PresetForm
from chats.models import Preset, Think

router = Router()
_reading, _writing = Allowed(Scope.CHATS_READ), Allowed(Scope.CHATS_WRITE)


class PresetInList(Schema):
    id: uuid.UUID
    name: str


class Presets(Schema):
    presets: list[PresetInList]


class WholePreset(PresetInList):
    """What is null or empty is as everywhere. `longest` and `reads` are tokens."""

    instructions: str
    temperature: float | None
    longest: int | None
    reads: int | None
    think: str


class ChangedPreset(Change):
    """What isn't said stays as it is, and is as everywhere in a new one."""

    name: str = ""
    instructions: str = ""
    temperature: float | None = None
    longest: int | None = None
    reads: int | None = None
    think: Annotated[str, one_of(Think.values)] = ""


@router.get("", auth=_reading, response=Presets, url_name="chats_presets")
def index(request: SignedInRequest) -> Presets:
    """Of the person's own, by name, for chats that begin."""
    found = steering.presets(request.user)
    named = [PresetInList(id=one.pk, name=steering.opened(one, "name")) for one in found]
    return Presets(presets=named)


@router.post("", auth=_writing, response={201: WholePreset}, url_name="chats_presets")
def make(request: SignedInRequest, said: ChangedPreset, answer: HttpResponse) -> WholePreset:
    form = _form(request, said.dict(exclude_unset=True))
    try:
        preset = steering.save_preset(request.user, **form.cleaned_data)
    except steering.NameTaken as why:
        raise problems.of_field("name", str(why)) from None
    except steering.TooManyPresets as why:
        raise Refused(409, str(why)) from None
    answer["Location"] = reverse("api:preset", args=[preset.pk])
    return _whole(preset)


@router.get("{uuid:preset_id}", auth=_reading, response=WholePreset, url_name="preset")
def read(request: SignedInRequest, preset_id: uuid.UUID) -> WholePreset:
    return _whole(get_object_or_404(request.user.presets.named(), pk=preset_id))


@router.patch("{uuid:preset_id}", auth=_writing, response=WholePreset, url_name="preset")
def change(request: SignedInRequest, preset_id: uuid.UUID, said: ChangedPreset) -> WholePreset:
    """Chats that have taken it stay as they are."""
    with transaction.atomic():
        # Held, so that what another program changes of it meanwhile stays.
        preset = get_object_or_404(steering.held(request.user), pk=preset_id)
        before = steering.values(preset) | {"name": preset.name}
        form = _form(request, before | said.dict(exclude_unset=True))
        try:
            if not steering.change_preset(preset, **form.cleaned_data):
                raise Http404
        except steering.NameTaken as why:
            raise problems.of_field("name", str(why)) from None
    return _whole(get_object_or_404(request.user.presets.named(), pk=preset_id))


@router.delete("{uuid:preset_id}", auth=_writing, response={204: None}, url_name="preset")
def delete(request: SignedInRequest, preset_id: uuid.UUID) -> None:
    """Chats that have taken it stay as they are."""
    get_object_or_404(request.user.presets.named(), pk=preset_id).delete()


def _form(request: SignedInRequest, said: dict[str, Any]) -> PresetForm:
    form = PresetForm(said, everywhere=steering.defaults(request.user))
    if not form.is_valid():
        raise problems.of_form(form)
    return form


def _whole(preset: Preset) -> WholePreset:
    said = steering.values(preset)
    return WholePreset(
        id=preset.pk, name=preset.name, **said | {"instructions": said["instructions"] or ""}
    )
