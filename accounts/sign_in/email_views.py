"""Another address to sign in with: asking for it, and confirming it by the link in a mail."""

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import SignedInRequest
from accounts.sign_in import email_change
from accounts.sign_in.reauthentication import after_asking_again
from ahfai.access import open_to_all


class NewAddressForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )

    def __init__(self, *args, person: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if email == self.person.email:
            raise ValidationError(_("You sign in with this address already."))
        return email


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def change(request: SignedInRequest) -> HttpResponse:
    form = NewAddressForm(request.POST or None, person=request.user)
    if form.is_valid():
        email = form.cleaned_data["email"]
        words = get_adapter().error_messages
        try:
            email_change.count(request.user)
            if settings.HAS_MAIL:
                email_change.ask(request.user, email, request)
                return render(request, "account/email_asked.html", {"email": email})
            email_change.change(request.user, email, request)
        except email_change.AskedTooOften:
            form.add_error(None, words["too_many_login_attempts"])
        except email_change.Taken:
            form.add_error("email", _("Somebody signs in with this address already."))
        else:
            messages.success(request, _("Your e-mail address is changed."))
            return redirect("accounts:settings")
    shown = {"form": form, "has_mail": settings.HAS_MAIL}
    return render(request, "account/email_change.html", shown, status=422 if form.errors else 200)


@open_to_all("who has the link may have opened it in another browser")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    key, email = sent.get("key", ""), sent.get("to", "")
    person = email_change.person_of(key, email)
    if person is None:
        return render(request, "account/link_ended.html", status=404)
    if request.method != "POST":
        return render(request, "account/email_confirm.html", {"key": key, "email": email})
    try:
        email_change.change(person, email, request)
    except email_change.Taken:
        return render(request, "account/link_ended.html", status=404)
    messages.success(request, _("Your e-mail address is changed."))
    return redirect("accounts:settings")
