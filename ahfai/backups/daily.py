"""A backup a day, by the worker, where BACKUP_DIR is set."""

import datetime
import logging
import threading

from django.conf import settings
from django.db import connections

from accounts.models import User
from ahfai.backups import BackupFailed, manifest
from ahfai.backups.taking import take

EVERY = datetime.timedelta(days=1)

log = logging.getLogger("ahfai.backups")
_at_work: threading.Thread | None = None


def back_up_daily() -> None:
    """Begin a backup where the newest is a day old, beside the worker's other work."""
    global _at_work
    if not settings.BACKUP_DAILY or (_at_work and _at_work.is_alive()) or not is_due():
        return
    # Where the worker ends meanwhile, what was copied so far goes with the next backup.
    _at_work = threading.Thread(target=_back_up, name="backup", daemon=True)
    _at_work.start()


def is_due() -> bool:
    newest = next(iter(manifest.all_in(settings.BACKUP_DIR)), None)
    is_old = newest is None or datetime.datetime.now(datetime.UTC) - newest.made >= EVERY
    return is_old and User.objects.exists()


def _back_up() -> None:
    try:
        taken = take(settings.BACKUP_DIR, settings.BACKUP_KEEP)
        log.info("Backed up: %s", taken.path)
    except BackupFailed as error:
        log.error("No backup was made. %s", error)
    except Exception as error:  # noqa: BLE001 (the next hour tries again)
        log.error("No backup was made: %s", type(error).__name__)
    finally:
        connections.close_all()
