"""Keeping notes in order: pinned, tagged, put into the archive or the trash, and back."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import changes, tags
from accounts.programs import webhooks
from notes.models import Note, NoteQuerySet, Tagging

TRASH_KEPT_FOR = datetime.timedelta(days=30)

# The move that takes each one back.
BACK = {
    "pin": "unpin",
    "unpin": "pin",
    "archive": "unarchive",
    "unarchive": "archive",
    "trash": "restore",
    "restore": "trash",
}
# What programs are told of these moves; of the others that the note is changed.
MOVED = {"trash": "note.trashed", "restore": "note.restored"}


@dataclass(frozen=True)
class Moved:
    """The notes that were moved, and those of them that were pinned: what is put away isn't."""

    notes: list[uuid.UUID]
    pinned: list[uuid.UUID]


def move(user, note_ids: Iterable[uuid.UUID], to: str, pinned: Iterable[uuid.UUID] = ()) -> Moved:
    """Move those of the person's notes that aren't there yet; `to` is one of BACK.

    What comes back to the list gets its pin again if it is among `pinned`.
    """
    change: dict[str, object]
    with transaction.atomic():
        notes = user.notes.filter(pk__in=note_ids)
        match to:
            case "pin":
                notes, change = notes.kept().filter(pinned=False), {"pinned": True}
            case "unpin":
                notes, change = notes.filter(pinned=True), {"pinned": False}
            case "archive":
                notes = notes.living().filter(archived=False)
                change = {"archived": True, "pinned": False}
            case "unarchive":
                notes, change = notes.living().filter(archived=True), {"archived": False}
            case "trash":
                notes, change = notes.living(), {"trashed": timezone.now(), "pinned": False}
            case "restore":
                notes, change = notes.in_trash(), {"trashed": None}
            case _:
                raise ValueError(to)
        locked = _locked(notes)
        moved = [note.pk for note in locked]
        Note.objects.filter(pk__in=moved).update(**change)
        webhooks.happened(user.pk, MOVED.get(to, "note.changed"), moved)
        if to in ("unarchive", "restore"):
            again = {*pinned} & {*moved}
            Note.objects.kept().filter(pk__in=again).update(pinned=True)
    return Moved(moved, [note.pk for note in locked if note.pinned])


def set_tags(note: Note, names: Iterable[str]) -> bool:
    """Let the note carry these tags and no others. False where it was deleted meanwhile."""
    with transaction.atomic():
        if not Note.objects.select_for_update().filter(pk=note.pk).exists():
            return False
        changes.next_number(note.owner_id)
        note.tags.set(tags.named(note.owner, names), through_defaults={"owner": note.owner})
        webhooks.happened(note.owner_id, "note.changed", [note.pk])
        tags.drop_unused(note.owner)
    return True


def add_tags(user, note_ids: Iterable[uuid.UUID], names: Iterable[str]) -> int:
    """Let those of the person's notes carry these tags, too. Returns how many notes."""
    with transaction.atomic():
        notes = _locked(user.notes.living().filter(pk__in=note_ids))
        changes.next_number(user.pk)
        wanted = tags.named(user, names) if notes else []
        for note in notes:
            note.tags.add(*wanted, through_defaults={"owner": user})
        webhooks.happened(user.pk, "note.changed", [note.pk for note in notes])
    return len(notes)


def take_tag_off(user, note_ids: Iterable[uuid.UUID], tag_id: uuid.UUID) -> int:
    """Take the tag, and those nested in it, off these notes. Returns how many notes."""
    with transaction.atomic():
        notes = _locked(user.notes.living().filter(pk__in=note_ids))
        changes.next_number(user.pk)
        unwanted = [tag.id for tag in tags.family(user, tag_id)]
        Tagging.objects.filter(note__in=notes, tag__in=unwanted).delete()
        webhooks.happened(user.pk, "note.changed", [note.pk for note in notes])
        tags.drop_unused(user)
    return len(notes)


def delete(note: Note) -> None:
    """For good, with all its earlier versions."""
    with transaction.atomic():
        if not Note.objects.select_for_update().filter(pk=note.pk).exists():
            return
        changes.bury(note.owner_id, [note.pk])
        webhooks.happened(note.owner_id, "note.deleted", [note.pk])
        note.delete()
        tags.drop_unused(note.owner)


def purge_notes() -> int:
    """Delete the notes that were put into the trash 30 days ago or earlier. Returns how many."""
    old = Note.objects.filter(trashed__lt=timezone.now() - TRASH_KEPT_FOR)
    gone = 0
    # One by one, so that no transaction holds others up for long.
    for note in old.only("pk", "owner"):
        with transaction.atomic():
            # Somebody may have taken it out of the trash meanwhile.
            if old.select_for_update().filter(pk=note.pk).exists():
                delete(note)
                gone += 1
    return gone


def _locked(notes: NoteQuerySet) -> list[Note]:
    """Always in the same order: two who lock some of the same notes don't wait for each other."""
    return list(notes.select_for_update().only("pk", "owner_id", "pinned").order_by("pk"))
