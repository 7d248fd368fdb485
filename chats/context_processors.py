from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

RECENT = 12


def recent_chats(request: HttpRequest) -> dict:
    """The side bar's list; nothing is asked unless a template reads it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"recent_chats": []}
    return {"recent_chats": SimpleLazyObject(lambda: list(user.chats.kept().in_order()[:RECENT]))}
