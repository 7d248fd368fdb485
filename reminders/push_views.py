"""Being told in a browser while AhFai is closed."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import SignedInRequest
from ahfai.webpush import Subscription, vapid
from reminders import browsers
from reminders.channel_forms import SHOWN_OPENLY
from reminders.channel_views import MOST
from reminders.models import MAX_NAME

NO_ADDRESS = gettext_lazy("Your browser gave no address. Try once more.")


class SubscriptionField(forms.CharField):
    """What the browser says of where it is reached, in JSON."""

    widget = forms.HiddenInput
    default_error_messages = {"required": NO_ADDRESS}

    def clean(self, value: Any) -> Subscription:
        try:
            return Subscription.of(json.loads(super().clean(value)))
        except (ValueError, RecursionError):
            raise forms.ValidationError(NO_ADDRESS) from None


class BrowserForm(forms.Form):
    name = forms.CharField(
        max_length=MAX_NAME,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("For you alone, to know it again."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    says_title = forms.BooleanField(
        required=False,
        label=gettext_lazy("Say what it is, too, and not only “You have a reminder”"),
        help_text=SHOWN_OPENLY,
    )
    subscription = SubscriptionField()

    def clean(self) -> dict[str, Any]:
        """What is wrong with a field that nobody sees stands above the others."""
        if "subscription" in self.errors:
            for error in self.errors.pop("subscription").as_data():
                self.add_error(None, error)
        return self.cleaned_data


class RenewedForm(forms.Form):
    before = forms.CharField()
    subscription = SubscriptionField()


@require_http_methods(["GET", "POST"])
def this_browser(request: SignedInRequest) -> HttpResponse:
    form = BrowserForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = form.cleaned_data
        row = browsers.row_for(request.user, said["subscription"], said["name"])
        if row._state.adding and request.user.channels.count() >= MOST:
            form.add_error(None, _("You have as many channels as there can be. Delete one first."))
        else:
            browsers.switch_on(row, said["subscription"], said["name"], said["says_title"])
            messages.success(request, _("This browser is told from now on."))
            return redirect("reminders:push")
    told = [one for one in browsers.of(request.user) if not one[0].off_since]
    shown = {"form": form, "key": vapid.public_key(), "browsers": told}
    status = 422 if form.is_bound else 200
    return render(request, "reminders/push.html", shown, status=status)


@require_POST
def off(request: SignedInRequest) -> HttpResponse:
    browsers.switch_off(request.user, request.POST.get("endpoint", ""))
    messages.success(request, _("This browser is told no more."))
    return redirect("reminders:push")


@require_http_methods(["GET", "POST"])
def renewed(request: SignedInRequest) -> HttpResponse:
    """For the service worker, which has no page with a token: first it asks for one."""
    if request.method == "GET":
        return JsonResponse({"token": get_token(request)})
    form = RenewedForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    browsers.renew(request.user, form.cleaned_data["before"], form.cleaned_data["subscription"])
    return HttpResponse(status=204)
