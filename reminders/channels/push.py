"""Web Push, to one browser, which need not be open. Its maker's server carries what is sealed."""

import json
from dataclasses import asdict, dataclass
from typing import Self
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from ahfai import outbound
from ahfai.webpush import MOST_BYTES, Subscription, vapid
from reminders.channels.message import Answer, Message, Permanent, Temporary
from reminders.channels.target import Target, Way

# A browser that isn't online for longer has its notice in the app only.
KEPT_S = 7 * 24 * 3600
MAX_TITLE, MAX_TEXT = 200, 600
MAKERS = {
    "googleapis.com": "Google",
    "mozilla.com": "Mozilla",
    "apple.com": "Apple",
    "windows.com": "Microsoft",
}


@dataclass(frozen=True)
class Browser(Target):
    """`key` is AhFai's public one that the subscription was made with."""

    endpoint: str
    p256dh: str
    auth: str
    key: str

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        return cls(**asdict(subscription), key=vapid.public_key())

    @property
    def place(self) -> str:
        """The server that carries the messages, with its owner where that is known."""
        host = urlsplit(self.endpoint).hostname or ""
        maker = MAKERS.get(".".join(host.split(".")[-2:]))
        return f"{host} ({maker})" if maker else host

    def send(self, message: Message) -> Answer:
        if self.key != vapid.public_key():
            raise Permanent(_("AhFai has a new key since. Switch this browser on again, in it."))
        subscription = Subscription(self.endpoint, self.p256dh, self.auth)
        try:
            answer = subscription.send(_written(message), message.id, KEPT_S)
        except outbound.Refused as refused:
            raise Permanent(str(refused)) from None
        except outbound.Failed as failed:
            raise Temporary(str(failed)) from None
        if 200 <= answer.status < 300:
            return Answer(_("%(server)s has taken it.") % {"server": self.place})
        # RFC 8030, 7.3: it has expired, or was taken back in the browser.
        if answer.status in {404, 410}:
            raise Permanent(_("The browser doesn't take it any more. Switch it on again, in it."))
        said = {"server": self.place, "status": answer.status}
        raise Temporary(_("%(server)s didn't take it (%(status)d).") % said, answer.wait_s)


def _written(message: Message) -> bytes:
    """For static/js/service-worker.js, which shows it."""
    parts = urlsplit(message.url)
    moment = int(message.at.timestamp())
    said = {
        "title": _short(message.title, MAX_TITLE),
        "text": _short(message.text, MAX_TEXT),
        "page": parts.path + (f"?{parts.query}" if parts.query else ""),
        # The page itself shows the same one, while it is open.
        "tag": f"{parts.path} {moment}",
        "at": moment * 1000,
    }
    written = json.dumps(said, ensure_ascii=False).encode()
    if len(written) > MOST_BYTES:
        # Signs that JSON has to write with six letters.
        written = json.dumps(said | {"text": ""}, ensure_ascii=False).encode()
    return written


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# Only a browser itself can say where it is reached.
WAY = Way(Browser, form=None, sealed=True)
