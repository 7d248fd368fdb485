"""What is said outside AhFai, on the person's own clock."""

import datetime
from contextlib import suppress

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ahfai.crypto import SealError
from reminders import words
from reminders.channels.message import Message
from reminders.models import LATE_AFTER, Delivery


def message(delivery: Delivery, now: datetime.datetime) -> Message:
    """Of a delivery with its reminder, channel and owner loaded."""
    reminder = delivery.reminder
    assert reminder
    title = _("You have a reminder")
    if delivery.channel.says_title:
        with suppress(SealError):
            title = reminder.title
    with timezone.override(delivery.owner.zone):
        text = _late(delivery, now) if now - delivery.occurrence_at > LATE_AFTER else ""
    address = reverse("reminders:detail", args=[reminder.pk])
    return Message(delivery.pk, title, text, settings.SITE_URL + address, delivery.occurrence_at)


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
