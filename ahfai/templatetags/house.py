"""Tags and filters that our own templates share."""

import datetime
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django import template
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ahfai import bundles, markdown, marking, sizes
from ahfai.asked import Asked
from ahfai.crypto import SealError
from ahfai.markdown import glances

register = template.Library()

_MINUTE, _HOUR, _DAY = (datetime.timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))


@register.filter
def as_markdown(text: str) -> SafeString:
    return markdown.render(text)


@register.filter
def in_plain(text: str) -> str:
    """Without the marks of Markdown."""
    return markdown.plain(text)


@register.filter
def at_a_glance(pieces: Iterable[tuple[str, bool]]) -> SafeString:
    """Pieces of Markdown without its marks, those that were found marked."""
    pieces = list(pieces)
    shown = glances.pieces_without_marks(text for text, _found in pieces)
    return SafeString(
        "".join(
            f"<mark>{escape(said)}</mark>" if is_match else escape(said)
            for said, (_text, is_match) in zip(shown, pieces, strict=True)
        )
    )


@register.filter
def marked(text: str, sought: str) -> SafeString:
    """The text, or the safe HTML, with the words marked that a search found in it."""
    return marking.mark(conditional_escape(text), Asked.parse(sought).query)


@register.filter
def seeking(address: str, words: str) -> str:
    """The address of a place in a page, which is to mark these words there."""
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query), ("q", words)])
    return urlunsplit(parts._replace(query=query))


@register.filter
def opened(row: models.Model, column: str) -> str:
    """The text of a sealed column; where it can't be opened, a sentence that says so instead of
    an error page for all that stands around it."""
    try:
        return getattr(row, column)
    except SealError:
        return _("This can't be opened.")


@register.filter
def as_size(size: int) -> str:
    """A number of bytes."""
    return sizes.words(size)


@register.simple_tag
def joined(name: str) -> str:
    """The address of a bundle of styles or scripts."""
    return bundles.bundle(name).address


@register.simple_tag
def largest_upload() -> int:
    """In bytes."""
    return settings.UPLOAD_MB * sizes.MB


@register.simple_tag
def greeting() -> str:
    """By the person's own clock."""
    hour = timezone.localtime().hour
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening")


@register.filter
def ago(moment: datetime.datetime) -> str:
    """ "2 hours ago", with one unit: more would only look exact."""
    now = timezone.now()
    age = now - moment
    if age < _MINUTE:
        return _("just now")
    unit = _MINUTE if age < _HOUR else _HOUR if age < _DAY else _DAY
    return _ago(
        age // unit * unit, now.replace(hour=0, minute=0, second=0, microsecond=0), get_language()
    )


# Many rows of a list have the same age in whole units, and counting months takes its time.
@lru_cache(maxsize=1000)
def _ago(age: datetime.timedelta, today: datetime.datetime, _language: str) -> str:
    return _("%(time)s ago") % {"time": timesince(today - age, today, depth=1)}
