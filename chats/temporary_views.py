"""Temporary chats in the browser: each question brings along all that was said before."""

import uuid

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import SignedInRequest
from chats import sentences, temporary, watching
from chats.composing import composer
from chats.forms import TemporaryForm
from chats.temporary import Turn


@require_http_methods(["GET", "POST"])
def chat(request: SignedInRequest) -> HttpResponseBase:
    if request.method == "GET":
        return render(request, "chats/temporary.html", _shown(request, []))
    form = TemporaryForm(request.POST)
    if not form.is_valid():
        return _refused(request, sentences.of_faults(form), 422)
    if request.FILES:
        return _refused(request, _("A temporary chat takes no files."), 422)
    try:
        reply = temporary.ask(request.user, form.cleaned_data)
    except temporary.Refused as why:
        return _refused(request, why.sentence, why.status)
    if watching.are_wanted(request):
        allowed = watching.still_signed_in(request)
        return watching.response(temporary.events(request, reply, allowed))

    def rendered() -> str:
        before = temporary.turns(request.user, form.cleaned_data["before"])
        shown = _shown(request, [*before, reply.turn])
        return render_to_string("chats/temporary.html", shown, request)

    return StreamingHttpResponse(temporary.page(reply, rendered))


@require_POST
def stop(request: SignedInRequest, place_id: uuid.UUID) -> HttpResponse:
    """Stop a reply, in whichever process it is being written."""
    place = get_object_or_404(request.user.temporary_places, pk=place_id)
    temporary.stop(request.user, place.pk)
    return HttpResponse(status=204)


def _refused(request: SignedInRequest, sentence: str, status: int) -> HttpResponse:
    if watching.are_wanted(request):
        return JsonResponse({"sentence": sentence}, status=status)
    said = zip(request.POST.getlist("mine"), request.POST.getlist("answer"), strict=False)
    before = temporary.turns(request.user, said)
    shown = _shown(request, before, text=request.POST.get("text", ""), sentence=sentence)
    return render(request, "chats/temporary.html", shown, status=status)


def _shown(request: SignedInRequest, turns: list[Turn], **more) -> dict:
    return composer(
        request.user,
        is_temporary=True,
        notes_choices=[],
        turns=turns,
        chosen_preset=request.POST.get("preset", ""),
        **more,
    )
