"""What a person was told, in the browser."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import SignedInRequest
from ahfai.access import asked_by_the_page
from reminders import notices, words
from reminders.models import Notice
from reminders.notices import Bell

SHOWN = 50
TOASTS = 5


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    told = _with_reminders(request).order_by("-made", "-id")[:SHOWN]
    shown = {
        "notices": [_named(one) for one in told],
        "off": request.user.channels.filter(off_since__isnull=False).order_by("off_since"),
    }
    return render(request, "reminders/notice_list.html", shown)


@require_POST
def read_all(request: SignedInRequest) -> HttpResponse:
    notices.mark_read(request.user)
    return redirect("reminders:notices")


@asked_by_the_page
@require_GET
def news(request: SignedInRequest) -> HttpResponse:
    """What a page that is open has to show anew, and when it shall ask again."""
    bell = Bell.of(request.user)
    fresh = bell.news(request.GET.get("since", ""), request.GET.get("shown", ""))
    shown = _with_reminders(request).filter(pk__in=fresh[:TOASTS]).order_by("made", "id")
    told = {
        "bell": bell,
        "toasts": [_named(one) for one in shown],
        "more": len(fresh) - TOASTS,
        # Said once only, since a screen reader would read it out each time.
        "is_away_news": request.GET.get("away") != str(int(bell.worker_is_away)),
    }
    return render(request, "reminders/news.html", told)


def _with_reminders(request: SignedInRequest):
    """Of living reminders, without what is not shown here."""
    there = request.user.notices.filter(reminder__trashed=None)
    return there.select_related("reminder").defer("reminder__details")


def _named(notice: Notice) -> tuple[Notice, str]:
    """With the words for when it was due."""
    return notice, words.told(notice, timezone.localdate())
