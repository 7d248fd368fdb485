"""Notes for programs, by the rows, forms and verbs of the pages."""

import datetime
import uuid
from collections.abc import Callable
from typing import Literal

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from accounts import audit, tags
from accounts.api_tags import names_in
from accounts.models import Scope
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import etags, problems
from ahfai.bodies import Body, Change
from ahfai.problems import Refused
from ahfai.replica import may_be_behind
from ahfai.templatetags.house import opened
from notes import links, order, pages, writing
from notes.forms import MAX_AT_ONCE, NewNoteForm, NoteForm
from notes.list_views import tags_of
from notes.models import Note, NoteQuerySet, Tagging

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
    # When it was put into the trash; null elsewhere.
    trashed: datetime.datetime | None


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
    trashed: datetime.datetime | None


class NewWords(Body):
    title: str = ""
    body: str = ""


class ChangedWords(Change):
    """What isn't said stays as it is."""

    title: str = ""
    body: str = ""


class Carried(Body):
    """All the tags that it shall carry."""

    tags: list[str] | None = None


class NotesToMove(Body):
    notes: list[uuid.UUID] = Field(max_length=MAX_AT_ONCE)
    to: Literal["pin", "unpin", "archive", "unarchive", "trash", "restore"]


class MovedNotes(Schema):
    notes: list[uuid.UUID]


class BackLink(Schema):
    id: uuid.UUID
    title: str


class BackLinks(Schema):
    notes: list[BackLink]


@router.get("", auth=_reading, response=NotePage, url_name="notes")
@may_be_behind
def index(
    request: SignedInRequest,
    after: str = "",
    tag: str = "",
    sort: Literal["changed", "created"] = "changed",
) -> NotePage:
    """The notes that are neither in the archive nor in the trash: pinned ones first, then those
    that were changed or made last. `tag` is the name or the id of one; those nested in it count."""
    return _page(request, request.user.notes.kept(), sort, after, tag)


@router.get("archive", auth=_reading, response=NotePage, url_name="notes_archive")
@may_be_behind
def archive(request: SignedInRequest, after: str = "", tag: str = "") -> NotePage:
    """Those that were changed last begin."""
    return _page(request, request.user.notes.living().filter(archived=True), "changed", after, tag)


@router.get("trash", auth=_reading, response=NotePage, url_name="notes_trash")
@may_be_behind
def trash(request: SignedInRequest, after: str = "", tag: str = "") -> NotePage:
    """Those that were thrown away last begin."""
    return _page(request, request.user.notes.in_trash(), "trashed", after, tag)


@router.post("", auth=_writing, response={201: WholeNote}, url_name="notes")
def create(request: SignedInRequest, said: NewWords, answer: HttpResponse) -> WholeNote:
    form = NewNoteForm({"title": said.title, "body": said.body})
    if not form.is_valid():
        raise problems.of_form(form)
    words = form.cleaned_data
    note = writing.create(request.user, words["title"], words["body"])
    answer["Location"] = reverse("api:note", args=[note.pk])
    return whole(request, note, answer)


@router.post("move", auth=_writing, response=MovedNotes, url_name="notes_move")
def move_several(request: SignedInRequest, said: NotesToMove) -> MovedNotes:
    """Those of the person's that weren't there yet; answers with which they were."""
    return MovedNotes(notes=order.move(request.user, said.notes, said.to).notes)


@router.get("{uuid:note_id}", auth=_reading, response=WholeNote, url_name="note")
@may_be_behind
def read(request: SignedInRequest, note_id: uuid.UUID, answer: HttpResponse) -> WholeNote:
    return whole(request, note_of(request, note_id), answer)


@router.patch("{uuid:note_id}", auth=_writing, response=WholeNote, url_name="note")
def change(
    request: SignedInRequest, note_id: uuid.UUID, said: ChangedWords, answer: HttpResponse
) -> WholeNote:
    """412 where it is no longer at the version that `If-Match` names."""
    note = note_of(request, note_id)
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
    return whole(request, note_of(request, saved.pk), answer)


@router.put("{uuid:note_id}/tags", auth=_writing, response=WholeNote, url_name="note_tags")
def set_tags(
    request: SignedInRequest, note_id: uuid.UUID, said: Carried, answer: HttpResponse
) -> WholeNote:
    """These and no others; what is new among them is made."""
    note = note_of(request, note_id)
    if not order.set_tags(note, names_in(said.tags)):
        raise Http404
    return whole(request, note, answer)


@router.get("{uuid:note_id}/links", auth=_reading, response=BackLinks, url_name="note_links")
def linking(request: SignedInRequest, note_id: uuid.UUID) -> BackLinks:
    """The notes that link to this one, the newest first."""
    found = links.back_links(note_of(request, note_id))
    return BackLinks(notes=[BackLink(id=one.pk, title=opened(one, "title")) for one in found])


def _move(to: str) -> Callable:
    def move(request: SignedInRequest, note_id: uuid.UUID, answer: HttpResponse) -> WholeNote:
        """Nothing more is done where it is there already."""
        there = request.user.notes.all() if to == "restore" else request.user.notes.living()
        note = get_object_or_404(there.listed(), pk=note_id)
        order.move(request.user, [note.pk], to)
        note = get_object_or_404(request.user.notes, pk=note_id)
        if to == "pin" and not note.pinned:
            raise Refused(409, _("Take it out of the archive first."))
        return whole(request, note, answer)

    # What OpenAPI calls it.
    move.__name__ = f"move_to_{to}"
    return move


for _to in order.BACK:
    router.post(
        f"{{uuid:note_id}}/{_to}", auth=_writing, response=WholeNote, url_name=f"note_{_to}"
    )(_move(_to))


@router.delete("{uuid:note_id}", auth=_writing, response={204: None}, url_name="note")
def delete(request: SignedInRequest, note_id: uuid.UUID) -> None:
    """For good, with all its earlier versions; 409 where it isn't in the trash."""
    with transaction.atomic():
        # Held, so that one that is being taken out of the trash isn't deleted.
        there = request.user.notes.listed().select_for_update(of=("self",))
        note = get_object_or_404(there, pk=note_id)
        if not note.trashed:
            raise Refused(409, _("Put it into the trash first: what is deleted is gone for good."))
        order.delete(note)
        audit.record(request.user, audit.Event.DELETED, request, kind="notes", count=1)


def note_of(request: SignedInRequest, note_id: uuid.UUID) -> Note:
    return get_object_or_404(request.user.notes.living(), pk=note_id)


def _page(request: SignedInRequest, here: NoteQuerySet, by: str, after: str, tag: str) -> NotePage:
    known = tags.all_of(request.user)
    notes = here.listed()
    if tag:
        chosen = tags.sought(known, tag)
        if not chosen:
            raise Http404
        carrying = Tagging.objects.filter(tag__in=[one.id for one in chosen])
        notes = notes.filter(pk__in=carrying.values("note"))
    page = pages.page(notes, by, pages.asked_after(after))
    carried = tags_of(page.notes, known)
    columns = ("pinned", "version", "created", "changed", "trashed")
    found = [
        NoteInList(
            id=note.pk,
            title=opened(note, "title"),
            excerpt=opened(note, "excerpt"),
            tags=[one.name for one in carried.get(note.pk, [])],
            **{name: getattr(note, name) for name in columns},
        )
        for note in page.notes
    ]
    return NotePage(notes=found, next=page.after or None)


def whole(request: SignedInRequest, note: Note, answer: HttpResponse) -> WholeNote:
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
        trashed=note.trashed,
    )
