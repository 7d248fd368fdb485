"""The key archive: one file beside all backups, with everybody's wrapped data keys.

Backups have no keys in them. Each backup and each erasure writes this file anew: so whoever was
erased can't be read from any backup, however old, that lies beside it. It opens nothing without the
master keys, which are never in it.

It is JSON: when it was written, who owns the installation, who was erased when, the keys, and the
SHA-256 of all that. Keys of earlier generations stay, since older backups need them.
"""

import base64
import datetime
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from accounts.models import ErasedPerson, Ownership, UserKey
from accounts.sealing import keys
from ahfai import files
from ahfai.crypto import SealError

NAME = "keys.json"
FORMAT = 1
COLUMNS = ("id", "owner_id", "generation", "master_id", "wrapped", "created")


class Unusable(Exception):
    """The key archive can't be used; says in a sentence why."""


@dataclass(frozen=True)
class WrappedKey:
    """A row of `UserKey`, as it stands in the file."""

    id: uuid.UUID
    owner_id: uuid.UUID
    generation: int
    master_id: str
    wrapped: bytes
    created: datetime.datetime

    def row(self) -> UserKey:
        return UserKey(**{name: getattr(self, name) for name in COLUMNS})


@dataclass
class KeyArchive:
    """What the file holds: keys by person and generation, and when each erased person went."""

    keys: dict[tuple[uuid.UUID, int], WrappedKey] = field(default_factory=dict)
    erased: dict[uuid.UUID, datetime.datetime] = field(default_factory=dict)
    owner: uuid.UUID | None = None

    def text(self) -> str:
        said = {
            "format": FORMAT,
            "written": timezone.now().isoformat(),
            "owner": str(self.owner) if self.owner else None,
            "erased": {str(one): when.isoformat() for one, when in sorted(self.erased.items())},
            "keys": [_as_json(key) for _place, key in sorted(self.keys.items())],
        }
        return json.dumps(said | {"sha256": _digest(said)}, indent=1) + "\n"

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError, KeyError or TypeError where that isn't such a text."""
        said = json.loads(text)
        if said.pop("sha256") != _digest(said) or said["format"] != FORMAT:
            raise ValueError
        found = [_of_json(key) for key in said["keys"]]
        moment = datetime.datetime.fromisoformat
        return cls(
            {(key.owner_id, key.generation): key for key in found},
            {uuid.UUID(one): moment(when) for one, when in said["erased"].items()},
            uuid.UUID(said["owner"]) if said["owner"] else None,
        )


def read(folder: Path) -> KeyArchive:
    """The key archive of that folder, an empty one where there is none yet.

    Raises Unusable where it is damaged, OSError where it can't be read.
    """
    path = folder / NAME
    try:
        return KeyArchive.of(path.read_text())
    except FileNotFoundError:
        return KeyArchive()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unusable(
            f"The key archive {path} is damaged. Put a copy of it back that is whole."
        ) from None


def folders() -> Iterator[Path]:
    """Those that have a key archive."""
    # Before BACKUP_DIR was set, backups before changes of tables lay beside the data.
    for folder in {settings.BACKUP_DIR, settings.DATA_DIR / "backups"}:
        if (folder / NAME).exists():
            yield folder


def rewrite(folder: Path, also: Iterable[WrappedKey] = ()) -> KeyArchive:
    """Write the key archive of that folder anew, whole or not at all.

    It gets the keys that are in the database now, keeps those it has, takes `also`, and leaves out
    whoever was erased. What an earlier master key wraps is wrapped with the newest one.
    """
    path = folder / NAME
    with files.alone(folder):
        before = read(folder)
        erased = before.erased | _erased()
        found = before.keys | {(key.owner_id, key.generation): key for key in also}
        found |= {(key.owner_id, key.generation): key for key in in_the_database()}
        owner = Ownership.objects.using(DEFAULT_DB_ALIAS).values_list("user_id", flat=True).first()
        after = KeyArchive(
            {place: _newly(key) for place, key in found.items() if place[0] not in erased},
            erased,
            owner or before.owner,
        )
        if path.exists():
            files.replace(path, after.text())
        else:
            files.create_once(path, after.text())
    return after


def in_the_database() -> list[WrappedKey]:
    """Everybody's keys; names the columns, since the tables may be those of an earlier version."""
    rows = UserKey.objects.using(DEFAULT_DB_ALIAS).order_by("owner_id", "generation")
    return [
        WrappedKey(id_, owner, generation, master_id, bytes(wrapped), created)
        for id_, owner, generation, master_id, wrapped, created in rows.values_list(*COLUMNS)
    ]


def _erased() -> dict[uuid.UUID, datetime.datetime]:
    connection = connections[DEFAULT_DB_ALIAS]
    if ErasedPerson._meta.db_table not in connection.introspection.table_names():
        return {}
    return dict(ErasedPerson.objects.using(DEFAULT_DB_ALIAS).values_list("id", "when"))


def _newly(key: WrappedKey) -> WrappedKey:
    """Wrapped with the newest master key, where that can be done."""
    try:
        if key.master_id == keys.master_keys().current[0]:
            return key
        data_key = keys.unwrap(key.row())
        master_id, wrapped = keys.wrap(data_key, key.owner_id, key.generation)
    except (SealError, ImproperlyConfigured):
        return key
    return WrappedKey(key.id, key.owner_id, key.generation, master_id, wrapped, key.created)


def _as_json(key: WrappedKey) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "owner": str(key.owner_id),
        "generation": key.generation,
        "master_id": key.master_id,
        "wrapped": base64.b64encode(key.wrapped).decode(),
        "created": key.created.isoformat(),
    }


def _of_json(said: dict[str, Any]) -> WrappedKey:
    return WrappedKey(
        uuid.UUID(said["id"]),
        uuid.UUID(said["owner"]),
        said["generation"],
        said["master_id"],
        base64.b64decode(said["wrapped"], validate=True),
        datetime.datetime.fromisoformat(said["created"]),
    )


def _digest(said: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
