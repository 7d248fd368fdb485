"""Asking once more who somebody is, before something of the account changes."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from accounts.requests import SignedInRequest


def ask_again(request: SignedInRequest, back: str = "") -> HttpResponseRedirect | None:
    """The way to the page that asks who it is and then leads back; None where that is known.

    What was sent along is not kept, as allauth would in the session, where it lies in clear.
    """
    if not is_reauthentication_required(request, app="accounts"):
        return None
    ways = get_adapter().get_reauthentication_methods(request.user)
    return redirect(f"{ways[0]['url']}?{urlencode({'next': back or request.path})}")


def after_asking_again(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def only_the_person(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask_again(request) or view(request, *args, **kwargs)

    return only_the_person
