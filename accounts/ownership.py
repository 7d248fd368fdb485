"""What only the owner of the installation may do."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse

from accounts.models import Ownership
from accounts.requests import SignedInRequest


def is_owner(user: Any) -> bool:
    return Ownership.objects.filter(user=user).exists()


def owner_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For everybody else there is nothing here."""

    @wraps(view)
    def only_for_the_owner(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_owner(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return only_for_the_owner
