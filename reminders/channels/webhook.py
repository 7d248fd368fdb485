"""A webhook: JSON to an address of one's own, signed: see `ahfai.signing`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from ahfai import signing
from reminders.channels.http import AddressField, host, post
from reminders.channels.message import Answer, Message
from reminders.channels.target import Target, TargetForm, Way


@dataclass(frozen=True)
class Webhook(Target):
    address: str
    secret: str

    @property
    def place(self) -> str:
        return host(self.address)

    def send(self, message: Message) -> Answer:
        said = {
            "type": message.kind,
            "timestamp": message.at.isoformat(),
            "data": {
                "id": str(message.id),
                "title": message.title,
                "text": message.text,
                "url": message.url,
            },
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        signed = signing.headers(self.secret, str(message.id), body)
        return post(self.address, body, {"Content-Type": "application/json", **signed})


class WebhookForm(TargetForm):
    address = AddressField(label=_("Address"))

    def kept(self, before: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().kept(before), "secret": before.get("secret") or signing.new_secret()}


WAY = Way(Webhook, WebhookForm, signing.new_secret)
