"""People and clients for the tests of all apps."""

import itertools
from typing import TYPE_CHECKING

from django.test import Client

if TYPE_CHECKING:
    from accounts.models import User

PASSWORD = "correct horse battery staple"  # noqa: S105 (everybody has it, in tests)
_numbers = itertools.count(1)


def make_person(email: str = "", name: str = "Ada Lovelace", **fields) -> "User":
    """A new person with a data key. The first one in a database owns the installation."""
    from accounts.models import User

    email = email or f"person{next(_numbers)}@example.org"
    return User.objects.create_user(email, PASSWORD, name=name, **fields)


def signed_in(person: "User") -> Client:
    client = Client()
    client.force_login(person)
    return client
