"""What AhFai knows about its person: a page of facts, to add, change and delete."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import SignedInRequest
from chats import calibration, facts, servers
from chats.context import Window, facts_room, facts_that_fit
from chats.forms import FactForm


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return _page(request, FactForm())


@require_POST
def add(request: SignedInRequest) -> HttpResponse:
    form = FactForm(request.POST)
    if form.is_valid():
        try:
            _fact, is_new = facts.remember(request.user, form.cleaned_data["text"])
        except facts.TooMany as why:
            form.add_error("text", str(why))
        else:
            if is_new:
                # The next one can be written at once.
                return redirect(reverse("chats:facts") + "?next=1")
            form.add_error("text", str(facts.AlreadyKnown()))
    return _page(request, form)


@require_POST
def tell(request: SignedInRequest) -> HttpResponse:
    """Whether the model is told."""
    facts.tell(request.user, "on" in request.POST)
    return redirect("chats:facts")


@require_http_methods(["GET", "POST"])
def change(request: SignedInRequest, fact_id: uuid.UUID) -> HttpResponse:
    fact = get_object_or_404(request.user.facts, pk=fact_id)
    is_sent = request.method == "POST"
    form = FactForm(request.POST if is_sent else None, initial={"text": facts.text_of(fact)})
    if is_sent and form.is_valid():
        try:
            if not facts.change(fact, form.cleaned_data["text"]):
                raise Http404
        except facts.AlreadyKnown as why:
            form.add_error("text", str(why))
        else:
            return redirect("chats:facts")
    shown = {
        "heading": _("Change this fact"),
        "back": reverse("chats:facts"),
        "fact": fact,
        "form": form,
    }
    return render(request, "chats/fact_form.html", shown, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, fact_id: uuid.UUID) -> HttpResponse:
    fact = get_object_or_404(request.user.facts, pk=fact_id)
    if request.method == "GET":
        return render(request, "chats/fact_delete.html", {"fact": fact})
    fact.delete()
    messages.success(request, _("AhFai has forgotten it."))
    return redirect("chats:facts")


def _page(request: SignedInRequest, form: FactForm) -> HttpResponse:
    """With those marked that don't fit, for the model that a new chat would begin with."""
    known = list(facts.newest_first(request.user))
    model = servers.pick(request.user)
    num_ctx = servers.listed_num_ctx(model) or settings.NUM_CTX
    window = Window(num_ctx, calibration.ratio(model))
    fitting, taken = facts_that_fit(map(facts.text_of, known), window)
    are_told = facts.are_told(request.user)
    shown = {
        "form": form,
        "rows": [(fact, place < len(fitting)) for place, fact in enumerate(known)],
        "left_out": len(known) - len(fitting),
        "are_told": are_told,
        "model": model,
        "room": round(facts_room(window)),
        "taken": round(taken) if are_told else 0,
        "num_ctx": num_ctx,
        "longest": facts.LONGEST,
    }
    return render(request, "chats/fact_list.html", shown, status=422 if form.is_bound else 200)
