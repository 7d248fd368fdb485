"""The browsers that a person is told in while AhFai is closed: on, and reached anew."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from accounts.models import User
from ahfai.webpush import Subscription
from reminders import channels
from reminders.channels.push import Browser
from reminders.models import Channel


def of(owner: User) -> Iterator[tuple[Channel, Browser]]:
    """Those of the person, with where they are reached; without what can't be read."""
    for channel in owner.channels.filter(kind=Channel.Kind.PUSH).order_by("created", "pk"):
        try:
            target = channels.target_of(channel)
        except channels.Temporary:
            continue
        if isinstance(target, Browser):
            yield channel, target


def row_for(owner: User, subscription: Subscription, name: str) -> Channel:
    """The one that is known, or of that name and switched off; otherwise a new one, unsaved."""
    for channel, target in of(owner):
        was_off = channel.off_since and channel.name == name
        if target.endpoint == subscription.endpoint or was_off:
            return channel
    return Channel(owner=owner, kind=Channel.Kind.PUSH)


def switch_on(channel: Channel, subscription: Subscription, name: str, says_title: bool) -> None:
    """Tell its person in the browser with this subscription from now on."""
    channel.name, channel.says_title = name, says_title
    _lead_to(channel, subscription, "name", "says_title")


def switch_off(owner: User, endpoint: str) -> None:
    """The browser itself has taken its address back."""
    for channel, target in of(owner):
        if target.endpoint == endpoint:
            channel.delete()


def renew(owner: User, before: str, subscription: Subscription) -> None:
    """The browser that was reached at `before` is reached in another way now."""
    for channel, target in of(owner):
        if target.endpoint == before:
            _lead_to(channel, subscription)


def _lead_to(channel: Channel, subscription: Subscription, *changed: str) -> None:
    channel.target = json.dumps(asdict(Browser.of(subscription)))
    channel.off_since, channel.off_because = None, None  # type: ignore[assignment]
    columns = [*changed, "target", "off_since", "off_because"]
    channel.save(update_fields=None if channel._state.adding else columns)
