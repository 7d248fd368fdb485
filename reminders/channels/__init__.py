"""The ways to a person outside AhFai: one small file for each kind.

A new one: a file here with a `WAY` (what a form asks for, and how something is sent), its line in
`WAYS`, and its name in `Channel.Kind` and in the constraint there. It sends by `ahfai.outbound`,
touches no database, and raises Temporary or Permanent with a sentence for the person.
"""

import json
import logging

from django.utils.translation import gettext as _

from ahfai.crypto import SealError
from reminders.channels import gotify, mail, ntfy, push, webhook
from reminders.channels.message import Answer, Message, Permanent, Temporary, Unsent
from reminders.channels.target import Target, Way
from reminders.models import Channel

__all__ = [
    "WAYS",
    "Answer",
    "Message",
    "Permanent",
    "Target",
    "Temporary",
    "Unsent",
    "Way",
    "send",
    "target_of",
]

WAYS: dict[str, Way] = {
    Channel.Kind.EMAIL: mail.WAY,
    Channel.Kind.NTFY: ntfy.WAY,
    Channel.Kind.GOTIFY: gotify.WAY,
    Channel.Kind.WEBHOOK: webhook.WAY,
    Channel.Kind.PUSH: push.WAY,
}


log = logging.getLogger("ahfai.channels")


def target_of(channel: Channel) -> Target:
    """Where it leads, opened. Raises Temporary where that can't be read."""
    try:
        return WAYS[channel.kind].target.read(json.loads(channel.target), channel.owner)
    except (KeyError, ValueError, TypeError, SealError):
        raise Temporary(_("What is known of this channel can't be read.")) from None


def send(target: Target, message: Message) -> Answer:
    """Raises Temporary and Permanent, and nothing else."""
    try:
        return target.send(message)
    except Unsent:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, it was not sent)
        # By its class only: the text of an error can hold what a row holds.
        log.error("a channel failed: %s", type(error).__name__)
        raise Temporary(_("Something went wrong here; it is in AhFai's log.")) from None
