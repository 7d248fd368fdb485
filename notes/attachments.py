"""The files that notes refer to, as `![words](file:<id>)`: which they are, and that they stay."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile

from accounts import files
from accounts.models import SealedFile, User
from ahfai import file_names
from ahfai.crypto import SealError
from ahfai.markdown.files import File, ids, reference
from ahfai.uploads import NotKept
from notes.models import Attachment, Note, Revision

MOST_FILES = 500


@dataclass(frozen=True)
class Attached(File):
    """A file of a note; `size` in bytes."""

    size: int


def take_in(user: User, sent: UploadedFile) -> str:
    """Keep what was uploaded, and return what refers to it in a text. Raises `files.Refused`."""
    return written(stored(user, sent))


def stored(user: User, sent: UploadedFile) -> SealedFile:
    """Keep what was uploaded. Raises `files.Refused`."""
    if isinstance(sent, NotKept):
        raise files.too_large()
    return files.store(user, file_names.as_sent(sent.name or ""), sent.chunks())


def written(file: SealedFile) -> str:
    """What refers to it in a text."""
    return reference(file.name, file.pk, file.is_picture)


def keep(note: Note, body: str) -> None:
    """Let the note have the files of this body and no others.

    Inside the caller's transaction, after `changes.next_number`. What is somebody else's, or gone,
    is none of them.
    """
    wanted = set(files.needing(note.owner, ids(body)[:MOST_FILES]))
    now = note.attachments.filter(revision=None)
    had = set(now.values_list("file", flat=True))
    if gone := had - wanted:
        now.filter(file__in=gone).delete()
        files.let_go(gone)
    Attachment.objects.bulk_create(
        Attachment(owner_id=note.owner_id, note=note, file_id=one) for one in sorted(wanted - had)
    )


def keep_of_new(user: User, bodies: Mapping[uuid.UUID, str]) -> None:
    """Let notes that were just made, by their ids, have the files of their bodies.

    Otherwise as `keep`.
    """
    wanted = {note_id: ids(body)[:MOST_FILES] for note_id, body in bodies.items()}
    asked = sorted({file_id for some in wanted.values() for file_id in some})
    there: set[uuid.UUID] = set()
    for first in range(0, len(asked), MOST_FILES):
        there.update(files.needing(user, asked[first : first + MOST_FILES]))
    Attachment.objects.bulk_create(
        Attachment(owner=user, note_id=note_id, file_id=file_id)
        for note_id, some in wanted.items()
        for file_id in some
        if file_id in there
    )


def keep_earlier(revision: Revision) -> None:
    """Let a version that was just kept have the files of the note as it stands."""
    now = Attachment.objects.filter(note=revision.note_id, revision=None)
    Attachment.objects.bulk_create(
        Attachment(
            owner_id=revision.owner_id, note_id=revision.note_id, revision=revision, file_id=one
        )
        for one in now.values_list("file", flat=True)
    )


def attached(note: Note) -> dict[str, Attached]:
    """The files of a note as it stands, by their ids, in the order in which they came."""
    rows = note.attachments.filter(revision=None).select_related("file").order_by("file__made")
    return {str(row.file_id): _attached(row.file) for row in rows}


def named(user: User, body: str) -> dict[str, Attached]:
    """The person's files that this text refers to, by their ids."""
    wanted = ids(body)[:MOST_FILES]
    found = user.files.filter(pk__in=wanted) if wanted else []
    return {str(file.pk): _attached(file) for file in found}


def _attached(file: SealedFile) -> Attached:
    try:
        name = file.name
    except SealError:
        # The bytes may open, and the note around it does.
        name = str(file.pk)
    return Attached(name, file.get_absolute_url(), file.is_picture, file.size)
