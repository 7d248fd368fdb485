"""What is said outside AhFai, on the person's own clock."""

import datetime
import uuid
from contextlib import suppress

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ahfai.crypto import SealError
from ahfai.templatetags.house import opened
from reminders import schedule, words
from reminders.channels.message import Message
from reminders.models import LATE_AFTER, MAX_TITLE, Delivery

# Titles in a digest, and letters of each: some services take few kilobytes.
SHOWN, LETTERS = 10, 80


def test(now: datetime.datetime) -> Message:
    text = _("This is how AhFai tells you of a reminder by this channel.")
    address = settings.SITE_URL + reverse("reminders:told")
    return Message(uuid.uuid4(), _("A test of AhFai"), text, address, now, "test")


def of(delivery: Delivery, now: datetime.datetime) -> Message | None:
    """What a delivery says, with its reminder, channel and owner loaded; None for a digest of
    nothing."""
    with timezone.override(delivery.owner.zone):
        return _of_reminder(delivery, now) if delivery.reminder else _of_day(delivery, now)


def _of_reminder(delivery: Delivery, now: datetime.datetime) -> Message:
    reminder = delivery.reminder
    assert reminder
    title = _("You have a reminder")
    if delivery.channel.says_title:
        with suppress(SealError):
            title = _line(reminder.title)
    text = _late(delivery, now) if now - delivery.occurrence_at > LATE_AFTER else ""
    at = int(delivery.occurrence_at.timestamp())
    address = f"{settings.SITE_URL}{reverse('reminders:answer', args=[reminder.pk])}?at={at}"
    return Message(delivery.pk, title, text, address, delivery.occurrence_at)


def _late(delivery: Delivery, now: datetime.datetime) -> str:
    due = words.moment(delivery.occurrence_at, timezone.localdate(now))
    if not delivery.missed:
        return _("It was due %(time)s.") % {"time": due}
    said = ngettext(
        "It was due %(time)s, and once more since.",
        "It was due %(time)s, and %(count)d times more since.",
        delivery.missed,
    )
    return said % {"time": due, "count": delivery.missed}


def _of_day(delivery: Delivery, now: datetime.datetime) -> Message | None:
    """How many are overdue and how many are for today; what they are where that is allowed."""
    midnight, tomorrow = schedule.midnights(now, delivery.owner.zone)
    near = delivery.owner.reminders.dated().listed().filter(moment__lt=tomorrow)
    overdue = delivery.owner.reminders.overdue(now, midnight).count()
    today = near.count() - overdue
    if not (overdue or today):
        return None
    counts = [
        overdue
        and ngettext("%(count)d overdue", "%(count)d overdue", overdue) % {"count": overdue},
        today and ngettext("%(count)d for today", "%(count)d for today", today) % {"count": today},
    ]
    text = ""
    if delivery.channel.says_title:
        shown = near.order_by("moment", "id")[:SHOWN]
        day = timezone.localdate(now)
        text = "\n".join(
            f"{words.when(one, day)}: {_line(opened(one, 'title'), LETTERS)}" for one in shown
        )
    return Message(
        delivery.pk,
        ", ".join(filter(None, counts)),
        text,
        settings.SITE_URL + reverse("reminders:list"),
        delivery.occurrence_at,
        "digest",
    )


def _line(text: str, most: int = MAX_TITLE) -> str:
    """In one line, as a head of a mail has to be."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
