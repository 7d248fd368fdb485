"""Temporary chats for programs: answered in their own request, and kept nowhere."""

import uuid
from typing import Any

from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router

from accounts.models import Scope
from accounts.programs import idempotency
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Body
from ahfai.problems import Refused
from chats import sentences, temporary, watching
from chats.api_replies import STREAMED, still_allowed
from chats.forms import TemporaryForm

router = Router()
_writing = Allowed(Scope.CHATS_WRITE)


class SaidBefore(Body):
    mine: str
    # Empty where none came.
    answer: str = ""


class TemporaryQuestion(Body):
    text: str = ""
    # Empty leaves it to what the person used last.
    model: str = ""
    preset: uuid.UUID | None = None
    # All that was said in this chat, from its beginning.
    before: list[SaidBefore] = []


@router.post("", auth=_writing, response={200: None}, openapi_extra=STREAMED, url_name="temporary")
@idempotency.takes_none
def ask(request: SignedInRequest, said: TemporaryQuestion) -> HttpResponseBase:
    """The answer is its stream, which ends it when it is closed. Nothing of it is kept, so it takes
    no `Idempotency-Key`."""
    if idempotency.key_of(request):
        raise Refused(422, _("A temporary chat is kept nowhere: leave the Idempotency-Key out."))
    data = QueryDict(mutable=True)
    data["text"], data["model"], data["preset"] = said.text, said.model, str(said.preset or "")
    data.setlist("mine", [turn.mine for turn in said.before])
    data.setlist("answer", [turn.answer for turn in said.before])
    form = TemporaryForm(data)
    if not form.is_valid():
        raise problems.of_form(form)
    try:
        reply = temporary.ask(request.user, form.cleaned_data)
    except temporary.Refused as why:
        raise Refused(why.status, why.sentence) from None
    begins = {"id": str(reply.place.pk), "model": reply.place.model}
    return watching.response(
        temporary.told(
            reply,
            lambda: watching.event("reply", begins),
            watching.AsText(0),
            _ForProgram(reply),
            still_allowed(request),
        )
    )


@router.post("{uuid:place_id}/stop", auth=_writing, response={204: None}, url_name="temporary_stop")
@idempotency.by_itself
def stop(request: SignedInRequest, place_id: uuid.UUID) -> None:
    """In whichever process it is being written; its words so far have been told."""
    place = get_object_or_404(request.user.temporary_places, pk=place_id)
    temporary.stop(request.user, place.pk)


class _ForProgram:
    """What a program is told besides the words."""

    def __init__(self, reply: temporary.Reply) -> None:
        self.reply = reply

    def waits(self, words: str) -> str:
        return watching.event("state", {"sentence": words})

    def look_ups(self) -> str:
        """It looks nothing up."""
        return ""

    def ended(self) -> dict[str, Any]:
        answer = self.reply.turn.answer
        return {
            "state": answer.state,
            "content": answer.content,
            "thinking": answer.thinking,
            "model": answer.model,
            "sentence": sentences.sentence(answer),
        }

    def leaves_in(self) -> None:
        """There is no coming back."""
