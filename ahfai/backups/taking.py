"""One backup: copied at one moment while people go on, checked, and only then called a backup."""

import datetime
import os
import shutil
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.recorder import MigrationRecorder

import ahfai
from accounts.models import Session, User, UserKey
from accounts.sealing import key_archive, keys
from ahfai import files
from ahfai.backups import BackupFailed, manifest, postgres, sqlite
from ahfai.backups.manifest import Manifest
from ahfai.crypto import SealError
from ahfai.sizes import MB


class Copying(Protocol):
    """What is different for each kind of database."""

    def size(self) -> int: ...

    def dump(self, to: Path, left_out: Iterable[str]) -> tuple[dict[str, int], list[uuid.UUID]]: ...

    def check(self, path: Path) -> None: ...

    def loaded(self, path: Path) -> AbstractContextManager[dict[str, int]]: ...


# Keys have an archive of their own; a session that was ended since would come back. No row of
# another table may refer to one of these, or the copy isn't consistent.
LEFT_OUT = [model._meta.db_table for model in (UserKey, Session)]
KINDS: dict[str, Copying] = {"sqlite": sqlite, "postgresql": postgres}
UNFINISHED = ".unfinished"
FREE_AFTERWARDS = 64 * MB


@dataclass(frozen=True)
class Taken:
    """What was done; `removed` are the backups that were older than those to keep."""

    folder: Path
    manifest: Manifest
    removed: list[Manifest]

    @property
    def path(self) -> Path:
        return self.folder / self.manifest.file


def take(folder: Path, keep: int) -> Taken:
    """Back everything up into that folder, and keep the newest `keep` backups in it.

    Raises BackupFailed with a sentence; then nothing was kept, and nothing was removed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = folder / UNFINISHED
        unfinished.mkdir(exist_ok=True, mode=0o700)
        with files.alone(unfinished, wait=False):
            for left in unfinished.iterdir():
                left.unlink()
            made = _take(folder, unfinished)
            return Taken(folder, made, _remove_old(folder, keep))
    except BlockingIOError:
        raise BackupFailed("Another backup into that folder is being made just now.") from None
    except OSError as error:
        raise BackupFailed(f"{folder} can't be used: {error.strerror}.") from None
    except key_archive.Unusable as error:
        raise BackupFailed(str(error)) from None


def _take(folder: Path, unfinished: Path) -> Manifest:
    database = connections[DEFAULT_DB_ALIAS].vendor
    copying = KINDS[database]
    known = _openable_keys()
    _check_space(folder, copying.size())
    now = _free_moment(folder)
    fresh = unfinished / f"{now:{manifest.NAMED}}{manifest.ENDINGS[database]}"
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        tables, people = copying.dump(fresh, LEFT_OUT)
        copying.check(fresh)
        _save(fresh)
        # First the keys: a backup never lies there without them.
        archive = key_archive.rewrite(folder, also=known)
        keyed = {owner for owner, _generation in archive.keys} | archive.erased.keys()
        if not keyed.issuperset(people):
            raise BackupFailed("Somebody in the database has no key: run manage.py verify.")
        made = Manifest(
            file=fresh.name,
            made=now,
            version=ahfai.VERSION,
            database=database,
            size=fresh.stat().st_size,
            sha256=manifest.sha256_of(fresh),
            tables=tables,
            people=sorted(map(str, people)),
            master_ids=sorted({key.master_id for key in archive.keys.values()}),
            migrations=_newest_migrations(),
        )
        fresh.rename(folder / fresh.name)
        made.write(folder)
        return made
    finally:
        fresh.unlink(missing_ok=True)


def _openable_keys() -> list[key_archive.WrappedKey]:
    """Everybody's keys, each of which the master keys at hand open."""
    keys.clear_cache()
    try:
        keys.check_master_keys()
        known = key_archive.in_the_database()
        for key in known:
            keys.unwrap(key.row())
    except (ImproperlyConfigured, SealError) as error:
        raise BackupFailed(f"A backup couldn't be read again. {error}") from None
    return known


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + FREE_AFTERWARDS:
        raise BackupFailed(
            f"A backup takes about {needed // MB + 1:,} MB, and {free // MB:,} MB are free in "
            f"{folder}."
        )


def _free_moment(folder: Path) -> datetime.datetime:
    """Now, in UTC; a second later where a backup of this second is there."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    while (folder / f"{now:{manifest.NAMED}}.json").exists():
        now += datetime.timedelta(seconds=1)
    return now


def _save(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _newest_migrations() -> dict[str, str]:
    """By their numbers, of each app."""
    applied = MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations()
    return dict(sorted(applied))


def _remove_old(folder: Path, keep: int) -> list[Manifest]:
    """Of this installation only: the folder may be an old one's, whose backups are still needed."""
    people = {*User.objects.values_list("pk", flat=True), *key_archive.read(folder).erased}
    old = [one for one in manifest.all_in(folder) if one.is_of(people)][keep:]
    for one in old:
        (folder / one.file).unlink()
        one.path(folder).unlink()
    return old
