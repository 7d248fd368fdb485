"""What the channels have in common that send by HTTP."""

import json
from collections.abc import Mapping, Set
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ahfai import outbound
from reminders.channels.message import Answer, Permanent, Temporary

# How much of what the other side said is shown.
SHOWN = 200


def post_json(
    url: str,
    said: Mapping[str, Any],
    headers: Mapping[str, str],
    gone: Set[int] = frozenset({410}),
) -> Answer:
    """Raises Temporary and Permanent, the latter for the statuses `gone`."""
    body = json.dumps(said, ensure_ascii=False).encode()
    return post(url, body, {"Content-Type": "application/json", **headers}, gone)


def post(
    url: str, body: bytes, headers: Mapping[str, str], gone: Set[int] = frozenset({410})
) -> Answer:
    try:
        answer = outbound.post(url, body, {**headers})
    except outbound.Refused as refused:
        raise Permanent(str(refused)) from None
    except outbound.Failed as failed:
        raise Temporary(str(failed)) from None
    sentence = _said(answer)
    if 200 <= answer.status < 300:
        return Answer(sentence)
    if answer.status in gone:
        raise Permanent(sentence)
    raise Temporary(sentence, answer.wait_s)


def _said(answer: outbound.Answer) -> str:
    body = _shown(answer.body)
    said = _("The other side answered %(status)d: %(body)s")
    if not body:
        said = _("The other side answered %(status)d.")
    if 300 <= answer.status < 400:
        said += " " + _("It leads on to another address, and AhFai doesn't follow: enter that one.")
    return said % {"status": answer.status, "body": body}


def _shown(body: bytes) -> str:
    """The beginning, in one line and without what isn't text."""
    text = body[: SHOWN * 4].decode("utf-8", "replace")
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def host(address: str) -> str:
    """Of an address, with its port where it names one."""
    return urlsplit(address).netloc.rpartition("@")[2]


class AddressField(forms.CharField):
    """Where something is sent to. Whether its name leads where AhFai may send is seen when it
    does. It is never left empty."""

    def __init__(self, **options: Any) -> None:
        widget = forms.URLInput({"autocomplete": "off", "dir": "ltr"})
        super().__init__(**{"max_length": outbound.URL_LETTERS, "widget": widget, **options})

    def clean(self, value: Any) -> str:
        address = super().clean(value)
        try:
            parts = urlsplit(address)
            is_one = (
                parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
            )
        except ValueError:
            is_one = False
        if not is_one:
            raise forms.ValidationError(
                gettext_lazy(
                    "An address begins with https://, or with http:// on your own network."
                )
            )
        try:
            outbound.check(address)
        except outbound.Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        return address


class TokenField(forms.CharField):
    """A secret that another server gave; it is never shown again."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput({"autocomplete": "off", "dir": "ltr"})
        super().__init__(**{"max_length": 500, "widget": widget, **options})
