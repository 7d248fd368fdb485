"""What a view may count on behind the middleware that asks for a sign-in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class SignedInRequest(HttpRequest):
    """For type hints: views that aren't open to all always have a person."""

    user: User
    htmx: HtmxDetails
