"""The second factor: signing in with it, adding and removing it."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.internal import flows as totp
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit, second_factor
from accounts.factor_forms import AgainCode, AppForm, SignInCode
from accounts.form_again import FormAgain
from accounts.qr import qr_code
from accounts.reauthentication import after_asking_again
from accounts.requests import SignedInRequest
from accounts.second_factor import factors_of, forget_unused
from ahfai.access import open_to_all


class EnterCode(FormAgain, AuthenticateView):
    form_class = SignInCode


class ConfirmByCode(FormAgain, ReauthenticateView):
    form_class = AgainCode


enter_code = open_to_all("comes between the password and being signed in")(EnterCode.as_view())
confirm_by_code = ConfirmByCode.as_view()


@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    return render(request, "mfa/index.html", {"factors": factors_of(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def add_app(request: SignedInRequest) -> HttpResponse:
    if factors_of(request.user).app:
        return redirect("mfa_index")
    form = AppForm(request.POST or None, request=request)
    if form.is_valid():
        with transaction.atomic():
            app, codes = totp.activate_totp(request, form)
            _note_added(request, app, codes)
        return _show_codes(request, codes) if codes else redirect("mfa_index")
    address = get_adapter().build_totp_url(request.user, form.secret)
    shown = {"form": form, "address": address, "qr": qr_code(address), "secret": form.secret}
    return render(request, "mfa/app_add.html", shown, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def remove_app(request: SignedInRequest) -> HttpResponse:
    app = factors_of(request.user).app
    if app is None:
        return redirect("mfa_index")
    if request.method != "POST":
        return render(request, "mfa/app_remove.html")
    second_factor.remove(request.user, app, request)
    messages.success(request, _("The app is removed."))
    return redirect("mfa_index")


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def new_codes(request: SignedInRequest) -> HttpResponse:
    factors = factors_of(request.user)
    if not factors.is_on:
        return redirect("mfa_index")
    if request.method != "POST":
        return render(request, "mfa/codes_new.html", {"factors": factors})
    with transaction.atomic():
        codes = generate_recovery_codes(request)
        forget_unused(request.user)
        audit.record(request.user, audit.Event.RECOVERY_CODES_MADE, request)
    return _show_codes(request, codes)


def _note_added(request: SignedInRequest, factor: Authenticator, codes: Any) -> None:
    kind = str(second_factor.KINDS[factor.type])
    audit.record(request.user, audit.Event.FACTOR_ADDED, request, kind=kind)
    if codes:
        audit.record(request.user, audit.Event.RECOVERY_CODES_MADE, request)


def _show_codes(request: SignedInRequest, codes: Any) -> HttpResponse:
    """Once, as the answer to what made them: no address shows them again."""
    grouped = [f"{code[:5]} {code[5:]}" for code in codes.wrap().get_unused_codes()]
    return render(request, "mfa/codes.html", {"codes": grouped})
