"""A person's API tokens: the list, a new one, and the end of one."""

import uuid
from itertools import groupby

from django import forms
from django.contrib import messages
from django.db import transaction
from django.forms.boundfield import BoundWidget
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import audit
from accounts.models import ApiToken, Scope
from accounts.models.token import MAX_TOKEN_NAME, SCOPE_KINDS
from accounts.programs import tokens
from accounts.requests import SignedInRequest
from accounts.sign_in.reauthentication import after_asking_again
from ahfai.templatetags.house import opened


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=MAX_TOKEN_NAME,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("By which you know it again, such as “Backup script”."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Give it a name, so that you know what uses it."),
        },
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        help_text=gettext_lazy("No more than the program needs."),
        choices=Scope,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one, or it can't do anything.")},
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("It works for"),
        choices=[
            (30, gettext_lazy("30 days")),
            (90, gettext_lazy("90 days")),
            (365, gettext_lazy("A year")),
        ],
        coerce=int,
        initial=30,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how long it works.")},
    )

    def scopes_by_kind(self) -> list[tuple[Promise | str, list[BoundWidget]]]:
        """The boxes to tick, under what they are about."""
        boxes = self["scopes"].subwidgets
        kinds = groupby(boxes, key=lambda box: str(box.data["value"]).partition(":")[0])
        return [(SCOPE_KINDS.get(kind, kind), list(found)) for kind, found in kinds]


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return _list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@after_asking_again
def make(request: SignedInRequest) -> HttpResponse:
    """Make a token, and show it this once: only its hash is kept."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                token, text = tokens.make(request.user, **form.cleaned_data)
                name = opened(token, "name")
                audit.record(request.user, audit.Event.TOKEN_MADE, request, name=name)
            return _list(request, made=token, text=text)
        except tokens.TooMany:
            said = _("You have %(most)d tokens already. Revoke one that nothing uses any more.")
            form.add_error(None, said % {"most": tokens.MAX_TOKENS})
    status = 422 if form.errors else 200
    return render(request, "accounts/token_form.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: SignedInRequest, token_id: uuid.UUID) -> HttpResponse:
    """It opens nothing from now on."""
    token = get_object_or_404(request.user.api_tokens, pk=token_id)
    if request.method != "POST":
        return render(request, "accounts/token_revoke.html", {"token": token})
    with transaction.atomic():
        name = opened(token, "name")
        audit.record(request.user, audit.Event.TOKEN_REVOKED, request, name=name)
        token.delete()
    messages.success(request, _("The token is revoked. It opens nothing any more."))
    return redirect("accounts:tokens")


def _list(request: SignedInRequest, made: ApiToken | None = None, text: str = "") -> HttpResponse:
    shown = {
        "tokens": request.user.api_tokens.order_by("-made", "-id"),
        "made": made,
        "text": text,
    }
    return render(request, "accounts/token_list.html", shown)
