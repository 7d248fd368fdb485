"""Temporary chats in the browser: each question brings along all that was said before."""

import uuid

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import SignedInRequest
from chats import commands, sentences, servers, steering, temporary, watching
from chats.composing import composer
from chats.forms import TemporaryForm
from chats.lifecycle import line
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
    if commands.is_one(form.cleaned_data["text"]):
        # A model could say that it is done.
        told = _("A temporary chat looks nothing up and changes nothing. Ask that in another chat.")
        return _refused(request, told, 422)
    if watching.is_crowded():
        return _refused(request, str(sentences.OWN["overloaded"]), 503)
    said = form.cleaned_data
    before = temporary.turns(request.user, said["before"])
    try:
        preset = said["preset"]
        reply = temporary.begin(
            request.user,
            before,
            said["text"],
            servers.pick(request.user, picked=said["model"]),
            steering.of_preset(request.user, preset) if preset else {},
        )
    except steering.NoSuchPreset:
        return _refused(request, _("This preset is gone. Choose another one."), 422)
    except line.TooManyOpen:
        return _refused(request, sentences.too_many(), 429)
    if watching.are_wanted(request):
        allowed = watching.still_signed_in(request)
        return watching.response(temporary.events(request, reply, allowed))

    def rendered() -> str:
        shown = _shown(request, [*before, reply.turn])
        return render_to_string("chats/temporary.html", shown, request)

    return StreamingHttpResponse(temporary.page(reply, rendered))


@require_POST
def stop(request: SignedInRequest, place_id: uuid.UUID) -> HttpResponse:
    """Stop a reply, in whichever process it is being written."""
    place = get_object_or_404(request.user.temporary_places, pk=place_id)
    request.user.temporary_places.filter(pk=place.pk).update(stop_asked=True)
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
