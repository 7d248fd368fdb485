"""What stands beside each backup: which file, how many rows of what, and what is needed for it."""

import datetime
import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from ahfai import files
from ahfai.backups import BackupFailed

FORMAT = 1
# The kinds of databases, and how the names of their backups end.
ENDINGS = {"sqlite": ".sqlite3", "postgresql": ".dump"}
CALLED = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
NAMED = "ahfai-%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True)
class Manifest:
    """`made` is in UTC, `size` in bytes; `migrations` names the newest one of each app."""

    file: str
    made: datetime.datetime
    version: str
    database: str
    size: int
    sha256: str
    tables: dict[str, int]
    people: list[str]
    master_ids: list[str]
    migrations: dict[str, str]

    def write(self, folder: Path) -> None:
        said = {"format": FORMAT} | asdict(self) | {"made": self.made.isoformat()}
        files.create_once(self.path(folder), json.dumps(said, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        try:
            said = json.loads(path.read_text())
            if said.pop("format") > FORMAT:
                raise BackupFailed(f"{path} was made by a newer AhFai. Update AhFai first.")
            return cls(**said | {"made": datetime.datetime.fromisoformat(said["made"])})
        except OSError as error:
            raise BackupFailed(f"{path} can't be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BackupFailed(f"{path} isn't what AhFai writes beside a backup.") from None

    def path(self, folder: Path) -> Path:
        return folder / f"{Path(self.file).stem}.json"

    def is_of(self, people: Iterable[uuid.UUID]) -> bool:
        """Whether it is of the installation to which these people belong or belonged."""
        return not {str(one) for one in people}.isdisjoint(self.people)


def all_in(folder: Path) -> list[Manifest]:
    """The whole backups in that folder, newest first. What can't be read is none of them."""
    found = []
    for path in folder.glob("ahfai-*.json"):
        try:
            manifest = Manifest.read(path)
        except BackupFailed:
            continue
        if (folder / manifest.file).is_file():
            found.append(manifest)
    return sorted(found, key=lambda one: one.made, reverse=True)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
