"""Whether two databases say the same, whatever kind each of them is."""

import datetime
import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections, models

from accounts.fields import Sealed, SealedBytesField

# In memory at a time: rows of sealed bytes have up to a megabyte of them.
AT_ONCE, AT_ONCE_OF_BYTES = 500, 8
_ALL_BITS = 2**256


def all_models() -> list[type[models.Model]]:
    """Of all tables, also of those that Django makes by itself between two models."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def rows(model: type[models.Model], using: str) -> Iterator[tuple[Any, ...]]:
    """All rows of the model's table as Python sees them, sealed ones sealed, in no order."""
    names = [field.attname for field in columns(model)]
    # Not the model's own manager, which may leave rows out or refuse sealed columns.
    found: Any = models.QuerySet(model, using=using).order_by().values_list(*names)
    return found.iterator(chunk_size=at_once(model))


def columns(model: type[models.Model]) -> list[models.Field]:
    """Those that hold what was given, and not what the database makes of it."""
    return [field for field in model._meta.local_concrete_fields if not field.generated]


def at_once(model: type[models.Model]) -> int:
    holds_bytes = any(isinstance(field, SealedBytesField) for field in columns(model))
    return AT_ONCE_OF_BYTES if holds_bytes else AT_ONCE


def figures(model: type[models.Model], using: str) -> tuple[int, str]:
    """How many rows the table has, and a hash of all that they say, in whatever order."""
    count = total = 0
    for row in rows(model, using):
        digest = hashlib.sha256()
        for value in row:
            said = _said(value)
            digest.update(len(said).to_bytes(8, "big") + said)
        count += 1
        total = (total + int.from_bytes(digest.digest(), "big")) % _ALL_BITS
    return count, f"{total:064x}"


def unknown_tables(using: str) -> list[str]:
    """Tables with which nothing here is done, such as those of a newer version."""
    known = {model._meta.db_table for model in all_models()} | {"django_migrations"}
    return sorted(set(connections[using].introspection.table_names()) - known)


def _said(value: Any) -> bytes:
    """The same for the same value, from whatever database it comes."""
    if isinstance(value, Sealed):
        return b"s" + value.value
    if isinstance(value, bytes | memoryview):
        return b"b" + bytes(value)
    if isinstance(value, uuid.UUID):
        return b"u" + value.bytes
    if isinstance(value, datetime.datetime):
        return b"t" + value.astimezone(datetime.UTC).isoformat().encode()
    if isinstance(value, dict | list):
        # PostgreSQL keeps no order of names.
        return b"j" + json.dumps(value, sort_keys=True).encode()
    return type(value).__name__.encode() + b":" + str(value).encode()
