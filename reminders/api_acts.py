"""What programs do with reminders, by the verbs of the pages' buttons."""

import datetime
import uuid
from collections.abc import Callable
from typing import Annotated

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router

from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import etags, problems
from ahfai.bodies import Body, Day, one_of
from ahfai.problems import Refused
from reminders import completing, order, snoozing
from reminders.api_rows import WholeReminder, reminder_of, whole
from reminders.api_times import WallTime
from reminders.completing import Kind
from reminders.forms import SnoozeForm

router = Router()
_writing = Allowed(Scope.REMINDERS_WRITE)


class PutOff(Body):
    """To a choice of the pages, or to a day and a time on the person's clock."""

    to: Annotated[str, one_of(["", "10m", "1h", "evening", "tomorrow", "week"])] = ""
    day: Day | None = None
    at: WallTime | None = None


def _act(path: str, name: str) -> Callable:
    return router.post(
        f"{{uuid:reminder_id}}/{path}", auth=_writing, response=WholeReminder, url_name=name
    )


@_act("complete", "reminder_complete")
def complete(
    request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse
) -> WholeReminder:
    """Done, with its steps; of a series this time, and the next one follows. 412 where it is no
    longer at the version that `If-Match` names, unless this very request has made it so."""
    return _complete(request, reminder_id, Kind.DONE, answer)


@_act("skip", "reminder_skip")
def skip(request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse) -> WholeReminder:
    """Not this time of a series; the next one follows. `If-Match` as for `complete`."""
    return _complete(request, reminder_id, Kind.SKIPPED, answer)


@_act("end", "reminder_end")
def end(request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse) -> WholeReminder:
    """No more of a series. `If-Match` as for `complete`."""
    return _complete(request, reminder_id, Kind.ENDED, answer)


def _complete(
    request: SignedInRequest, reminder_id: uuid.UUID, kind: Kind, answer: HttpResponse
) -> WholeReminder:
    reminder = reminder_of(request, reminder_id)
    version = etags.asked(request, reminder.version)
    outcome = completing.complete(request.user, {reminder.pk: version}, kind)
    reminder = reminder_of(request, reminder_id)
    if outcome.changed:
        raise etags.outdated(reminder.version)
    if not outcome.completions:
        raise Refused(409, _("It doesn't repeat."))
    return whole(request, reminder, answer)


@_act("undo", "reminder_undo")
def undo(request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse) -> WholeReminder:
    """As it was before it was done, skipped or ended, with what that took along; 409 where that
    wasn't the last thing that happened to it. `If-Match` names the version that it has since."""
    reminder = reminder_of(request, reminder_id)
    version = etags.asked(request, reminder.version)
    if version != reminder.version:
        raise etags.outdated(reminder.version)
    last = reminder.completions.filter(version=version - 1).first()
    if last is None:
        raise Refused(409, _("There is nothing to take back."))
    undone, _changed = completing.undo(request.user, [last.pk])
    reminder = reminder_of(request, reminder_id)
    if not undone:
        raise etags.outdated(reminder.version)
    return whole(request, reminder, answer)


@_act("snooze", "reminder_snooze")
def snooze(
    request: SignedInRequest, reminder_id: uuid.UUID, said: PutOff, answer: HttpResponse
) -> WholeReminder:
    """Put off; when it is due stays. 409 where it has no date, or is done."""
    reminder = reminder_of(request, reminder_id)
    moment = _moment(request, said)
    if not snoozing.snooze(request.user, [reminder.pk], moment):
        raise Refused(409, _("Only what is still to be done at some time can be put off."))
    return whole(request, reminder_of(request, reminder_id), answer)


def _moment(request: SignedInRequest, said: PutOff) -> datetime.datetime:
    """Raises Refused."""
    if said.to:
        moment = snoozing.until(said.to, timezone.now(), request.user.zone)
        if moment is None:
            raise problems.of_field("to", _("It can't be put off to that, now."))
        return moment
    data = {
        name: value.isoformat() for name, value in said.dict().items() if name != "to" and value
    }
    form = SnoozeForm(data, zone=request.user.zone)
    if not form.is_valid():
        raise problems.of_form(form)
    return form.cleaned_data["moment"]


@_act("unsnooze", "reminder_unsnooze")
def unsnooze(
    request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse
) -> WholeReminder:
    """The time of what was put off counts again; of what wasn't, it does already."""
    reminder = reminder_of(request, reminder_id)
    snoozing.stop(request.user, [reminder.pk])
    return whole(request, reminder_of(request, reminder_id), answer)


@_act("trash", "reminder_trash")
def throw_away(
    request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse
) -> WholeReminder:
    """With its steps."""
    reminder = reminder_of(request, reminder_id)
    order.trash(request.user, [reminder.pk])
    return whole(request, get_object_or_404(request.user.reminders, pk=reminder_id), answer)


@_act("restore", "reminder_restore")
def restore(
    request: SignedInRequest, reminder_id: uuid.UUID, answer: HttpResponse
) -> WholeReminder:
    """Out of the trash, with the steps that came there along with it."""
    if not request.user.reminders.filter(pk=reminder_id).exists():
        raise Http404
    order.restore(request.user, [reminder_id])
    return whole(request, reminder_of(request, reminder_id), answer)
