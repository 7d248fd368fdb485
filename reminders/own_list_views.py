"""A person's lists of reminders: making, renaming, ordering and deleting them."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import SignedInRequest
from reminders import own_lists
from reminders.forms import ListForm
from reminders.models import Colour


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    counts = own_lists.counts(request.user)
    rows = [(one, counts.get(one.id, 0)) for one in own_lists.all_of(request.user)]
    return render(request, "reminders/own_lists.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return _form_page(request, ListForm(initial={"colour": _unused_colour(request)}))
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            made = own_lists.create(request.user, **form.cleaned_data)
        except own_lists.NameTaken:
            form.add_error("name", _name_taken())
        except own_lists.TooMany:
            said = _("There are %(most)d lists already. A tag may do, too.")
            form.add_error(None, said % {"most": own_lists.MAX_LISTS})
        else:
            return redirect(_address(made.pk))
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, list_id: uuid.UUID) -> HttpResponse:
    there = _list(request, list_id)
    if request.method == "GET":
        form = ListForm(initial={"name": there.name, "colour": there.colour})
        return _form_page(request, form, there)
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            if not own_lists.change(request.user, there.id, **form.cleaned_data):
                raise Http404
        except own_lists.NameTaken:
            form.add_error("name", _name_taken())
        else:
            return redirect(_address(there.id))
    return _form_page(request, form, there)


@require_POST
def move(request: SignedInRequest, list_id: uuid.UUID) -> HttpResponse:
    """One place up, or down."""
    there = _list(request, list_id)
    own_lists.move(request.user, there.id, 1 if "down" in request.POST else -1)
    return redirect("reminders:lists")


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, list_id: uuid.UUID) -> HttpResponse:
    """The list alone; what is in it stays."""
    there = _list(request, list_id)
    if request.method == "GET":
        return render(request, "reminders/own_list_delete.html", {"list": there})
    own_lists.delete(request.user, there.id)
    messages.success(request, _("The list is gone. Its reminders are still there."))
    return redirect("reminders:lists")


def _list(request: SignedInRequest, list_id: uuid.UUID) -> own_lists.Named:
    found = own_lists.within(own_lists.all_of(request.user), list_id)
    if found is None:
        raise Http404
    return found


def _form_page(
    request: SignedInRequest, form: ListForm, there: own_lists.Named | None = None
) -> HttpResponse:
    shown = {"form": form, "list": there}
    status = 422 if form.errors else 200
    return render(request, "reminders/own_list_form.html", shown, status=status)


def _unused_colour(request: SignedInRequest) -> str:
    used = {one.colour for one in own_lists.all_of(request.user)}
    return next((one for one in Colour.values if one not in used), Colour.JADE)


def _address(list_id: uuid.UUID) -> str:
    return f"{reverse('reminders:list')}?list={list_id}"


def _name_taken() -> str:
    return _("You have a list of this name already.")
