"""Leaving for good, staying after all, and the receipt."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Leaving, Receipt
from accounts.ownership import is_owner
from accounts.parting import leaving
from accounts.requests import SignedInRequest
from accounts.sessions import digest
from accounts.sign_in.reauthentication import after_asking_again, ask_again
from ahfai import file_names
from ahfai.access import open_to_all


class LeaveForm(forms.Form):
    is_sure = forms.BooleanField(
        label=gettext_lazy("I know that nobody can bring it back."),
        error_messages={"required": gettext_lazy("Tick this if you are sure.")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def leave(request: SignedInRequest) -> HttpResponse:
    """What will be gone, and the button; or the way back for whoever has pressed it."""
    if is_owner(request.user):
        return render(request, "accounts/leave_owner.html")
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        leaving.ask(request.user, request)
        _sign_out_others(request)
        return redirect("accounts:leave")
    if asked := leaving.of(request.user):
        shown = {"leaving": asked, "receipt": request.build_absolute_uri(_receipt(asked))}
        return render(request, "accounts/leaving.html", shown)
    status = 422 if form.errors else 200
    return render(request, "accounts/leave.html", {"form": form}, status=status)


@require_POST
def leave_now(request: SignedInRequest) -> HttpResponse:
    """Without the day to think it over, which has been asked for before."""
    if again := ask_again(request, back=reverse("accounts:leave")):
        return again
    # Whoever was given the installation meanwhile reads there how to hand it over.
    if leaving.of(request.user) is None or is_owner(request.user):
        return redirect("accounts:leave")
    asked = leaving.ask(request.user, request, at_once=True)
    request.user.sessions.all().delete()
    logout(request)
    answer = redirect(_receipt(asked))
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@require_POST
def stay(request: SignedInRequest) -> HttpResponse:
    if leaving.take_back(request.user, request):
        messages.success(request, _("Your account stays. Nothing of it is gone."))
    return redirect("accounts:settings")


@open_to_all("who left has no account to sign in with, and nobody else can find its address")
@require_GET
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """What was deleted; until then, when it will be."""
    found = _found(token)
    shown: dict[str, Any] = {"token": token}
    if isinstance(found, Leaving):
        shown |= {"leaving": found, "is_under_way": found.due <= timezone.now()}
    else:
        shown |= {"receipt": found, "kinds": leaving.kinds(found)}
    answer = render(request, "accounts/receipt.html", shown)
    answer["Cache-Control"] = "no-store, private"
    return answer


@open_to_all("who left has no account to sign in with, and nobody else can find its address")
@require_GET
def receipt_file(request: HttpRequest, token: str) -> HttpResponse:
    found = _found(token)
    if isinstance(found, Leaving):
        raise Http404
    lines = [
        _("AhFai: an account was erased"),
        found.made.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "",
        *(f"{count}\t{kind}" for kind, count in leaving.kinds(found)),
        "",
        _("The key that opened what was sealed was deleted first."),
        "",
    ]
    answer = HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
    name = _("AhFai receipt %(day)s.txt") % {"day": found.made.date().isoformat()}
    answer["Content-Disposition"] = file_names.disposition(name, as_attachment=True)
    answer["Cache-Control"] = "no-store, private"
    return answer


def _found(token: str) -> Leaving | Receipt:
    if (key := leaving.by_token(token)) is None:
        raise Http404
    found = Receipt.objects.filter(pk=key).first() or Leaving.objects.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _receipt(asked: Leaving) -> str:
    return leaving.receipt_address(asked)


def _sign_out_others(request: SignedInRequest) -> None:
    here = digest(request.session.session_key or "")
    request.user.sessions.exclude(session_key=here).delete()
