"""Erasing accounts: what runs for a person ends first, in all apps and processes, then all rows go.

What processes keep of people in their memory goes within a minute: each looks whether they are
still there.
"""

import datetime
import logging
import uuid
from collections.abc import Callable

from django.db import connections
from django.utils import timezone

from accounts.models import Leaving, Receipt, User
from accounts.parting import erasure, exports, leaving
from accounts.programs import webhooks
from accounts.sealing import keys
from ahfai import search
from chats import hooks as chats
from notes import hooks as notes
from reminders import hooks as reminders

ROOMS = (chats, notes, reminders)
# What hasn't ended by then belongs to a process that hangs, and finds its rows gone.
PATIENCE = datetime.timedelta(minutes=1)
LOOK_EVERY_S = 60

log = logging.getLogger(__name__)


def take_up() -> None:
    """Go on with the accounts that are to be erased by now, without waiting for anything."""
    # Whoever came to own the installation in this very moment must not be locked out of it.
    due = Leaving.objects.filter(due__lte=timezone.now(), owner__ownership=None)
    for one in due.select_related("owner"):
        go_on(one)
    sweep()


def go_on(one: Leaving) -> Receipt | None:
    """None while something still runs for the person."""
    if one.begun is None:
        leaving.begin(one)
        one.refresh_from_db(fields=["begun"])
    exports.drop(one.owner)
    quiet = {webhooks.hush(one.owner), *(room.hush(one.owner) for room in ROOMS)}
    if False in quiet and one.begun and timezone.now() - one.begun < PATIENCE:
        return None
    receipt = erasure.erase(one.owner_id, one.pk)
    forget(one.owner_id)
    log.info("an account was erased")
    return receipt


def sweep() -> None:
    """Empty what the database keeps of what was erased, as soon as nobody reads there."""
    unswept = list(Receipt.objects.filter(swept=None).values_list("pk", flat=True))
    if unswept and erasure.sweep():
        Receipt.objects.filter(pk__in=unswept).update(swept=timezone.now())


def forget(person: uuid.UUID) -> None:
    """Drop what this process has of somebody in its memory."""
    keys.forget(person)
    search.forget_one(person)
    notes.forget(person)


def forget_gone() -> None:
    """The same for all who were erased, by whichever process."""
    held = {*keys.in_memory(), *search.in_memory(), *notes.in_memory()}
    if held:
        there = set(User.objects.filter(pk__in=held).values_list("pk", flat=True))
        for person in held - there:
            forget(person)


def keep_looking(wait: Callable[[float], object]) -> None:
    """Forget who is gone, each minute, until `wait` (of so many seconds) says that it is over."""
    while not wait(LOOK_EVERY_S):
        try:
            forget_gone()
        except Exception as error:  # noqa: BLE001 (the database may be away; the next look finds them)
            log.error("nobody was forgotten: %s", type(error).__name__)
        connections.close_all()
