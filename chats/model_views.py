"""The models of this installation: what is there, fetched, deleted and taken first. Its owner's."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.ownership import owner_only
from accounts.requests import SignedInRequest
from ahfai.access import asked_by_the_page
from chats import hosts, pulls, servers, suggestions
from chats.builtin.weights import WEIGHTS
from chats.engines import EngineFailed
from chats.engines.names import full
from chats.engines.ollama import Ollama
from chats.forms import ModelNameForm
from chats.lifecycle import places
from chats.models import DefaultModel, Pull


@require_GET
@owner_only
def index(request: SignedInRequest) -> HttpResponse:
    return _page(request, ModelNameForm(names=_several()))


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
    form = ModelNameForm(request.POST, names=_several())
    if not form.is_valid():
        return _page(request, form, 422)
    try:
        pulls.start(form.cleaned_data["model"], form.cleaned_data["server"])
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
    model = _named(request.POST.get("model", "")).model
    DefaultModel.choose(model.name)
    messages.success(request, _("New chats begin with %(model)s.") % {"model": model.name})
    return redirect("models:list")


@require_http_methods(["GET", "POST"])
@owner_only
def delete(request: SignedInRequest) -> HttpResponse:
    if servers.kind() != "ollama":
        raise Http404
    if request.method == "GET":
        return _ask_to_delete(request, _named(request.GET.get("model", "")))
    found = _named(request.POST.get("model", ""))
    wanted = request.POST.get("server", "")
    if wanted and wanted not in found.at:
        return _ask_to_delete(request, found, 422)
    failures = []
    for name in [wanted] if wanted else found.at:
        try:
            _ollama(name).delete(found.model.name)
        except EngineFailed as failure:
            failures.append(failure)
    servers.forget()
    if failures:
        messages.error(request, failures[0].sentence)
        return redirect("models:list")
    if not wanted or found.at == (wanted,):
        DefaultModel.objects.filter(model=found.model.name).delete()
    messages.success(request, _("The model is deleted."))
    return redirect("models:list")


def _ask_to_delete(
    request: SignedInRequest, found: servers.Found, status: int = 200
) -> HttpResponse:
    shown = {"model": found.model, "at": found.at}
    return render(request, "chats/model_delete.html", shown, status=status)


def _ollama(name: str) -> Ollama:
    engine = servers.engine(name)
    if not isinstance(engine, Ollama):
        raise Http404
    return engine


def _several() -> tuple[str, ...]:
    """The names of the model servers, where there are several."""
    return hosts.names() if hosts.are_several() else ()


def _page(request: SignedInRequest, form: ModelNameForm, status: int = 200) -> HttpResponse:
    found, failure = _found()
    started = Pull.objects.order_by("started")
    here = {full(one.model.name) for one in found}
    first = full(servers.default_model())
    model_status = servers.status()
    # Where there is one, what is shown is what it has.
    several = _servers()
    answering = sum(one["host"].state in ("ready", "missing") for one in several)
    shown = {
        "form": form,
        "servers": several,
        "models": [_row(one, first, answering) for one in found],
        "could_read_more": any(
            servers.window(one.model) < (one.model.context_length or 0)
            for one in found
            if "completion" in one.model.abilities
        ),
        "one_differs": any(one.differs for one in found),
        "failure": failure,
        "can_fetch": servers.kind() == "ollama",
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


def _row(found: servers.Found, first: str, answering: int) -> dict[str, Any]:
    model = found.model
    return {
        "model": model,
        "is_loaded": bool(found.loaded_at),
        "is_default": full(model.name) == first,
        "chats": "completion" in model.abilities,
        "reads": servers.window(model),
        "abilities": sorted(model.abilities & {"tools", "thinking", "vision"}),
        # Where it isn't on all servers that answer.
        "only_at": found.at if len(found.at) < answering else (),
        "differs": found.differs,
    }


def _servers() -> list[dict[str, Any]]:
    """How each of several does."""
    if not hosts.are_several():
        return []
    busy = places.busy()
    return [
        {
            "host": host,
            "loaded": [one.name for one in host.models or [] if full(one.name) in host.loaded],
            "count": len(host.models or []),
            "busy": busy[host.name],
        }
        for host in hosts.renewed(hosts.FIRST_S)
    ]


def _found() -> tuple[list[servers.Found], str]:
    """What the servers have, and why that isn't known."""
    if servers.kind() == "builtin":
        return [], ""
    try:
        return servers.catalogue(), ""
    except EngineFailed as failure:
        return [], failure.sentence


def _named(name: str) -> servers.Found:
    for one in _found()[0]:
        if one.model.name == name:
            return one
    raise Http404
