"""How the model answers in all chats that say nothing else, for programs."""

from typing import Annotated

from ninja import Router, Schema

from accounts.api_settings import READING, WRITING
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Change, one_of
from chats import steering
from chats.forms import DefaultsForm
from chats.models import Preset, Think

router = Router()


class Answers(Schema):
    """What is null or empty is as the model was made, or as the installation allows."""

    instructions: str
    temperature: float | None
    # In tokens, as the next one.
    longest: int | None
    # How much of a chat the model reads at most.
    reads: int | None
    # Where the model can think.
    think: str


class ChangedAnswers(Change):
    """What isn't said stays as it is."""

    instructions: str = ""
    temperature: float | None = None
    longest: int | None = None
    reads: int | None = None
    think: Annotated[str, one_of(Think.values)] = ""


@router.get("answers", auth=READING, response=Answers, url_name="settings_answers")
def read(request: SignedInRequest) -> Answers:
    return _now(request)


@router.patch("answers", auth=WRITING, response=Answers, url_name="settings_answers")
def change(request: SignedInRequest, said: ChangedAnswers) -> Answers:
    wanted = _now(request).dict() | said.dict(exclude_unset=True)
    form = DefaultsForm(wanted, everywhere=Preset())
    if not form.is_valid():
        raise problems.of_form(form)
    steering.set_defaults(request.user, **form.cleaned_data)
    return _now(request)


def _now(request: SignedInRequest) -> Answers:
    """Raises SealError where the instructions can't be opened."""
    said = steering.values(steering.defaults(request.user))
    return Answers(**said | {"instructions": said["instructions"] or ""})
