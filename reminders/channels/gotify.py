"""Gotify: an application on a server of one's own (gotify.net, "Push messages")."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from reminders.channels.http import AddressField, TokenField, host, post_json
from reminders.channels.message import Answer, Message
from reminders.channels.target import Target, TargetForm, Way

GONE = frozenset({401, 403, 404, 410})
# Gotify's own apps make a sound from 4 on.
PRIORITY = 5


@dataclass(frozen=True)
class Gotify(Target):
    server: str
    token: str

    @property
    def place(self) -> str:
        return host(self.server)

    def send(self, message: Message) -> Answer:
        said = {
            "title": message.title,
            "message": message.text or message.title,
            "priority": PRIORITY,
            "extras": {"client::notification": {"click": {"url": message.url}}},
        }
        headers = {"X-Gotify-Key": self.token}
        return post_json(self.server.rstrip("/") + "/message", said, headers, GONE)


class GotifyForm(TargetForm):
    secret, bound_to = "token", "server"

    server = AddressField(label=_("Server"))
    token = TokenField(
        required=False,
        label=_("Token"),
        help_text=_("Of an application that you make for AhFai there."),
    )


WAY = Way(Gotify, GotifyForm)
