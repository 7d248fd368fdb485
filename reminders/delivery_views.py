"""What was sent outside AhFai, and what wasn't, in the browser."""

import uuid
from typing import NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import SignedInRequest
from ahfai import pages
from reminders import delivering, words
from reminders.models import Delivery


class Row(NamedTuple):
    """`due` and `state` in words."""

    delivery: Delivery
    due: str
    state: str


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """The newest first."""
    found = request.user.deliveries.select_related("reminder", "channel")
    page = pages.page(found.defer("reminder__details", "channel__target"), "-made", request.GET)
    rows = [_row(one) for one in page.rows]
    return render(request, "reminders/delivery_list.html", {"page": page, "rows": rows})


def _row(delivery: Delivery) -> Row:
    today = timezone.localdate()
    return Row(
        delivery, words.moment(delivery.occurrence_at, today), words.delivery(delivery, today)
    )


@require_POST
def again(request: SignedInRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """One that failed, as if it were new."""
    if not request.user.deliveries.filter(pk=delivery_id).exists():
        raise Http404
    if delivering.again(request.user, delivery_id):
        messages.success(request, _("It is sent again, in a moment."))
    return redirect("reminders:deliveries")
