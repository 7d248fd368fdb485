"""Making an account where mail is set up: asking for a link, and what the link opens."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.signup import complete_signup
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.sign_in import sign_up_by_mail
from accounts.sign_in.door_forms import AddressForm
from accounts.sign_in.sign_up import ConfirmedSignUpForm
from ahfai.access import open_to_all


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST or None)
    if form.is_valid():
        try:
            get_adapter().count_sign_up(request)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            invitation = invitations.hash_in_session(request)
            sign_up_by_mail.ask(form.cleaned_data["email"], invitation)
            return render(request, "account/sign_up_asked.html")
    status = 422 if form.errors else 200
    return render(request, "account/sign_up_ask.html", {"form": form}, status=status)


@open_to_all("who has the link has no account to sign in with")
@never_cache
@sensitive_post_parameters("password1", "key")
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    key = request.POST.get("key") or request.GET.get("key", "")
    confirmed = sign_up_by_mail.confirmed(key)
    if confirmed is None:
        return render(request, "account/sign_up_ended.html", status=404)
    form = ConfirmedSignUpForm(request.POST or None, **confirmed._asdict())
    if form.is_valid():
        person = form.save(request)
        sign_up_by_mail.note_use(key)
        return complete_signup(request, user=person)
    shown = {"form": form, "key": key}
    return render(request, "account/sign_up_make.html", shown, status=422 if form.errors else 200)
