"""Files of notes for programs: kept, sealed and shown as the pages do it."""

import uuid

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router, Schema

from accounts import files
from accounts.api_files import ONE_FILE, FileShown, binary, facts, not_taken, sent
from accounts.file_views import file as show
from accounts.models import Scope, SealedFile
from accounts.programs.api_access import FORM, MINUTE, Allowed, at_most
from accounts.requests import SignedInRequest
from ahfai import etags, problems
from ahfai.markdown.files import without
from notes import attachments, writing
from notes.api import WholeNote, note_of, whole
from notes.forms import NoteForm
from notes.models import Note

router = Router()
_reading, _writing = Allowed(Scope.NOTES_READ), Allowed(Scope.NOTES_WRITE)
_sending = Allowed(Scope.NOTES_WRITE, takes=FORM)


class KeptFile(FileShown):
    # What refers to it in the text of a note.
    written: str


class NoteFiles(Schema):
    files: list[FileShown]


@router.post(
    "files", auth=_sending, response={201: KeptFile}, url_name="note_file", openapi_extra=ONE_FILE
)
def keep(request: SignedInRequest) -> KeptFile:
    """For a note that is still to be written: put `written` into its text. Without a note that
    refers to it, it stays for a day."""
    file = _kept(request)
    return KeptFile(written=attachments.written(file), **facts(file))


@router.get("{uuid:note_id}/files", auth=_reading, response=NoteFiles, url_name="note_files")
def index(request: SignedInRequest, note_id: uuid.UUID) -> NoteFiles:
    """Those that its text refers to, as they came."""
    rows = note_of(request, note_id).attachments.filter(revision=None).select_related("file")
    return NoteFiles(files=[FileShown(**facts(row.file)) for row in rows.order_by("file__made")])


@router.post(
    "{uuid:note_id}/files",
    auth=_sending,
    response={201: WholeNote},
    url_name="note_files",
    openapi_extra=ONE_FILE,
)
def attach(request: SignedInRequest, note_id: uuid.UUID, answer: HttpResponse) -> WholeNote:
    """At the end of its text. 412 where it is no longer at the version that `If-Match` names."""
    note = note_of(request, note_id)
    version = etags.asked(request, note.version)
    if version != note.version:
        raise etags.outdated(note.version)
    file = _kept(request)
    body = "\n\n".join(filter(None, (note.body.rstrip(), attachments.written(file))))
    return _save(request, note, body, version, answer)


@router.get(
    "{uuid:note_id}/files/{uuid:file_id}",
    auth=_reading,
    url_name="file_of_note",
    openapi_extra=binary("*/*", ranges=True),
)
def read(request: SignedInRequest, note_id: uuid.UUID, file_id: uuid.UUID) -> HttpResponseBase:
    """The file itself, or the range of bytes that `Range` names."""
    _of_note(note_of(request, note_id), file_id)
    return show(request, file_id)


@router.delete(
    "{uuid:note_id}/files/{uuid:file_id}",
    auth=_writing,
    response=WholeNote,
    url_name="file_of_note",
)
def take_out(
    request: SignedInRequest, note_id: uuid.UUID, file_id: uuid.UUID, answer: HttpResponse
) -> WholeNote:
    """Out of the text; earlier versions that have it keep it. 412 where the note is no longer
    at the version that `If-Match` names."""
    note = note_of(request, note_id)
    _of_note(note, file_id)
    version = etags.asked(request, note.version)
    return _save(request, note, without(note.body, file_id), version, answer)


def _kept(request: SignedInRequest) -> SealedFile:
    """Raises Refused."""
    at_most(request, 120, MINUTE, "upload")
    try:
        return attachments.stored(request.user, sent(request))
    except files.Refused as why:
        raise not_taken(why) from None


def _of_note(note: Note, file_id: uuid.UUID) -> None:
    if not note.attachments.filter(revision=None, file=file_id).exists():
        raise Http404


def _save(
    request: SignedInRequest, note: Note, body: str, version: int, answer: HttpResponse
) -> WholeNote:
    form = NoteForm({"title": note.title, "body": body})
    if not form.is_valid():
        raise problems.of_form(form)
    try:
        saved = writing.save(note, note.title, body, version)
    except writing.Outdated as outdated:
        raise etags.outdated(outdated.note.version) from None
    except Note.DoesNotExist:
        raise Http404 from None
    return whole(request, note_of(request, saved.pk), answer)
