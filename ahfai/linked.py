"""Where names of a kind and an id lead, for the templates of all apps: what a reminder is about,
and the reminders about something."""

import uuid
from typing import Any

from django import template

from ahfai.asked import Found
from chats import hooks as chats
from notes import hooks as notes
from reminders import hooks as reminders

register = template.Library()
_SHOW = {"note": notes.show, "chat": chats.show}


@register.simple_tag(takes_context=True)
def linked(context: Any, kind: str, key: uuid.UUID) -> Found | None:
    """The person's thing of this name; None for one that is gone, in the trash, or somebody
    else's."""
    show = _SHOW.get(kind)
    return show(context["request"].user, [key]).get(key) if show else None


@register.simple_tag(takes_context=True)
def linked_in_trash(context: Any, kind: str, key: uuid.UUID) -> Found | None:
    """The person's thing of this name, where it is in the trash; its page puts it back."""
    show = _SHOW.get(kind)
    return show(context["request"].user, [key], trashed=True).get(key) if show else None


@register.simple_tag(takes_context=True)
def reminders_about(context: Any, kind: str, key: uuid.UUID) -> list[reminders.Open]:
    """The person's open ones."""
    return reminders.open_about(context["request"].user, kind, key)
