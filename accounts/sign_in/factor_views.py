"""The second factor: signing in with it, adding and removing it."""

import datetime
from typing import Any

from allauth.account.adapter import get_adapter as account_adapter
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.internal import flows as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal import flows as passkeys
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit, letters
from accounts.form_again import FormAgain
from accounts.qr import qr_code
from accounts.requests import SignedInRequest
from accounts.sign_in import second_factor
from accounts.sign_in.factor_forms import (
    AgainCode,
    AgainPasskey,
    AppForm,
    PasskeyForm,
    PasskeyNameForm,
    SecondPasskey,
    SignInCode,
    SignInPasskey,
)
from accounts.sign_in.reauthentication import after_asking_again, ask_again
from accounts.sign_in.second_factor import factors_of, forget_unused
from ahfai import limits
from ahfai.access import open_to_all

PASSKEYS_PER_HOUR = 60


class EnterCode(FormAgain, AuthenticateView):
    form_class = SignInCode
    webauthn_form_class = SecondPasskey

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        factors = factors_of(self.stage.login.user)
        return super().get_context_data(**kwargs) | {"factors": factors}


class ConfirmByCode(FormAgain, ReauthenticateView):
    form_class = AgainCode


class ConfirmByPasskey(FormAgain, ReauthenticateWebAuthnView):
    form_class = AgainPasskey
    template_name = "mfa/reauthenticate_passkey.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        shown = self.get_context_data() | {"form": form}
        return self.render_to_response(shown, status=422)


class SignInByPasskey(LoginWebAuthnView):
    form_class = SignInPasskey

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("That passkey isn't known here, or its time was over."))
        return redirect("account_login")


enter_code = open_to_all("comes between the password and being signed in")(EnterCode.as_view())
confirm_by_code = ConfirmByCode.as_view()
confirm_by_passkey = ConfirmByPasskey.as_view()
sign_in_by_passkey = open_to_all("whoever isn't signed in yet has to get in")(
    require_POST(SignInByPasskey.as_view())
)


@open_to_all("asks the browser of somebody who isn't signed in yet for a passkey")
@require_POST
def ask_for_passkey(request: HttpRequest) -> HttpResponse:
    """What a browser needs to sign in by a passkey; the session remembers what was asked."""
    who = account_adapter().get_client_ip(request)
    if limits.count("passkey", who, datetime.timedelta(hours=1)) > PASSKEYS_PER_HOUR:
        return HttpResponse(status=429)
    return JsonResponse(webauthn.begin_authentication())


@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    shown = {"factors": factors_of(request.user), "has_passkeys": settings.HAS_PASSKEYS}
    return render(request, "mfa/index.html", shown)


@require_safe
def needed(request: SignedInRequest) -> HttpResponse:
    """Where everybody needs one; see accounts.middleware."""
    if not settings.REQUIRE_SECOND_FACTOR or second_factor.is_on(request.user):
        return redirect("home")
    return render(request, "mfa/needed.html", {"has_passkeys": settings.HAS_PASSKEYS})


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def add_app(request: SignedInRequest) -> HttpResponse:
    if factors_of(request.user).app:
        return redirect("mfa_index")
    form = AppForm(request.POST or None, request=request)
    if form.is_valid():
        try:
            with transaction.atomic():
                app, codes = totp.activate_totp(request, form)
                _note_added(request, app, codes)
        except IntegrityError:
            # A second click: the first one's answer has the codes.
            return redirect("mfa_index")
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
        letters.tell_of_a_new_way_in(request.user)
    return _show_codes(request, codes)


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def add_passkey(request: SignedInRequest) -> HttpResponse:
    form = PasskeyForm(request.POST or None, user=request.user)
    if settings.HAS_PASSKEYS and form.is_valid():
        with transaction.atomic():
            name = second_factor.seal(request.user, form.cleaned_data["name"])
            credential = form.cleaned_data["credential"]
            passkey, codes = passkeys.add_authenticator(request, name, credential)
            _note_added(request, passkey, codes)
        return _show_codes(request, codes) if codes else redirect("mfa_index")
    shown = {
        "form": form,
        "has_passkeys": settings.HAS_PASSKEYS,
        "options": webauthn.begin_registration(request.user, passwordless=False),
    }
    return render(request, "mfa/passkey_add.html", shown, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: SignedInRequest, factor_id: int) -> HttpResponse:
    found = _passkey(request, factor_id)
    if asked := ask_again(request):
        return asked
    form = PasskeyNameForm(request.POST or None, initial={"name": found.name})
    if form.is_valid():
        with transaction.atomic():
            found.row.data["name"] = second_factor.seal(request.user, form.cleaned_data["name"])
            found.row.save(update_fields=["data"])
            forget_unused(request.user)
        return redirect("mfa_index")
    shown = {"form": form, "passkey": found, "is_last": len(factors_of(request.user).all) == 1}
    return render(request, "mfa/passkey.html", shown, status=422 if form.errors else 200)


@require_POST
def remove_passkey(request: SignedInRequest, factor_id: int) -> HttpResponse:
    found = _passkey(request, factor_id)
    if asked := ask_again(request, back=reverse("mfa_edit_webauthn", args=[factor_id])):
        return asked
    second_factor.remove(request.user, found.row, request)
    messages.success(request, _("The passkey is removed."))
    return redirect("mfa_index")


def _passkey(request: SignedInRequest, factor_id: int) -> second_factor.Passkey:
    for one in factors_of(request.user).passkeys:
        if one.row.pk == factor_id:
            return one
    raise Http404


def _note_added(request: SignedInRequest, factor: Authenticator, codes: Any) -> None:
    kind = str(second_factor.KINDS[factor.type])
    audit.record(request.user, audit.Event.FACTOR_ADDED, request, kind=kind)
    letters.tell_of_a_new_way_in(request.user)
    if codes:
        audit.record(request.user, audit.Event.RECOVERY_CODES_MADE, request)


def _show_codes(request: SignedInRequest, codes: Any) -> HttpResponse:
    """Once, as the answer to what made them: no address shows them again."""
    grouped = [f"{code[:5]} {code[5:]}" for code in codes.wrap().get_unused_codes()]
    shown = {"codes": grouped, "goes_home": settings.REQUIRE_SECOND_FACTOR}
    return render(request, "mfa/codes.html", shown)
