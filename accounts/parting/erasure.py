"""Deleting all that a person has: the rows of every table that lead to them, whatever app's it is.

The tables are found by their foreign keys, so that a new one can't be forgotten; the database
checks at the end of the transaction that nothing is left that leads to what is gone.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from accounts.models import Letter, LookupKey, Ownership, Receipt, User, UserKey
from accounts.parting import erased
from accounts.sealing import keys

# Of what PostgreSQL has of them in clear, or opens the rest.
REWRITTEN = (User, UserKey, LookupKey)
PATIENCE_MS = 1000


class OwnsInstallation(Exception):
    """Somebody has to own it: see `manage.py hand_over`."""


@dataclass(frozen=True)
class Way:
    """How the rows of a table lead to a person: by foreign keys, one after the other."""

    model: type[models.Model]
    path: str
    # The one that is emptied, where the row itself isn't theirs.
    emptied: str = ""

    def rows(self, user_id: uuid.UUID) -> models.QuerySet:
        return self.model._base_manager.filter(**{self.path: user_id})

    def clear(self, user_id: uuid.UUID) -> int:
        """Returns how many rows are deleted."""
        rows = self.rows(user_id)
        if self.emptied:
            rows.update(**{self.emptied: None})
            return 0
        return rows._raw_delete(rows.db)


def erase(user_id: uuid.UUID, receipt_id: uuid.UUID) -> Receipt | None:
    """Delete everything of a person, and the person. None where there is no such person any more.

    Raises OwnsInstallation. What still runs for them should have ended before: see `ahfai.leaving`.
    """
    with transaction.atomic():
        # Nobody can add a row of theirs until the end, and then not any more.
        person = User.objects.select_for_update().filter(pk=user_id).first()
        if person is None:
            return None
        if Ownership.objects.filter(user=user_id).exists():
            raise OwnsInstallation
        counts: Counter[str] = Counter()
        # Somebody asked for them who need not have been this person, so no key leads here.
        counts[Letter._meta.label] += Letter.objects.filter(to=person.email).delete()[0]
        for way in ways():
            counts[way.model._meta.label] += way.clear(user_id)
        counts[User._meta.label] = User.objects.filter(pk=user_id)._raw_delete(User.objects.db)
        erased.note_erased(user_id)
        receipt = Receipt.objects.create(pk=receipt_id, counts=dict(+counts))
    keys.forget(user_id)
    return receipt


def ways() -> list[Way]:
    """The keys first: from then on nothing of the rest can be opened. Then what refers to other
    rows before these, so that the database has nothing to look for."""
    known: dict[type[models.Model], str] = {User: ""}
    found = list(_ways(known))
    order = {model: place for place, model in enumerate(_referring_first(list(known)))}
    return sorted(
        found, key=lambda way: (way.model not in (UserKey, LookupKey), order.get(way.model, 0))
    )


def _ways(known: dict[type[models.Model], str]) -> Iterator[Way]:
    """Fills `known` with the way to the person from each model whose rows are theirs."""
    left = [model for model in apps.get_models(include_auto_created=True) if _has_table(model)]
    last: list[type[models.Model]] = [User]
    while last:
        reached = []
        for model in left:
            is_new = model not in known
            for key in _foreign_keys(model, last):
                path = "__".join(filter(None, (key.name, known[key.related_model])))
                if key.remote_field.on_delete is models.SET_NULL:
                    yield Way(model, path, key.name)
                elif is_new and _goes_along(key):
                    known.setdefault(model, path)
                    reached.append(model)
                    yield Way(model, path)
        last = reached


def _foreign_keys(
    model: type[models.Model], to: list[type[models.Model]]
) -> list[models.ForeignKey]:
    keys_of = [one for one in model._meta.local_fields if isinstance(one, models.ForeignKey)]
    return [one for one in keys_of if one.related_model in to]


def _goes_along(key: models.ForeignKey) -> bool:
    return key.remote_field.on_delete is models.CASCADE


def _has_table(model: type[models.Model]) -> bool:
    return model._meta.managed and not model._meta.proxy and model is not User


def _referring_first(wanted: list[type[models.Model]]) -> list[type[models.Model]]:
    placed: dict[type[models.Model], None] = {}

    def place(model: type[models.Model], above: tuple[type[models.Model], ...]) -> None:
        for other in wanted:
            if other in placed or other in (model, *above):
                continue
            if any(_goes_along(key) for key in _foreign_keys(other, [model])):
                place(other, (model, *above))
        placed.setdefault(model)

    for model in wanted:
        place(model, ())
    return list(placed)


def sweep() -> bool:
    """Empty what the database keeps of deleted rows beside its tables: SQLite's log; on PostgreSQL
    the old rows of the few tables that hold something in clear, or keys. False where others are
    reading, or inside a transaction: try again later."""
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # It would keep all writers waiting for the longest reader.
            cursor.execute("PRAGMA busy_timeout")
            before = cursor.fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                return cursor.fetchone()[0] == 0
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {before}")
        try:
            cursor.execute(f"SET lock_timeout = {PATIENCE_MS}")
            cursor.execute("SET statement_timeout = 0")
            for model in REWRITTEN:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"VACUUM (FULL) {table}")
        except DatabaseError:
            return False
        finally:
            cursor.execute("RESET lock_timeout")
            cursor.execute("RESET statement_timeout")
        return True
