"""The keys behind sealed words: the installation's master keys, and each person's data keys.

Opened data keys stay in this process's memory, for a bounded number of people. A newly made
generation reaches the other processes within `NEWEST_IS_CHECKED_AFTER_S`; until then they go on
sealing with the one before, which is still there: a generation is dropped only when it is
`KEPT_FOR` out of use (see `manage.py keys reseal`).
"""

import datetime
import os
import stat
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet

from ahfai import crypto, files
from ahfai.crypto import MasterKeys, SealError

if TYPE_CHECKING:
    from accounts.models import User, UserKey

PEOPLE_IN_MEMORY = 256
NEWEST_IS_CHECKED_AFTER_S = 60
# Far longer than any process may go on sealing with the generation before.
KEPT_FOR = datetime.timedelta(hours=1)


_SEALED_WITH_IT = (
    "but the database holds data sealed with it. Put your recovery copy back; a new key could "
    "open none of it."
)
_LOST = (
    "Put your recovery copy back; a new key could open nothing of what is sealed. Where nobody "
    "has an account yet, the next start makes one."
)


class KeysStay(Exception):
    """Says in a sentence, for the operator, why keys weren't changed."""


@dataclass
class _Opened:
    """One person's opened data keys, and when the database was asked for the newest."""

    by_generation: dict[int, bytes] = field(default_factory=dict)
    newest: int = 0
    asked: float = 0.0


_lock = threading.Lock()
_master: MasterKeys | None = None
_people: OrderedDict[uuid.UUID, _Opened] = OrderedDict()
_times_forgotten = 0


def master_keys() -> MasterKeys:
    """The master keys, read once.

    Raises ImproperlyConfigured with a sentence for the operator that says what is wrong.
    """
    global _master
    read = _master
    if read is None:
        read = _master = _read_master_keys()
    return read


def make_first_master_key() -> None:
    """Make the master key file if there is none and nobody's key has been wrapped yet.

    Where somebody's has, the file is lost, and a fresh one would open none of it.
    """
    path = Path(settings.MASTER_KEY_FILE)
    if settings.MASTER_KEY or path.exists():
        return
    if not _user_key().objects.using(DEFAULT_DB_ALIAS).exists():
        files.create_once(path, f"{MasterKeys.new_line()}\n")


def check_master_keys() -> None:
    """Raise ImproperlyConfigured unless the master keys at hand are those that were used so far."""
    rows = _user_key().objects.using(DEFAULT_DB_ALIAS).order_by()
    path = settings.MASTER_KEY_FILE
    source = "MASTER_KEY" if settings.MASTER_KEY else f"the master key file {path}"
    if not settings.MASTER_KEY and not Path(path).exists() and rows.exists():
        raise ImproperlyConfigured(f"{source} is missing, {_SEALED_WITH_IT}")
    at_hand = master_keys()
    for master_id in rows.values_list("master_id", flat=True).distinct():
        if master_id not in at_hand:
            raise ImproperlyConfigured(
                f"{source} doesn't hold the master key {master_id!r}, {_SEALED_WITH_IT}"
            )


def clear_cache() -> None:
    """Forget all keys: the master keys are read again, the data keys opened again."""
    global _master
    _forget_people()
    _master = None


def create_user_key(user: "User") -> "UserKey":
    """Make the first data key of a new person, inside the caller's transaction."""
    return _new_key(user.pk, 1, str(user._state.db or DEFAULT_DB_ALIAS))


def next_user_key(owner_id: uuid.UUID) -> "UserKey":
    """Make the next generation of a person's data key, which seals all that is written from now.

    Raises RuntimeError inside a transaction: were it rolled back, words might already be sealed
    with a key that never was.
    """
    with transaction.atomic(using=DEFAULT_DB_ALIAS, durable=True):
        made = _new_key(owner_id, _row(owner_id, None).generation + 1, DEFAULT_DB_ALIAS)
    forget(owner_id)
    return made


