"""A webhook: JSON to an address of one's own, signed as Standard Webhooks says
(standardwebhooks.com)."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from reminders.channels.http import AddressField, host, post
from reminders.channels.message import Answer, Message
from reminders.channels.target import Target, TargetForm, Way

_PREFIX = "whsec_"


@dataclass(frozen=True)
class Webhook(Target):
    """`secret` begins with "whsec_"; behind it are its bytes in base64."""

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
        headers = {"Content-Type": "application/json", **self._signed(str(message.id), body)}
        return post(self.address, body, headers)

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        sent = str(int(time.time()))
        key = base64.b64decode(self.secret.removeprefix(_PREFIX))
        signed = hmac.digest(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": sent,
            "webhook-signature": "v1," + base64.b64encode(signed).decode(),
        }


class WebhookForm(TargetForm):
    address = AddressField(label=_("Address"))

    def kept(self, before: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().kept(before), "secret": before.get("secret") or new_secret()}


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


WAY = Way(Webhook, WebhookForm, new_secret)
