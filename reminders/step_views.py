"""The steps of a reminder, written in one line each on its page."""

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from reminders import writing
from reminders.models import Reminder
from reminders.quick_views import form_of
from reminders.views import detail_page


@require_POST
def read(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    """What is understood of the line so far; it changes nothing."""
    parent = _parent(request, reminder_id)
    form = form_of(request, parent)
    form.is_valid()
    if request.htmx:
        return render(request, "reminders/_read.html", {"quick": form})
    return detail_page(request, parent, quick=form)


@require_POST
def add(request: SignedInRequest, reminder_id: uuid.UUID) -> HttpResponse:
    parent = _parent(request, reminder_id)
    form = form_of(request, parent)
    if not form.is_clear() or form.phrase is None:
        return detail_page(request, parent, quick=form)
    try:
        writing.create(request.user, form.wanted, form.tag_names, form.cleaned_data["page"])
    except Reminder.DoesNotExist:
        raise Http404 from None
    except writing.TooManySteps:
        said = _("It has %(most)d steps already. Some of them may be a reminder of their own.")
        form.add_error("text", said % {"most": writing.MAX_STEPS})
        return detail_page(request, parent, quick=form)
    # The next one can be written at once.
    return redirect(f"{parent.get_absolute_url()}?next=1#steps")


def _parent(request: SignedInRequest, reminder_id: uuid.UUID) -> Reminder:
    there = request.user.reminders.open().filter(parent=None)
    return get_object_or_404(there, pk=reminder_id)
