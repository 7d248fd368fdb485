"""Notes for programs, by the rows, forms and verbs of the pages."""

import datetime
import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Router, Schema

from accounts import tags
from accounts.api_access import Allowed
from accounts.models import Scope
from accounts.requests import SignedInRequest
from ahfai import etags, problems
from ahfai.replica import may_be_behind
from ahfai.templatetags.house import opened
from notes import pages, writing
from notes.forms import NewNoteForm, NoteForm
from notes.list_views import tags_of
from notes.models import Note

router = Router()
_reading, _writing = Allowed(Scope.NOTES_READ), Allowed(Scope.NOTES_WRITE)


class NoteInList(Schema):
    id: uuid.UUID
    title: str
    # How it begins.
    excerpt: str
    tags: list[str]
    pinned: bool
    version: int
    created: datetime.datetime
    changed: datetime.datetime


class NotePage(Schema):
    notes: list[NoteInList]
    # What `after` is for those that follow; null at the end.
    next: str | None


class WholeNote(Schema):
    id: uuid.UUID
    title: str
    # Markdown.
    body: str
    tags: list[str]
    pinned: bool
    archived: bool
    version: int
    created: datetime.datetime
    changed: datetime.datetime


class NewWords(Schema):
    title: str = ""
    body: str = ""


class ChangedWords(Schema):
    """What isn't said stays as it is."""

    title: str = ""
    body: str = ""


@router.get("", auth=_reading, response=NotePage, url_name="notes")
@may_be_behind
def index(request: SignedInRequest, after: str = "") -> NotePage:
    """The notes that are neither in the archive nor in the trash: pinned ones first, then those
    that were changed last."""
    page = pages.page(request.user.notes.kept().listed(), "changed", {"after": after})
    carried = tags_of(page.notes, tags.all_of(request.user))
    found = [
        NoteInList(
            id=note.pk,
            title=opened(note, "title"),
            excerpt=opened(note, "excerpt"),
            tags=[tag.name for tag in carried.get(note.pk, [])],
            pinned=note.pinned,
            version=note.version,
            created=note.created,
            changed=note.changed,
        )
        for note in page.notes
    ]
    return NotePage(notes=found, next=page.after or None)


@router.post("", auth=_writing, response={201: WholeNote}, url_name="notes")
def create(request: SignedInRequest, said: NewWords, answer: HttpResponse) -> WholeNote:
    form = NewNoteForm({"title": said.title, "body": said.body})
    if not form.is_valid():
        raise problems.of_form(form)
    words = form.cleaned_data
    note = writing.create(request.user, words["title"], words["body"])
    answer["Location"] = reverse("api:note", args=[note.pk])
    return _whole(request, note, answer)


@router.get("{uuid:note_id}", auth=_reading, response=WholeNote, url_name="note")
@may_be_behind
def read(request: SignedInRequest, note_id: uuid.UUID, answer: HttpResponse) -> WholeNote:
    return _whole(request, _note(request, note_id), answer)


@router.patch("{uuid:note_id}", auth=_writing, response=WholeNote, url_name="note")
def change(
    request: SignedInRequest, note_id: uuid.UUID, said: ChangedWords, answer: HttpResponse
) -> WholeNote:
    """412 where it is no longer at the version that `If-Match` names."""
    note = _note(request, note_id)
    version = etags.asked(request, note.version)
    before = {"title": note.title, "body": note.body}
    form = NoteForm(before | said.dict(exclude_unset=True))
    if not form.is_valid():
        raise problems.of_form(form)
    words = form.cleaned_data
    try:
        saved = writing.save(note, words["title"], words["body"], version)
    except writing.Outdated as outdated:
        raise etags.outdated(outdated.note.version) from None
    except Note.DoesNotExist:
        raise Http404 from None
    return _whole(request, _note(request, saved.pk), answer)


def _note(request: SignedInRequest, note_id: uuid.UUID) -> Note:
    return get_object_or_404(request.user.notes.living(), pk=note_id)


def _whole(request: SignedInRequest, note: Note, answer: HttpResponse) -> WholeNote:
    answer["ETag"] = etags.of(note.version)
    carried = tags_of([note], tags.all_of(request.user)).get(note.pk, [])
    return WholeNote(
        id=note.pk,
        title=note.title,
        body=note.body,
        tags=[tag.name for tag in carried],
        pinned=note.pinned,
        archived=note.archived,
        version=note.version,
        created=note.created,
        changed=note.changed,
    )
