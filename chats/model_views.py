"""The models of this installation: what is there, fetched, deleted and taken first. Its owner's."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.ownership import owner_only
from accounts.requests import SignedInRequest
from ahfai.access import asked_by_the_page
from chats import pulls, servers, suggestions
from chats.builtin.weights import WEIGHTS
from chats.engines import EngineFailed, Model
from chats.engines.names import full
from chats.engines.ollama import Ollama
from chats.forms import ModelNameForm
from chats.models import DefaultModel, Pull


@require_GET
@owner_only
def index(request: SignedInRequest) -> HttpResponse:
    return _page(request, ModelNameForm())


@asked_by_the_page
@require_GET
@owner_only
def pulls_now(request: SignedInRequest) -> HttpResponse:
    """For the open page while something is fetched; whenever one ends, which the page tells by how
    many it knows of, the whole page is read anew."""
    running = list(Pull.objects.filter(reason="").order_by("started"))
    answer = render(request, "chats/_pulls.html", {"pulls": running})
    known = request.GET.get("of")
    if not running or (known and known != str(len(running))):
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@owner_only
def pull(request: SignedInRequest) -> HttpResponse:
    form = ModelNameForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 422)
    try:
        pulls.start(form.cleaned_data["model"])
    except pulls.NotPossible:
        raise Http404 from None
    return redirect("models:list")


@require_POST
@owner_only
def cancel(request: SignedInRequest, pull_id: uuid.UUID) -> HttpResponse:
    pulls.cancel(get_object_or_404(Pull, pk=pull_id))
    return redirect("models:list")


@require_POST
@owner_only
def default(request: SignedInRequest) -> HttpResponse:
    """Let new chats begin with this model."""
    model = _named(request.POST.get("model", ""))
    DefaultModel.choose(model.name)
    messages.success(request, _("New chats begin with %(model)s.") % {"model": model.name})
    return redirect("models:list")


@require_http_methods(["GET", "POST"])
@owner_only
def delete(request: SignedInRequest) -> HttpResponse:
    server = servers.engine()
    if not isinstance(server, Ollama):
        raise Http404
    if request.method == "GET":
        model = _named(request.GET.get("model", ""))
        return render(request, "chats/model_delete.html", {"model": model})
    model = _named(request.POST.get("model", ""))
    try:
        server.delete(model.name)
    except EngineFailed as failure:
        messages.error(request, failure.sentence)
    else:
        DefaultModel.objects.filter(model=model.name).delete()
        servers.forget()
        messages.success(request, _("The model is deleted."))
    return redirect("models:list")


def _page(request: SignedInRequest, form: ModelNameForm, status: int = 200) -> HttpResponse:
    found, failure = _found()
    server = servers.engine()
    loaded: set[str] = set()
    if isinstance(server, Ollama) and not failure:
        try:
            loaded = {full(name) for name in server.loaded()}
        except EngineFailed as away:
            failure = away.sentence
    started = Pull.objects.order_by("started")
    here = {full(model.name) for model in found}
    first = full(servers.default_model())
    model_status = servers.status()
    shown = {
        "form": form,
        "models": [
            {
                "model": model,
                "is_loaded": full(model.name) in loaded,
                "is_default": full(model.name) == first,
                "chats": "completion" in model.abilities,
                "reads": servers.window(model),
                "abilities": sorted(model.abilities & {"tools", "thinking", "vision"}),
            }
            for model in found
        ],
        "could_read_more": any(
            servers.window(model) < (model.context_length or 0)
            for model in found
            if "completion" in model.abilities
        ),
        "failure": failure,
        "can_fetch": isinstance(server, Ollama),
        "pulls": started.filter(reason=""),
        "failed_pulls": started.exclude(reason=""),
        "suggestions": [
            one
            for one in suggestions.fitting(suggestions.machine_bytes())
            if full(one.name) not in here
        ],
        "memory_bytes": suggestions.machine_bytes() if model_status.is_local else None,
        "builtin": WEIGHTS[settings.BUILTIN_MODEL],
        "model_status": model_status,
    }
    return render(request, "chats/models.html", shown, status=status)


def _found() -> tuple[list[Model], str]:
    """What the server has, and why that isn't known."""
    if servers.kind() == "builtin":
        return [], ""
    try:
        return servers.catalogue(), ""
    except EngineFailed as failure:
        return [], failure.sentence


def _named(name: str) -> Model:
    for model in _found()[0]:
        if model.name == name:
            return model
    raise Http404
