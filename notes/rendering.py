"""A note's body as its page shows it: with links to other notes and to headings, and with tasks to
tick."""

import re
import uuid
from html import escape, unescape
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ahfai import markdown
from ahfai.textindex.words import fold
from notes import attachments, links

_TITLE = re.compile(r'<span class="note-title">([^<]*)</span>')
_HEADING = re.compile(r"<(h[3-6])>(.*?)</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_TASK = re.compile(r'<span class="task-(open|done)"[^>]* data-line="([0-9]+)"[^>]*></span>')


def html(user, body: str, with_ticks: bool = False) -> SafeString:
    """`with_ticks` makes each task a button, for the form around it."""
    text: str = markdown.render(body, is_note=True, files=attachments.named(user, body))
    leads = links.leading_to(user, links.titles_in(body))

    def link(found: re.Match) -> str:
        title = links.one_line(unescape(found[1]))
        name, heading = ("", "") if title in leads else links.parts(title)
        if heading and (not name or name in leads):
            address = _address(leads[name]) if name else ""
            words = " › ".join(filter(None, (name, heading)))
            return f'<a href="{address}#{heading_id(heading)}">{escape(words)}</a>'
        if note_id := leads.get(title):
            return f'<a href="{_address(note_id)}">{found[1]}</a>'
        # A heading can only be in a note that is there.
        query = urlencode({"title": links.parts(title)[0] or title})
        address = f"{reverse('notes:new')}?{query}"
        hint = _("There is no note of this title yet: write it")
        return f'<a class="missing" href="{escape(address)}" title="{escape(hint)}">{found[1]}</a>'

    text = _TITLE.sub(link, _with_places(text))
    if with_ticks:
        text = _TASK.sub(_button, text)
    return SafeString(text)


def heading_id(heading: str) -> str:
    """What leads to it in an address; spelling and signs between its words don't count."""
    return "-".join(["heading", *re.findall(r"\w+", fold(heading))])


def _with_places(text: str) -> str:
    known = set[str]()

    def heading(found: re.Match) -> str:
        tag, words = found.groups()
        place = heading_id(unescape(_TAG.sub("", words)))
        if place in known:
            return found[0]
        known.add(place)
        return f'<{tag} id="{place}">{words}</{tag}>'

    return _HEADING.sub(heading, text)


def _address(note_id: uuid.UUID) -> str:
    return reverse("notes:detail", args=[note_id])


def _button(found: re.Match) -> str:
    state, line = found.groups()
    pressed = "true" if state == "done" else "false"
    return (
        f'<button class="task-{state}" id="task-{line}" name="line" value="{line}" '
        f'aria-pressed="{pressed}" aria-label="{escape(_("Done"))}"></button>'
    )
