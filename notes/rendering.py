"""A note's body as its page shows it: with links to other notes, and with tasks to tick."""

import re
from html import escape, unescape
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ahfai import markdown
from notes import attachments, links

_TITLE = re.compile(r'<span class="note-title">([^<]*)</span>')
_TASK = re.compile(r'<span class="task-(open|done)"[^>]* data-line="([0-9]+)"[^>]*></span>')


def html(user, body: str, with_ticks: bool = False) -> SafeString:
    """`with_ticks` makes each task a button, for the form around it."""
    text: str = markdown.render(body, is_note=True, files=attachments.named(user, body))
    leads = links.leading_to(user, links.titles_in(body))

    def link(found: re.Match) -> str:
        title = links.one_line(unescape(found[1]))
        if note_id := leads.get(title):
            return f'<a href="{reverse("notes:detail", args=[note_id])}">{found[1]}</a>'
        address = f"{reverse('notes:new')}?{urlencode({'title': title})}"
        hint = _("There is no note of this title yet: write it")
        return f'<a class="missing" href="{escape(address)}" title="{escape(hint)}">{found[1]}</a>'

    text = _TITLE.sub(link, text)
    if with_ticks:
        text = _TASK.sub(_button, text)
    return SafeString(text)


def _button(found: re.Match) -> str:
    state, line = found.groups()
    pressed = "true" if state == "done" else "false"
    return (
        f'<button class="task-{state}" id="task-{line}" name="line" value="{line}" '
        f'aria-pressed="{pressed}" aria-label="{escape(_("Done"))}"></button>'
    )
