"""How long things are kept: chosen by their person, who sees first what would go."""

import datetime

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import Retention
from accounts.requests import SignedInRequest
from ahfai import retention

CHATS = [
    ("", gettext_lazy("For ever")),
    ("730", gettext_lazy("Two years after I used them last")),
    ("365", gettext_lazy("A year after I used them last")),
    ("180", gettext_lazy("180 days after I used them last")),
    ("90", gettext_lazy("90 days after I used them last")),
    ("30", gettext_lazy("30 days after I used them last")),
]
TRASH = [
    ("", gettext_lazy("30 days")),
    ("7", gettext_lazy("7 days")),
    ("1", gettext_lazy("A day")),
]


class KeptForm(forms.Form):
    chats = forms.TypedChoiceField(
        label=gettext_lazy("Chats stay"),
        help_text=gettext_lazy("Those that you pinned stay in any case."),
        choices=CHATS,
        coerce=int,
        empty_value=None,
        required=False,
    )
    trash = forms.TypedChoiceField(
        label=gettext_lazy("What is in the trash stays"),
        help_text=gettext_lazy("Chats, notes and reminders."),
        choices=TRASH,
        coerce=int,
        empty_value=None,
        required=False,
    )
    is_sure = forms.BooleanField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def kept(request: SignedInRequest) -> HttpResponse:
    before = retention.of(request.user)
    if request.method != "POST":
        initial = {"chats": before.chats or "", "trash": before.trash or ""}
        return render(request, "kept.html", {"form": KeptForm(initial=initial)})
    form = KeptForm(request.POST)
    if not form.is_valid():
        return render(request, "kept.html", {"form": form}, status=422)
    wanted = Retention(
        owner=request.user, chats=form.cleaned_data["chats"], trash=form.cleaned_data["trash"]
    )
    if not form.cleaned_data["is_sure"] and retention.is_shorter(wanted, before):
        return render(request, "kept_sure.html", _preview(form, wanted))
    retention.keep(request.user, wanted.chats, wanted.trash, request)
    messages.success(request, _("That is how long things are kept from now on."))
    return redirect("data")


def _preview(form: KeptForm, wanted: Retention) -> dict[str, object]:
    since = wanted.chats and timezone.now() - datetime.timedelta(days=wanted.chats)
    return {
        "form": form,
        "wanted": wanted,
        "since": since,
        "trash_days": wanted.trash or retention.TRASH_DAYS,
        "outdated": retention.outdated(wanted),
    }
