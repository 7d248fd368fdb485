"""What the message box does without any model: /remind, /note and /search."""

import re
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from ahfai.seeking import seek
from ahfai.tools import Found, Link, Proposal, Unfit
from chats import cards, tooluse
from chats.models import Message
from notes.models import MAX_TITLE
from notes.tools import append_to_note, create_note
from reminders.phrases import MAX_PHRASE, Order
from reminders.tools import in_one_line

MOST_FOUND = 20
_COMMAND = re.compile(r"/(remind|note|search)(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_IN_NOTE = re.compile(r"([^:\n]{1,200}):\s+(.+)", re.DOTALL)


class Answer(NamedTuple):
    """What is said, and the card or the look-up that comes with it."""

    text: str
    brought: Found | Proposal | None = None


def is_one(text: str) -> bool:
    return _COMMAND.fullmatch(text.strip()) is not None


def answer(user: Any, text: str, order: Order) -> Answer | None:
    """What the words of a message box have done, if they begin with a command."""
    command = _COMMAND.fullmatch(text.strip())
    if command is None:
        return None
    said = (command[2] or "").strip()
    try:
        return _VERBS[command[1].lower()](user, said, order)
    except Unfit as unfit:
        return Answer(unfit.sentence)


def _remind(user: Any, said: str, order: Order) -> Answer:
    if not said:
        return Answer(_("Say what and when, as in: /remind call mum tomorrow at 9"))
    if len(said) > MAX_PHRASE:
        raise Unfit(_("That is too long for a reminder: say it in one line."))
    return Answer(_("I read it so:"), in_one_line(user, said, order))


def _note(user: Any, said: str, order: Order) -> Answer:
    if not said:
        return Answer(
            _(
                "Say what to write down, as in: /note oak for the top. Behind the title of a note "
                "and a colon it goes there: /note Kitchen: oak for the top"
            )
        )
    if named := _IN_NOTE.fullmatch(said):
        try:
            proposal = append_to_note(user, named[1].strip(), named[2].strip(), is_exact=True)
            return Answer(_("It would go here:"), proposal)
        except Unfit:
            # No note is called so: the colon is one of the text.
            pass
    title, _break, body = said.partition("\n")
    if not body.strip() or len(title) > MAX_TITLE:
        title, body = "", said
    return Answer(_("I would keep this:"), create_note(user, title, body.strip()))


def _search(user: Any, said: str, order: Order) -> Answer:
    if not said:
        return Answer(_("Say what to look for, as in: /search boiler"))
    places = seek(user, said, most=MOST_FOUND)
    sentence = _("searched for %(query)s, %(count)d found")
    found = Found(
        "\n\n".join(f"{one.title}: {one.text}" for one in places),
        sentence % {"query": said, "count": len(places)},
        about=said,
        number=len(places),
        links=tuple(Link(one.title, one.address) for one in places),
    )
    return Answer("" if places else _("Nothing was found. Try other or fewer words."), found)


_VERBS = {"remind": _remind, "note": _note, "search": _search}


def keep(reply: Message, brought: Found | Proposal | None) -> None:
    """Store what comes with an answer, in the transaction of the answer."""
    if isinstance(brought, Proposal):
        cards.propose(reply, brought)
    elif brought:
        tooluse.keep(reply, 0, 0, "", {}, brought.text, brought)
