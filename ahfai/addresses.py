"""Addresses of rows, of which a page may hold a hundred."""

import uuid
from functools import cache

from django.urls import get_script_prefix, reverse

_ANY = uuid.UUID(int=0)


def of_row(name: str, row_id: uuid.UUID) -> str:
    """The address `name`, which takes the id alone. Reversing takes fifty times as long."""
    return _shape(name, get_script_prefix()).replace(str(_ANY), str(row_id))


@cache
def _shape(name: str, _prefix: str) -> str:
    return reverse(name, args=[_ANY])
