"""What a model may look up in a person's earlier chats, and remember of them."""

from typing import Annotated, Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ahfai.seeking import seek
from ahfai.tools import Found, Link, Proposal, Said, Unfit
from chats import facts
from chats.models import Chat

MOST_FOUND = 8


def search_chats(
    user: Any,
    query: Annotated[str, Said("a few words that were said", 200)],
    *,
    chat: Chat | None = None,
) -> Found:
    """Search what was said in the person's earlier chats."""
    found = seek(user, query, "chats", MOST_FOUND * 2)
    if chat is not None:
        # What is said in this one the model reads anyway, and the question has its own words.
        found = [one for one in found if not one.address.startswith(chat.get_absolute_url())]
    found = found[:MOST_FOUND]
    lines = [
        f"{one.title} ({date_format(localtime(one.when), 'j F Y')}): {one.text}" for one in found
    ]
    said = _("searched chats for %(query)s, %(count)d found")
    return Found(
        "\n\n".join(lines) or "Nothing was found. Try other or fewer words.",
        said % {"query": query, "count": len(found)},
        about=query,
        number=len(found),
        links=tuple(Link(one.title, one.address) for one in found),
    )


def remember_fact(
    user: Any,
    fact: Annotated[
        str,
        Said("one short sentence about the person, such as 'Is allergic to nuts'", facts.LONGEST),
    ],
) -> Proposal:
    """Propose to remember something about the person for all later chats, where they want that."""
    text = facts.in_one_line(fact)
    if not text:
        raise Unfit("The argument 'fact' is empty.")
    return Proposal("fact_new", {"text": text}, f"remembering: {text}")
