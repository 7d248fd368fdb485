"""A note's words on their way to the disk: nothing is overwritten that its writer hasn't seen."""

import datetime
import re
import uuid
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts import changes
from accounts.fields import sealed_for
from accounts.programs import webhooks
from accounts.sealing import lookup
from ahfai.crypto import SealError
from ahfai.markdown import files, glances
from notes import attachments, links
from notes.models import MAX_BODY, Note, Revision

REVISION_EVERY = datetime.timedelta(minutes=10)
EXCERPT = 200
# What stands before the words of a heading, a quotation or an item.
_MARKS = re.compile(r"^\s*(?:#{1,6}|>|[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?", re.MULTILINE)

_TASK = re.compile(r"((?:[\s>]|[-*+]\s|\d+[.)]\s)*\[)([ xX])\] ")


class Outdated(Exception):
    """Another page has saved since; `note` is how it left the note."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.note = note


def create(user, title: str, body: str, page: uuid.UUID | None = None) -> Note:
    """A new note, unless the page `page` has made one of the very same words before.

    Other words from there are another note: somebody went back to the page.
    """
    made = user.notes.living().filter(made_by=page).first() if page else None
    if made and (made.title, made.body) == (title, body):
        return made
    try:
        with transaction.atomic():
            return _create(user, title, body, None if made else page)
    except IntegrityError:
        # The twin of this request was quicker by a moment, or the page's note is in the trash.
        made = user.notes.filter(made_by=page, trashed=None).first()
        if made and (made.title, made.body) == (title, body):
            return made
    with transaction.atomic():
        return _create(user, title, body, None)


def _create(user, title: str, body: str, page: uuid.UUID | None) -> Note:
    number = changes.next_number(user.pk)
    key = lookup.key_of(user)
    note = Note.objects.create(
        owner=user,
        title=title,
        body=body,
        excerpt=excerpt(body),
        title_hash=links.title_hash(key, title),
        made_by=page,
        change_number=number,
    )
    links.keep(key, note, body)
    attachments.keep(note, body)
    webhooks.happened(user.pk, "note.created", [note.pk])
    return note


def save(note: Note, title: str, body: str, version: int) -> Note:
    """The words that grew from `version` of the note. Returns it as saved.

    Words that stand there already are no conflict, whoever saved them: a page whose answer got
    lost sends them again. Raises Outdated, and Note.DoesNotExist when the note was deleted or put
    into the trash.
    """
    with transaction.atomic():
        kept, linking = _locked(note.pk, title)
        if (kept.title, kept.body) == (title, body):
            return kept
        if kept.version != version:
            raise Outdated(kept)
        before = kept.title
        _write(kept, title, body)
        _mend(linking, before, title)
    return kept


def tick(note: Note, line: int, version: int) -> Note | None:
    """Tick the task in this line, counted from 0, or take its tick off. None where none is there.

    Returns and raises as `save` does.
    """
    lines = note.body.split("\n")
    task = _TASK.match(lines[line]) if line < len(lines) else None
    if not task:
        return None
    mark = "x" if task[2] == " " else " "
    lines[line] = f"{task[1]}{mark}{lines[line][task.end(2) :]}"
    return save(note, note.title, "\n".join(lines), version)


def restore(revision: Revision) -> Note:
    """Let the note be as it was then; how it is now becomes a revision.

    Raises Note.DoesNotExist when the note was deleted or put into the trash.
    """
    with transaction.atomic():
        note, linking = _locked(revision.note_id, revision.title)
        if (note.title, note.body) != (revision.title, revision.body):
            before = note.title
            _write(note, revision.title, revision.body, keep=True)
            _mend(linking, before, revision.title)
    return note


def _locked(note_id: uuid.UUID, title: str) -> tuple[Note, list[Note]]:
    """The note, and those whose links to it its new title breaks.

    Locked together and in one order, so that two renamings don't wait for each other; a link that
    is written at this very moment isn't mended. Raises Note.DoesNotExist.
    """
    note = Note.objects.living().get(pk=note_id)
    linking = links.broken_by(note, title)
    wanted = Note.objects.living().filter(pk__in=[note.pk, *linking])
    locked = {one.pk: one for one in wanted.select_for_update().order_by("pk")}
    if note.pk not in locked:
        raise Note.DoesNotExist
    return locked.pop(note.pk), list(locked.values())


def _mend(linking: Iterable[Note], before: str, title: str) -> None:
    """Let the links of these notes lead on to the one that was called otherwise `before`."""
    for note in linking:
        try:
            body = links.renamed(note.body, before, title)
            if body != note.body and len(body) <= MAX_BODY:
                _write(note, note.title, body)
        except SealError:
            # What can't be opened is left as it is, and keeps no other note from being saved.
            continue


def _write(note: Note, title: str, body: str, keep: bool = False) -> None:
    """Inside the caller's transaction, which has locked the note; `keep` makes a revision even if
    there is a fresh one."""
    number = changes.next_number(note.owner_id)
    key = lookup.key_of(note.owner)
    fresh = note.revisions.filter(made__gt=timezone.now() - REVISION_EVERY)
    if keep or not fresh.exists():
        _keep_revision(note)
    changed = {
        "title_hash": links.title_hash(key, title),
        "changed": timezone.now(),
        "change_number": number,
    }
    sealed = {
        name: sealed_for(note, name, text)
        for name, text in (("title", title), ("body", body), ("excerpt", excerpt(body)))
    }
    written = Note.objects.filter(pk=note.pk, version=note.version).update(
        version=F("version") + 1, **sealed, **changed
    )
    if not written:
        raise Outdated(Note.objects.get(pk=note.pk))
    links.keep(key, note, body)
    attachments.keep(note, body)
    webhooks.happened(note.owner_id, "note.changed", [note.pk])
    note.title, note.body, note.version = title, body, note.version + 1


def _keep_revision(note: Note) -> None:
    revision = Revision.objects.create(
        owner_id=note.owner_id,
        note=note,
        title=note.title,
        body=note.body,
        version=note.version,
        written=note.changed,
    )
    attachments.keep_earlier(revision)


def excerpt(body: str) -> str:
    """How it begins, for one glance in a list."""
    said = _MARKS.sub("", files.in_words(body[: 5 * EXCERPT]))
    return " ".join(glances.without_marks(said).split())[:EXCERPT]
