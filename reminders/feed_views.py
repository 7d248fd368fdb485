"""Secret addresses of calendars in the browser, and what other programs read there."""

import datetime
import uuid

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import audit
from accounts.requests import SignedInRequest
from ahfai import clients, limits
from ahfai.access import open_to_all
from ahfai.templatetags.house import opened
from reminders import feeds
from reminders.forms import FeedForm
from reminders.models import Feed

HOUR = datetime.timedelta(hours=1)
WRONG_PER_HOUR, READS_PER_HOUR = 60, 240
MAX_ALARM = 7 * 24 * 60


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return _page(request, FeedForm())


@require_POST
def make(request: SignedInRequest) -> HttpResponse:
    """Make an address, and show it this once: only its hash is kept."""
    form = FeedForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 422)
    try:
        with transaction.atomic():
            feed, secret = feeds.make(request.user, **form.cleaned_data)
            audit.record(request.user, audit.Event.CALENDAR_ADDRESS_MADE, request, name=feed.name)
    except feeds.TooMany:
        said = _("You have %(most)d addresses already. Revoke one that nothing reads any more.")
        form.add_error(None, said % {"most": feeds.MAX_FEEDS})
        return _page(request, form, 422)
    address = settings.SITE_URL.rstrip("/") + reverse("reminders:feed", args=[secret])
    return _page(request, FeedForm(), made=feed, address=address)


@require_http_methods(["GET", "POST"])
def revoke(request: SignedInRequest, feed_id: uuid.UUID) -> HttpResponse:
    """Nothing can be read there from now on."""
    feed = get_object_or_404(request.user.feeds, pk=feed_id)
    if request.method == "GET":
        return render(request, "reminders/feed_revoke.html", {"feed": feed})
    with transaction.atomic():
        audit.record(
            request.user, audit.Event.CALENDAR_ADDRESS_REVOKED, request, name=opened(feed, "name")
        )
        feed.delete()
    messages.success(request, _("The address is revoked. Nothing can be read there any more."))
    return redirect("reminders:feeds")


@open_to_all("calendar programs can't sign in: who has the secret in the address may read there")
@require_safe
def read(request: HttpRequest, secret: str) -> HttpResponseBase:
    """A calendar. One that was revoked and one that never was are the same 404."""
    if settings.IS_HTTPS and not request.is_secure():
        # No way to https is shown: a program that follows it would send the secret in clear again.
        return _plain(_("Ask for this address with https://."), 403)
    feed = feeds.find(secret)
    who = str(feed.pk) if feed else clients.for_counting(request)
    most = READS_PER_HOUR if feed else WRONG_PER_HOUR
    if limits.count("feed" if feed else "wrong feed", who, HOUR) > most:
        return _plain(_("Too many tries. Try again in an hour."), 429)
    if feed is None:
        return _plain(_("There is no calendar at this address."), 404)
    feeds.note_reading(feed)
    alarm = _alarm(request)
    etag = f'"{feeds.state(feed, alarm)}"'
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        answer = HttpResponse(feeds.body(feed, alarm), content_type="text/calendar; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="AhFai.ics"'
    answer["ETag"] = etag
    # Each time it is asked whether something has changed.
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _alarm(request: HttpRequest) -> int | None:
    """How many minutes before; what isn't such a number is as if it weren't there: a program that
    reads calendars can't show what is wrong with it."""
    said = request.GET.get("alarm", "")
    if said.isascii() and said.isdigit() and len(said) < 6 and int(said) <= MAX_ALARM:
        return int(said)
    return None


def _plain(sentence: str, status: int) -> HttpResponse:
    """Without what a page brings along: it is read by a program."""
    answer = HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-store"
    if status == 429:
        answer["Retry-After"] = str(int(HOUR.total_seconds()))
    return answer


def _page(
    request: SignedInRequest,
    form: FeedForm,
    status: int = 200,
    made: Feed | None = None,
    address: str = "",
) -> HttpResponse:
    shown = {
        "form": form,
        "feeds": request.user.feeds.order_by("-created", "-id"),
        "made": made,
        "address": address,
    }
    return render(request, "reminders/feed_list.html", shown, status=status)
