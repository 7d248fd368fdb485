from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from reminders.notices import Bell


def bell(request: HttpRequest) -> dict:
    """What every page shows of the person's reminders; nothing is asked unless a template reads
    it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"bell": SimpleLazyObject(lambda: Bell.of(user))}
