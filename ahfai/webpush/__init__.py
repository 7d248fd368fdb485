"""Web Push: a message to a browser that need not be open, by way of its maker's server.

What goes out is sealed for that browser, and signed as coming from this installation.
"""

import uuid
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from ahfai import outbound
from ahfai.outbound import URL_LETTERS
from ahfai.webpush import vapid
from ahfai.webpush.encryption import MOST_BYTES, SECRET_BYTES, encrypt, read_point

__all__ = ["MOST_BYTES", "Subscription"]

NO_SUBSCRIPTION = "That is no subscription."


@dataclass(frozen=True)
class Subscription:
    """Where a browser is reached, with its public key and its secret, as it gives them itself.

    Raises ValueError where they aren't what RFC 8291 asks for. Whether the address may be used
    shows when something is sent.
    """

    endpoint: str
    p256dh: str
    auth: str

    def __post_init__(self) -> None:
        try:
            read_point(vapid.decoded(self.p256dh))
            is_whole = len(vapid.decoded(self.auth)) == SECRET_BYTES
            is_address = urlsplit(self.endpoint).hostname and self.endpoint.isascii()
        except ValueError:
            is_whole = is_address = False
        if not (is_whole and is_address) or len(self.endpoint) > URL_LETTERS:
            raise ValueError(NO_SUBSCRIPTION)

    @classmethod
    def of(cls, said: object) -> Self:
        """From what `PushSubscription.toJSON()` gave. Raises ValueError."""
        match said:
            case {"endpoint": str(endpoint), "keys": {"p256dh": str(key), "auth": str(secret)}}:
                return cls(endpoint, key, secret)
        raise ValueError(NO_SUBSCRIPTION)

    def send(self, text: bytes, message_id: uuid.UUID, ttl_s: int) -> outbound.Answer:
        """Hand over at most MOST_BYTES, to be kept up to `ttl_s` seconds until the browser can be
        reached. A second one with the same id takes the place of the first, if that still waits.

        Raises Refused and Failed of `ahfai.outbound`.
        """
        body = encrypt(text, vapid.decoded(self.p256dh), vapid.decoded(self.auth))
        headers = {
            "Authorization": vapid.authorization(self.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(ttl_s),
            # A phone that saves its battery is woken.
            "Urgency": "high",
            "Topic": vapid.encoded(message_id.bytes),
        }
        return outbound.post(self.endpoint, body, headers)
