"""Earlier versions of notes for programs, by the rows and verbs of their pages."""

import datetime
import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai.templatetags.house import opened
from notes import writing
from notes.api import WholeNote, note_of, whole
from notes.models import Note, Revision

router = Router()
_reading, _writing = Allowed(Scope.NOTES_READ), Allowed(Scope.NOTES_WRITE)
PER_PAGE = 40


class RevisionInList(Schema):
    id: uuid.UUID
    title: str
    # Of the note that it was.
    version: int
    # Since when the note was so, and until when.
    written: datetime.datetime
    made: datetime.datetime


class RevisionPage(Schema):
    revisions: list[RevisionInList]
    # What `before` is for those that are older; null at the end.
    next: str | None


class WholeRevision(RevisionInList):
    note: uuid.UUID
    # Markdown.
    body: str


@router.get(
    "{uuid:note_id}/revisions", auth=_reading, response=RevisionPage, url_name="note_revisions"
)
def index(request: SignedInRequest, note_id: uuid.UUID, before: int | None = None) -> RevisionPage:
    """What the note was before, the newest first, without the texts."""
    note = get_object_or_404(request.user.notes.living().listed(), pk=note_id)
    revisions = note.revisions.defer("body").order_by("-version")
    if before is not None:
        revisions = revisions.filter(version__lt=max(0, min(before, 2**31 - 1)))
    found = list(revisions[: PER_PAGE + 1])
    shown = [RevisionInList(title=opened(one, "title"), **_facts(one)) for one in found[:PER_PAGE]]
    is_more = len(found) > PER_PAGE
    return RevisionPage(revisions=shown, next=str(shown[-1].version) if is_more else None)


@router.get(
    "revisions/{uuid:revision_id}", auth=_reading, response=WholeRevision, url_name="revision"
)
def read(request: SignedInRequest, revision_id: uuid.UUID) -> WholeRevision:
    one = _revision(request, revision_id)
    return WholeRevision(title=one.title, body=one.body, note=one.note_id, **_facts(one))


@router.post(
    "revisions/{uuid:revision_id}/restore",
    auth=_writing,
    response=WholeNote,
    url_name="revision_restore",
)
def restore(request: SignedInRequest, revision_id: uuid.UUID, answer: HttpResponse) -> WholeNote:
    """The note is as it was then; how it was until now becomes a revision, so that
    nothing is overwritten."""
    try:
        note = writing.restore(_revision(request, revision_id))
    except Note.DoesNotExist:
        raise Http404 from None
    return whole(request, note_of(request, note.pk), answer)


def _facts(revision: Revision) -> dict[str, Any]:
    return {
        "id": revision.pk,
        "version": revision.version,
        "written": revision.written,
        "made": revision.made,
    }


def _revision(request: SignedInRequest, revision_id: uuid.UUID) -> Revision:
    revisions = request.user.note_revisions.filter(note__trashed=None).select_related("note")
    return get_object_or_404(revisions, pk=revision_id)
