"""Bringing a backup back: everything is checked before anything is touched.

Whoever was erased since the backup doesn't come back: the key archive beside it lists them, and
holds no keys of theirs. Nobody is signed in afterwards.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Now

from accounts import people
from accounts.models import ErasedPerson, Ownership, User, UserKey
from accounts.sealing import key_archive, keys
from accounts.sealing.key_archive import KeyArchive
from ahfai.backups import BackupFailed, manifest
from ahfai.backups.manifest import Manifest
from ahfai.backups.taking import KINDS
from ahfai.crypto import SealError
from ahfai.models import Heartbeat


@dataclass(frozen=True)
class Source:
    """A backup and the key archive for it, checked."""

    path: Path
    manifest: Manifest
    keys: KeyArchive


def find(named: Path, key_folder: Path | None = None) -> Source:
    """The backup that a file of it names, or the newest in a folder; with the key archive beside it
    or in `key_folder`.

    Raises BackupFailed with a sentence where anything is missing that restoring needs.
    """
    folder, found = _found(named)
    path = folder / found.file
    if not path.is_file():
        raise BackupFailed(f"{path} isn't there.")
    if path.stat().st_size != found.size or manifest.sha256_of(path) != found.sha256:
        raise BackupFailed(f"{path} isn't what was backed up: its checksum is another one.")
    _check_kind(found)
    _check_version(found)
    return Source(path, found, _keys_for(found, key_folder or folder))


def is_empty() -> bool:
    """Whether nobody has an account in the database; whose keys are missing has none, either: that
    is what a restore into PostgreSQL leaves that broke off."""
    return UserKey._meta.db_table not in _tables() or not UserKey.objects.exists()


def check_stopped() -> None:
    """Raises BackupFailed where any process of AhFai is at work."""
    if Heartbeat._meta.db_table not in _tables():
        return
    alive = Now() - timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    if Heartbeat.objects.filter(seen__gt=alive).exists():
        raise BackupFailed(
            "AhFai is running. Stop it first; where it was killed, wait half a minute."
        )


def restore(source: Source) -> int:
    """Put the backup in the place of the database; returns how many erased people were left out.

    On SQLite the old database stays until the new one is complete. PostgreSQL's is replaced first:
    where the rest fails, it is to be done again.
    """
    kind = KINDS[source.manifest.database]
    erased = source.keys.erased | _erased_here()
    with kind.loaded(source.path) as counted:
        if counted != source.manifest.tables:
            raise BackupFailed("The tables don't have the rows that were backed up.")
        call_command("migrate", interactive=False, verbosity=0)
        ContentType.objects.clear_cache()
        with transaction.atomic():
            # The processes of that day are gone, and so is their hold on what they worked at.
            Heartbeat.objects.all().delete()
            left_out = _leave_out(erased)
            _give_ownership(source.keys.owner)
            _put_keys(source.keys)
        keys.clear_cache()
    return left_out


def _found(named: Path) -> tuple[Path, Manifest]:
    if named.is_dir():
        backups = manifest.all_in(named)
        if not backups:
            raise BackupFailed(f"No backup is in {named}.")
        return named, backups[0]
    beside = named.with_suffix(".json")
    if named.name == key_archive.NAME or not beside.is_file():
        raise BackupFailed(f"{named} isn't a backup, or the .json that belongs to it is missing.")
    return named.parent, Manifest.read(beside)


def _check_kind(found: Manifest) -> None:
    if found.database != connections[DEFAULT_DB_ALIAS].vendor:
        here = "without DATABASE_URL" if found.database == "sqlite" else "with DATABASE_URL"
        raise BackupFailed(
            f"This is a backup of {manifest.CALLED[found.database]}. Restore it {here}, then see "
            "manage.py move_database."
        )


def _check_version(found: Manifest) -> None:
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    if not found.migrations.items() <= set(known):
        raise BackupFailed(
            f"This backup was made by AhFai {found.version}, which is newer. Update AhFai first."
        )


def _keys_for(found: Manifest, folder: Path) -> KeyArchive:
    if not (folder / key_archive.NAME).is_file():
        raise BackupFailed(
            f"{folder / key_archive.NAME} is missing: without everybody's keys nothing opens. "
            "Put the newest one there, or name its folder with --keys."
        )
    try:
        archive = key_archive.read(folder)
    except (key_archive.Unusable, OSError) as error:
        raise BackupFailed(str(error)) from None
    needed = {uuid.UUID(one) for one in found.people} - archive.erased.keys()
    if needed - {owner for owner, _generation in archive.keys}:
        raise BackupFailed(
            f"The key archive in {folder} is older than this backup, or another one's: it lacks "
            "keys of people who weren't erased. Take the newest."
        )
    keys.clear_cache()
    try:
        keys.master_keys()
        for key in archive.keys.values():
            if key.owner_id in needed:
                keys.unwrap(key.row())
    except (ImproperlyConfigured, SealError) as error:
        raise BackupFailed(
            f"The master keys {', '.join(found.master_ids)} are needed, and what is here doesn't "
            f"open everybody's key. {error}"
        ) from None
    return archive


def _erased_here() -> dict:
    if ErasedPerson._meta.db_table not in _tables():
        return {}
    return dict(ErasedPerson.objects.values_list("id", "when"))


def _leave_out(erased: dict) -> int:
    there = User.objects.filter(pk__in=erased)
    Ownership.objects.filter(user__in=there).delete()
    count = there.count()
    for person in there:
        person.delete()
    ErasedPerson.objects.bulk_create(
        (ErasedPerson(pk=one, when=when) for one, when in erased.items()), ignore_conflicts=True
    )
    return count


def _put_keys(archive: KeyArchive) -> None:
    there = set(User.objects.values_list("pk", flat=True))
    UserKey.objects.bulk_create(key.row() for key in archive.keys.values() if key.owner_id in there)


def _give_ownership(to: uuid.UUID | None) -> None:
    """As it was when the keys were last written.

    Where its owner was erased, the first administrator or else who came first has it: without an
    owner, whoever signs up next would become it.
    """
    owned = Ownership.objects.select_related("user").first()
    active = User.objects.filter(is_active=True)
    wanted = active.filter(pk=to).first() if to else None
    if owned is None:
        heir = wanted or active.order_by("-is_staff", "joined").first()
        if heir is not None:
            people.make_owner(heir)
    elif wanted is not None and wanted != owned.user:
        people.hand_over(owned.user, wanted)


def _tables() -> Iterable[str]:
    return connections[DEFAULT_DB_ALIAS].introspection.table_names()
