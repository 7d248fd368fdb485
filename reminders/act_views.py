"""What is done with reminders, one or several, by a press of a button."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from reminders import completing
from reminders.forms import PickedForm, UndoForm


@require_POST
def complete(request: SignedInRequest) -> HttpResponse:
    form = PickedForm(request.POST)
    if not form.is_valid():
        return redirect("reminders:list")
    outcome = completing.complete(request.user, form.cleaned_data["seen"])
    _say_left_alone(request, outcome.changed)
    # What was just done can be taken back: its ids are in the session, not in the address.
    request.session["reminders_done"] = [str(one.pk) for one in outcome.completions]
    return _back(request, form, just_done=bool(outcome.completions))


@require_POST
def undo(request: SignedInRequest) -> HttpResponse:
    form = UndoForm(request.POST)
    if not form.is_valid():
        return redirect("reminders:list")
    undone, changed = completing.undo(request.user, form.cleaned_data["completions"])
    if undone:
        said = ngettext("It is as it was before.", "They are as they were before.", undone)
        messages.success(request, said)
    _say_left_alone(request, changed)
    return _back(request, form)


def _say_left_alone(request: SignedInRequest, count: int) -> None:
    if count:
        said = ngettext(
            "A reminder was changed elsewhere meanwhile, so it was left alone. Look again.",
            "%(count)d reminders were changed elsewhere meanwhile, so they were left alone. "
            "Look again.",
            count,
        )
        messages.warning(request, said % {"count": count})


def _back(
    request: SignedInRequest, form: PickedForm | UndoForm, just_done: bool = False
) -> HttpResponse:
    """To the page that the form was sent from; a notice in an open page goes by itself."""
    if request.htmx:
        return HttpResponse(headers={"HX-Trigger": "look"})
    kept = {name: request.GET[name] for name in ("tag", "before", "after") if name in request.GET}
    query = urlencode(kept | ({"done": 1} if just_done else {}))
    return redirect(reverse(f"reminders:{form.cleaned_data['back_to']}") + (query and f"?{query}"))
