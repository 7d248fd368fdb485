"""A reminder in one line, in the browser."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from reminders import quick, writing
from reminders.forms import QuickForm
from reminders.list_views import list_page


def form_of(request: SignedInRequest) -> QuickForm:
    return QuickForm(request.POST, user=request.user, order=quick.order_for(request))


@require_POST
def read(request: SignedInRequest) -> HttpResponse:
    """What is understood of the line so far. It changes nothing, and is a POST so that the words
    stand in no address."""
    form = form_of(request)
    form.is_valid()
    if request.htmx:
        return render(request, "reminders/_read.html", {"quick": form})
    return list_page(request, "list", quick=form)


@require_POST
def add(request: SignedInRequest) -> HttpResponse:
    """Save what was understood; what can't be read is asked for."""
    form = form_of(request)
    if not form.is_clear() or form.phrase is None:
        return list_page(request, "list", quick=form)
    page = form.cleaned_data["page"]
    reminder = writing.create(request.user, quick.wanted(form.phrase), form.phrase.tags, page)
    request.session["reminders_just"] = {"act": "added", "ids": [str(reminder.pk)]}
    place = "list" if reminder.due else "undated"
    return redirect(reverse(f"reminders:{place}") + "?just=1")
