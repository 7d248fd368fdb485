"""What the model may do without asking, in the browser."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedInRequest
from chats import leave
from chats.forms import LeaveForm


@require_http_methods(["GET", "POST"])
def acting(request: SignedInRequest) -> HttpResponse:
    if request.method == "POST":
        form = LeaveForm(request.POST)
        if form.is_valid():
            leave.give(request.user, **form.cleaned_data)
            messages.success(request, _("Your settings are saved."))
            return redirect("chats:acting")
    form = LeaveForm(initial={"may_create": leave.is_given(request.user)})
    back = reverse("accounts:settings")
    shown = {"form": form, "heading": _("What the model may do"), "back": back}
    return render(request, "chats/acting.html", shown)
