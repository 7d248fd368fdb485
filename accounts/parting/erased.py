"""Who was erased, so that no backup brings them back.

A person's data key goes with their rows. Copies of both lie in backups: there the keys of all
people are in one file, and that is written anew without this person's.
"""

import logging
import uuid

from django.db import transaction

from accounts.models import ErasedPerson
from accounts.sealing import key_archive

log = logging.getLogger(__name__)


def note_erased(user_id: uuid.UUID) -> None:
    """Remember that this person was erased; called in the transaction that erases them.

    Once that is committed, their keys leave the key archive beside the backups. Where that can't be
    written just then, the worker does it within the hour.
    """
    ErasedPerson.objects.get_or_create(pk=user_id)
    transaction.on_commit(_leave_out_now)


def leave_out() -> None:
    """Bring every key archive up to date that still has the keys of somebody who was erased."""
    erased = set(ErasedPerson.objects.values_list("pk", flat=True))
    for folder in key_archive.folders():
        if erased - key_archive.read(folder).erased.keys():
            key_archive.rewrite(folder)


def _leave_out_now() -> None:
    try:
        leave_out()
    except (OSError, key_archive.Unusable) as error:
        # The rows are gone already, and the worker tries again.
        log.error("The key archive can't be written: %s", type(error).__name__)
