"""The people of this installation, for its owner and its administrators."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit, invitations, people
from accounts.forms import InvitationForm, QuotaForm
from accounts.models import Invitation, User
from accounts.ownership import is_owner
from accounts.requests import SignedInRequest
from accounts.sign_in.reauthentication import ask_again


def administrators_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For everybody else there is nothing here."""

    @wraps(view)
    def only_for_administrators(request: SignedInRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return only_for_administrators


@require_GET
@administrators_only
def index(request: SignedInRequest) -> HttpResponse:
    return _page(request, InvitationForm())


@require_POST
@administrators_only
def invite(request: SignedInRequest) -> HttpResponse:
    """Make a link, and show it this once; or send it, where there is mail."""
    if asked := ask_again(request, back=reverse("accounts:people")):
        return asked
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 422)
    with transaction.atomic():
        link = invitations.make(request.user)
        audit.record(request.user, audit.Event.INVITED, request)
    to = form.cleaned_data.get("email")
    if to and invitations.send(link, to):
        messages.success(request, _("The invitation is on its way."))
        return redirect("accounts:people")
    return _page(request, InvitationForm(), link=link, was_not_sent=bool(to))


@require_POST
@administrators_only
def revoke(request: SignedInRequest, invitation_id: uuid.UUID) -> HttpResponse:
    if asked := ask_again(request, back=reverse("accounts:people")):
        return asked
    get_object_or_404(Invitation.objects.open(), pk=invitation_id).delete()
    messages.success(request, _("The invitation is revoked."))
    return redirect("accounts:people")


@require_http_methods(["GET", "POST"])
@administrators_only
def person(request: SignedInRequest, person_id: uuid.UUID) -> HttpResponse:
    """One person: their role, their room for files, and whether they may sign in."""
    if request.method == "POST" and (asked := ask_again(request)):
        return asked
    found = get_object_or_404(people.listed(), pk=person_id)
    form = QuotaForm(request.POST or None, initial={"quota_mb": found.quota_mb})
    act = request.POST.get("act", "")
    if request.method == "POST":
        try:
            if act == "quota" and form.is_valid():
                people.set_quota(request.user, found, form.cleaned_data["quota_mb"])
                messages.success(request, _("The room for files is changed."))
                return redirect("accounts:person", found.pk)
            if act in _ACTS:
                said = _ACTS[act](request.user, found)
                messages.success(request, said)
                return redirect("accounts:person", found.pk)
        except people.NotAllowed:
            raise Http404 from None
    shown = {
        "person": found,
        "role": people.role(found),
        "may_act": people.may_act(request.user, found),
        "is_owner": is_owner(request.user),
        "form": form,
        "quota_mb": found.quota_mb or settings.QUOTA_MB,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/person.html", shown, status=status)


def _suspend(actor: User, person: User) -> str:
    people.suspend(actor, person)
    return _("They can't sign in any more. Nothing of theirs is lost.")


def _admit(actor: User, person: User) -> str:
    people.admit_again(actor, person)
    return _("They can sign in again.")


def _promote(actor: User, person: User) -> str:
    people.make_administrator(actor, person, True)
    return _("They are an administrator now.")


def _demote(actor: User, person: User) -> str:
    people.make_administrator(actor, person, False)
    return _("They are a member now.")


def _hand_over(actor: User, person: User) -> str:
    people.hand_over(actor, person)
    return _("They own this installation now. You are an administrator.")


_ACTS = {
    "suspend": _suspend,
    "admit": _admit,
    "promote": _promote,
    "demote": _demote,
    "hand-over": _hand_over,
}


def _page(
    request: SignedInRequest, form: InvitationForm, status: int = 200, **more: Any
) -> HttpResponse:
    shown = {
        "form": form,
        "people": people.listed(),
        "invitations": Invitation.objects.open().select_related("by").order_by("-made"),
        "sign_up": settings.SIGN_UP,
        "has_mail": settings.HAS_MAIL,
        **more,
    }
    return render(request, "accounts/people.html", shown, status=status)
