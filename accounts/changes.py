"""The running number of a person's changes, by which search indexes in memory keep up.

Each change of content takes a number in its own transaction and stamps its row, or leaves a
tombstone. The person's row is locked until the end of that transaction, so whoever sees a number
sees all that came before it.
"""

import uuid
from collections.abc import Iterable

from django.apps import apps
from django.db import connections, router


def next_number(owner_id: uuid.UUID) -> int:
    """The number of a change, inside the caller's transaction.

    Taken after the lock on what is changed and before any other of the person's rows is locked.
    """
    people = apps.get_model("accounts", "User")
    connection = connections[router.db_for_write(people)]
    quote = connection.ops.quote_name
    # Both databases tell in one step what Django asks for in two.
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(people._meta.db_table)} "  # noqa: S608 (names of our own)
            f"SET {quote('change_number')} = {quote('change_number')} + 1 "
            f"WHERE {quote('id')} = %s RETURNING {quote('change_number')}",
            [people._meta.pk.get_db_prep_value(owner_id, connection)],
        )
        return cursor.fetchone()[0]


def bury(owner_id: uuid.UUID, keys: Iterable[uuid.UUID]) -> None:
    """Leave word that these rows, and what was part of them, are gone."""
    number = next_number(owner_id)
    tombstone = apps.get_model("accounts", "Tombstone")
    tombstone.objects.bulk_create(
        tombstone(owner_id=owner_id, key=key, change_number=number) for key in keys
    )
