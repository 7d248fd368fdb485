"""A reminder in one line, in the browser."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import tags
from accounts.requests import SignedInRequest
from reminders import own_lists, quick, writing
from reminders.about import About
from reminders.forms import QuickForm
from reminders.list_views import list_page
from reminders.models import Reminder


def form_of(request: SignedInRequest, parent: Reminder | None = None) -> QuickForm:
    """Of a step where it has a `parent`."""
    place = quick.Around(parent=parent) if parent else around(request)
    order = quick.order_for(request)
    return QuickForm(request.POST, user=request.user, around=place, order=order)


def around(request: SignedInRequest) -> quick.Around:
    """The list and the tag that the address names, among the person's."""
    lists = own_lists.all_of(request.user)
    tag_id = request.GET.get("tag", "")
    family = tags.family(request.user, tag_id) if tag_id else []
    in_list = own_lists.within(lists, request.GET.get("list", ""))
    about = About.parse(request.GET.get("about", ""))
    return quick.Around(lists, in_list, family[0] if family else None, about)


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
    reminder = writing.create(request.user, form.wanted, form.tag_names, page)
    request.session["reminders_just"] = {"act": "added", "ids": [str(reminder.pk)]}
    place = "list" if reminder.due else "undated"
    query = urlencode(form.around.query | {"just": 1})
    return redirect(f"{reverse(f'reminders:{place}')}?{query}")