def data_key(owner_id: uuid.UUID, generation: int | None = None) -> tuple[int, bytes]:
    """A person's data key with its generation; without `generation`, the newest one to seal with.

    Raises SealError where the key is gone or can't be unwrapped.
    """
    with _lock:
        forgotten = _times_forgotten
        known = _people.get(owner_id)
        if known:
            _people.move_to_end(owner_id)
            # The clock on the wall also runs while the machine sleeps.
            is_fresh = 0 <= time.time() - known.asked < NEWEST_IS_CHECKED_AFTER_S
            wanted = generation or (known.newest if is_fresh else 0)
            if wanted in known.by_generation:
                return wanted, known.by_generation[wanted]
    asked = time.time()
    row = _row(owner_id, generation)
    key = unwrap(row)
    with _lock:
        # Whoever was forgotten while the database answered stays forgotten.
        if forgotten == _times_forgotten:
            known = _people.setdefault(owner_id, _Opened())
            known.by_generation[row.generation] = key
            if generation is None:
                known.newest, known.asked = row.generation, asked
            while len(_people) > PEOPLE_IN_MEMORY:
                _people.popitem(last=False)
    return row.generation, key


def in_memory() -> list[uuid.UUID]:
    """Whose opened keys this process has."""
    with _lock:
        return list(_people)


def forget(owner_id: uuid.UUID) -> None:
    """Drop a person's opened keys from this process's memory, for instance after an erasure."""
    _forget_people(owner_id)


def wrap(data_key: bytes, owner_id: uuid.UUID, generation: int) -> tuple[str, bytes]:
    """A data key wrapped with the newest master key, and that key's id."""
    master_id, master_key = master_keys().current
    place = context(owner_id, generation)
    return master_id, crypto.wrap(master_key, master_id, data_key, place)


def unwrap(row: "UserKey") -> bytes:
    """The data key in `row`; raises SealError, naming the master key where that one is missing."""
    master_key = master_keys().get(row.master_id)
    if master_key is None:
        # Another process may have added a master key since this one read the list.
        _reread_master_keys()
        master_key = master_keys().get(row.master_id)
    if master_key is None:
        raise SealError(f"The master key {row.master_id!r} isn't in the list of master keys.")
    place = context(row.owner_id, row.generation)
    return crypto.unwrap(master_key, row.master_id, bytes(row.wrapped), place)


def _read_master_keys() -> MasterKeys:
    if settings.MASTER_KEY:
        return _parsed(settings.MASTER_KEY, "MASTER_KEY")
    path = Path(settings.MASTER_KEY_FILE)
    try:
        with path.open() as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError as error:
        raise ImproperlyConfigured(
            f"The master key file {path} can't be read: {error.strerror}. {_LOST}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't text"
        raise ImproperlyConfigured(f"The master key file {path} can't be read: {reason}.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise ImproperlyConfigured(
            f"Others on this machine could read the master key file {path}. "
            f"Make it yours alone: chmod 600 {path}"
        )
    return _parsed(text, f"The master key file {path}")


def _parsed(text: str, source: str) -> MasterKeys:
    try:
        return MasterKeys.parse(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{source} can't be used. {error}") from None


def _reread_master_keys() -> None:
    global _master
    _master = None


def _new_key(owner_id: uuid.UUID, generation: int, using: str) -> "UserKey":
    make_first_master_key()
    # A process that read the list before a rotation must not wrap with a key about to be dropped.
    _reread_master_keys()
    master_id, wrapped = wrap(crypto.new_key(), owner_id, generation)
    rows = _user_key().objects.using(using)
    return rows.create(
        owner_id=owner_id, generation=generation, master_id=master_id, wrapped=wrapped
    )


def _row(owner_id: uuid.UUID, generation: int | None) -> "UserKey":
    rows = _rows(owner_id)
    if generation is not None:
        rows = rows.filter(generation=generation)
    row = rows.order_by("-generation").first()
    if row is None:
        which = "" if generation is None else f" of generation {generation}"
        raise SealError(f"This person has no data key{which}.")
    return row


def _rows(owner_id: uuid.UUID) -> "QuerySet[UserKey]":
    # Never from a replica, which may lag behind a key just made or destroyed.
    return _user_key().objects.using(DEFAULT_DB_ALIAS).filter(owner_id=owner_id)


def _user_key() -> "type[UserKey]":
    # By name: the models import this module.
    return apps.get_model("accounts", "UserKey")


def context(owner_id: uuid.UUID, generation: int) -> crypto.Context:
    """The place to which a wrapped data key is bound, beside its master key."""
    return (owner_id.bytes, generation.to_bytes(2, "big"))


def _forget_people(owner_id: uuid.UUID | None = None) -> None:
    global _times_forgotten
    with _lock:
        _times_forgotten += 1
        if owner_id is None:
            _people.clear()
        else:
            _people.pop(owner_id, None)
