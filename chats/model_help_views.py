"""What everybody may know of the model, on every page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.ownership import is_owner
from accounts.requests import SignedInRequest
from ahfai.access import asked_by_the_page
from chats import servers


@require_GET
def model_help(request: SignedInRequest) -> HttpResponse:
    shown = {"model_status": servers.status(), "is_owner": is_owner(request.user)}
    return render(request, "model_help.html", shown)


@asked_by_the_page
@require_GET
def model_status(request: SignedInRequest) -> HttpResponse:
    return render(request, "shared/_model_status.html", {"model_status": servers.status()})
