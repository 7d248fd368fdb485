"""Give the installation a new master key and wrap every person's keys with it.

The new key is on the disk before anything needs it, and the old one stays until nothing does: an
interrupted run leaves nothing unreadable, and the next run finishes it.
"""

import datetime
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, transaction

from accounts.models import UserKey
from accounts.sealing import key_archive, keys
from accounts.sealing.keys import KeysStay
from ahfai import files
from ahfai.crypto import MasterKeys, SealError

AT_ONCE = 200
# A sign-up that read the list before it changed has long been saved by then.
OLD_KEY_STAYS_FOR = datetime.timedelta(minutes=1)

STEPS = """\
The master key comes from MASTER_KEY in the environment, so only you can change it:
 1. Make a new key:
      python -c "from ahfai.crypto import MasterKeys; print(MasterKeys.new_line())"
 2. Put it in front of the present value, with a comma between: MASTER_KEY=new,old
 3. Restart every process of AhFai with it, on every machine.
 4. Run this command again: it wraps all keys with the new one.
 5. Run it with --drop-old: it says when the old one is needed no longer. Then remove it."""


class Rotation:
    """One run; what it does is said to `say`, sentence by sentence."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say

    def run(self, drop_old: bool) -> None:
        """Make a new master key and wrap with it, or finish an interrupted run; or else remove the
        old ones, once nothing needs them. Raises KeysStay with a sentence."""
        keys.clear_cache()
        try:
            if settings.MASTER_KEY:
                self.rotate_in_environment(drop_old)
            else:
                path = Path(settings.MASTER_KEY_FILE)
                with _alone(path):
                    self.rotate_in_file(path, drop_old)
        except (ImproperlyConfigured, key_archive.Unusable) as error:
            raise KeysStay(str(error)) from None
        except OSError as error:
            raise KeysStay(
                f"{error.filename or settings.MASTER_KEY_FILE} can't be changed: "
                f"{error.strerror}. Nothing is lost; run this again."
            ) from None

    def rotate_in_environment(self, drop_old: bool) -> None:
        if drop_old:
            self.rewrap()
            old = ", ".join(list(keys.master_keys())[1:]) or "none"
            self.say(f"You can remove these master keys from MASTER_KEY: {old}.")
        elif _waiting().exists():
            self.rewrap()
        else:
            raise KeysStay(STEPS)

    def rotate_in_file(self, path: Path, drop_old: bool) -> None:
        if drop_old:
            self.rewrap()
            self.drop_old(path)
            return
        if not _waiting().exists():
            # One list with the old keys below: whoever meets either kind of row can open it.
            line = MasterKeys.new_line()
            files.replace(path, f"{line}\n{path.read_text()}")
            keys.clear_cache()
            self.say(f"The new master key is {line.partition(':')[0]}.")
        self.rewrap()
        self.say(
            f"Copy {path} to every other machine that runs AhFai, and renew your recovery sheet or "
            "copy, and the copies of your backups. Then remove the old key: "
            "manage.py keys rotate --drop-old"
        )

    def rewrap(self) -> None:
        """Wrap with the newest master key whatever another one still holds."""
        current = keys.master_keys().current[0]
        done = 0
        unreadable: list[uuid.UUID] = []
        while batch := list(_waiting().exclude(pk__in=unreadable).order_by("pk")[:AT_ONCE]):
            with transaction.atomic(using=DEFAULT_DB_ALIAS):
                for row in batch:
                    try:
                        data_key = keys.unwrap(row)
                    except SealError as error:
                        unreadable.append(row.pk)
                        self.say(f"can't be opened: {UserKey._meta.label} {row.pk}: {error}")
                        continue
                    master_id, wrapped = keys.wrap(data_key, row.owner_id, row.generation)
                    as_read = _waiting().filter(pk=row.pk, master_id=row.master_id)
                    done += as_read.update(master_id=master_id, wrapped=wrapped)
        self.say(f"{done} keys are newly wrapped with the master key {current}.")
        if unreadable:
            raise KeysStay(f"{len(unreadable)} keys can't be opened, so the old keys stay.")
        for folder in key_archive.folders():
            key_archive.rewrite(folder)
            self.say(f"So are those of the backups in {folder}.")

    def drop_old(self, path: Path) -> None:
        written = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
        ready = written + OLD_KEY_STAYS_FOR
        if ready > datetime.datetime.now(datetime.UTC):
            raise KeysStay(
                f"The list has only just changed, and someone may be signing up with the old key. "
                f"Run this again after {ready:%H:%M:%S} UTC."
            )
        for row in UserKey.objects.using(DEFAULT_DB_ALIAS).order_by("pk").iterator():
            try:
                keys.unwrap(row)
            except SealError:
                raise KeysStay(
                    f"{UserKey._meta.label} {row.pk} can't be opened, so the old keys stay."
                ) from None
        if _waiting().exists():
            raise KeysStay("A new person has come meanwhile. Run this again.")
        current = keys.master_keys().current[0]
        entries = path.read_text().replace(",", "\n").split()
        kept = next(entry for entry in entries if entry.startswith(f"{current}:"))
        files.replace(path, f"{kept}\n")
        keys.clear_cache()
        self.say(
            f"Only the master key {current} is left. Copies of {key_archive.NAME} that were made "
            "before, and lie elsewhere, need the old ones: keep those apart for as long as you "
            "keep such copies."
        )


def _waiting() -> Any:
    """The keys that another master key than the newest wraps."""
    current = keys.master_keys().current[0]
    return UserKey.objects.using(DEFAULT_DB_ALIAS).exclude(master_id=current)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two runs at once would each write a list without the other's new key."""
    try:
        with files.alone(path.parent, wait=False):
            yield
    except BlockingIOError:
        raise KeysStay("Another run is changing the master key. Wait until it ends.") from None
