"""A forgotten password: asking for a link, and what the link opens."""

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.models import User
from accounts.sign_in import passwords, reset
from accounts.sign_in.door_forms import GOOD_PASSWORD, AddressForm
from ahfai.access import open_to_all


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=gettext_lazy("New password"),
        help_text=GOOD_PASSWORD,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args, person: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password


@open_to_all("who has forgotten the password can't sign in")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    if not settings.HAS_MAIL:
        return redirect("account_login")
    form = AddressForm(request.POST or None)
    if form.is_valid():
        try:
            reset.ask(form.cleaned_data["email"], get_adapter().get_client_ip(request))
        except reset.AskedTooOften:
            form.add_error(None, get_adapter().error_messages["too_many_login_attempts"])
        else:
            return render(request, "account/reset_asked.html")
    status = 422 if form.errors else 200
    return render(request, "account/reset_ask.html", {"form": form}, status=status)


@open_to_all("who has the link has forgotten the password")
@never_cache
@sensitive_post_parameters("password", "key")
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    key = request.POST.get("key") or request.GET.get("key", "")
    person = reset.person_of(key)
    if person is None:
        return render(request, "account/link_ended.html", status=404)
    form = NewPasswordForm(request.POST or None, person=person)
    if form.is_valid():
        password = form.cleaned_data["password"]
        if not passwords.replace(person, password, audit.Event.PASSWORD_RESET, request):
            return render(request, "account/link_ended.html", status=404)
        messages.success(request, _("Your password is changed. Sign in with the new one."))
        return redirect("account_login")
    shown = {"form": form, "key": key}
    return render(request, "account/reset_choose.html", shown, status=422 if form.errors else 200)
