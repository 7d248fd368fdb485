"""Notes in the browser. Each lookup starts at the signed-in person."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import tags
from accounts.forms import TagsOfOneForm
from accounts.requests import SignedInRequest
from ahfai import marking, proposals
from ahfai.asked import Asked
from ahfai.crypto import SealError
from ahfai.replica import may_be_behind
from ahfai.textindex.queries import MAX_QUERY, Query
from notes import (
    attachments,
    completion,
    conflicts,
    file_views,
    links,
    order,
    places,
    rendering,
    ways_back,
    writing,
)
from notes.forms import NewNoteForm, NoteForm, TickForm
from notes.list_views import tags_of
from notes.models import MAX_TITLE, Note
from notes.places import PLACE_FOUND

# Drawing them is most of what a note's page takes, so there are no more than a screen shows.
BESIDE = 15


@require_GET
@may_be_behind
def detail(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    note = get_object_or_404(request.user.notes, pk=note_id)
    known = tags.all_of(request.user)
    try:
        body = rendering.html(request.user, note.body, with_ticks=not note.trashed)
    except SealError:
        body = None
    sought = request.GET.get("q", "")[:MAX_QUERY]
    shown = {
        "note": note,
        "sought": sought,
        "body": body and _marked(body, _sought(request, note)),
        "tags": tags_of([note], known).get(note.pk, []),
        "attached": attachments.attached(note),
        "way_back": ways_back.way_back(request, note),
    }
    if note.trashed:
        return render(request, "notes/note_trashed.html", shown)
    shown |= {"back_links": links.back_links(note), **_beside(request)}
    return render(request, "notes/note_detail.html", shown)


def _sought(request: SignedInRequest, note: Note) -> Query:
    """What a search found here, or the passage that an answer was made from."""
    if "passage" in request.GET:
        return places.phrases(note.body, request.GET["passage"])
    return Asked.parse(request.GET.get("q", "")[:MAX_QUERY]).query


def _marked(body: SafeString, query: Query) -> SafeString:
    """With what a search found in it; the first place is where its link leads."""
    marked = marking.mark(body, query)
    return SafeString(marked.replace("<mark>", f'<mark id="{PLACE_FOUND}">', 1))


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        # A link to a note that isn't there yet brings its title.
        title = request.GET.get("title", "")[:MAX_TITLE]
        return _editor(request, NoteForm(initial={"page": uuid.uuid4(), "title": title}))
    form = file_views.with_files(request, NewNoteForm)
    if not form.is_valid():
        return _refused(request, form)
    words = form.cleaned_data
    note = writing.create(request.user, words["title"], words["body"], words["page"])
    return _saved(request, note)


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    """The words of a note; 409, with both texts, where they were changed elsewhere meanwhile."""
    note = _note(request, note_id)
    if request.method == "GET":
        return _edit_as_saved(request, note)
    form = file_views.with_files(request, NoteForm)
    if not form.is_valid():
        return _refused(request, form, note)
    words = form.cleaned_data
    try:
        # Whoever proposed it is told in the same breath, so that it isn't done once more.
        with transaction.atomic():
            saved, renamed = _save(note, words)
            proposals.saved(request.user, words["page"], saved.pk)
    except writing.Outdated as outdated:
        if _is_autosave(request):
            return JsonResponse({"version": outdated.note.version}, status=409)
        shown = conflicts.between(outdated.note, words)
        return render(request, "notes/note_conflict.html", shown, status=409)
    except Note.DoesNotExist:
        raise Http404 from None
    except SealError:
        form.add_error(None, _("What was saved before can't be opened, so it isn't overwritten."))
        return _refused(request, form, note)
    return _saved(request, saved, renamed)


def _save(note: Note, words: dict) -> tuple[Note, dict[str, str]]:
    """And the links that another note's new title has changed in it. Raises as `writing.save`."""
    title, body = words["title"], words["body"]
    try:
        return writing.save(note, title, body, words["version"] or 0), {}
    except writing.Outdated as outdated:
        renamed = conflicts.renamings(outdated.note, words)
        if not renamed:
            raise
        body = links.follow(body, renamed)
        return writing.save(note, title, body, outdated.note.version), renamed


@require_POST
def preview(request: SignedInRequest, note_id: uuid.UUID | None = None) -> HttpResponse:
    """The editor with what its words will look like; nothing is saved."""
    note = _note(request, note_id) if note_id else None
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _editor(request, form, note, status=422)
    return _editor(request, form, note, rendering.html(request.user, form.cleaned_data["body"]))


@require_GET
@may_be_behind
def titles(request: SignedInRequest) -> HttpResponse:
    """What the editor offers after `[[`."""
    text = request.GET.get("q", "")[:MAX_TITLE]
    return JsonResponse({"found": completion.titles(request.user, text)})


@require_POST
def tick(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    """Tick the task in one line of a note, or take its tick off."""
    note = _note(request, note_id)
    form = TickForm(request.POST)
    ticked = None
    try:
        if form.is_valid():
            ticked = writing.tick(note, **form.cleaned_data)
    except writing.Outdated:
        said = _("This note was changed elsewhere meanwhile, so nothing was ticked. Look again.")
        messages.warning(request, said)
    except (Note.DoesNotExist, SealError):
        raise Http404 from None
    if _is_autosave(request):
        # Else the script loads the page again, which says why.
        return JsonResponse(
            {"version": ticked.version} if ticked else {}, status=200 if ticked else 409
        )
    place = f"#task-{form.cleaned_data['line']}" if ticked else ""
    return redirect(f"{note.get_absolute_url()}{place}")


@require_http_methods(["GET", "POST"])
def tags_of_one(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    note = _note(request, note_id)
    carried = list(note.tags.values_list("pk", flat=True))
    posted = request.POST if request.method == "POST" else None
    form = TagsOfOneForm(posted, known=tags.all_of(request.user), initial={"carried": carried})
    if request.method == "POST" and form.is_valid():
        if not order.set_tags(note, form.cleaned_data["names"]):
            raise Http404
        return redirect(note)
    shown = {"note": note, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "notes/note_tags.html", shown, status=status)


@require_POST
def put_back(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    """Take the note out of the trash, and open it."""
    note = get_object_or_404(request.user.notes.listed(), pk=note_id)
    order.move(request.user, [note.pk], "restore")
    messages.success(request, _("The note is back."))
    return redirect(note)


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    """For good; what is put into the trash can come back."""
    note = get_object_or_404(request.user.notes.listed(), pk=note_id)
    if request.method == "GET":
        return render(request, "notes/note_delete.html", {"note": note})
    order.delete(note)
    return redirect("notes:trash" if note.trashed else "notes:list")


def _note(request: SignedInRequest, note_id: uuid.UUID) -> Note:
    return get_object_or_404(request.user.notes.living(), pk=note_id)


def _beside(request: SignedInRequest) -> dict:
    """What a wide screen shows beside a note: the beginning of the list."""
    notes = request.user.notes.kept().listed()
    return {"beside": notes.order_by("-pinned", "-changed", "-id")[:BESIDE]}


def _edit_as_saved(request: SignedInRequest, note: Note) -> HttpResponse:
    try:
        form = conflicts.as_saved(note)
    except SealError:
        # An empty editor would look like an empty note.
        return redirect(note)
    return _editor(request, form, note)


def _is_autosave(request: SignedInRequest) -> bool:
    """Whether the page's script sends its form, and stays."""
    return "application/json" in request.headers.get("Accept", "")


def _saved(
    request: SignedInRequest, note: Note, renamed: dict[str, str] | None = None
) -> HttpResponse:
    if not _is_autosave(request):
        return redirect(note)
    edit = reverse("notes:edit", args=[note.pk])
    told = {"version": note.version, "note": note.get_absolute_url(), "edit": edit}
    # The page goes on with the same words.
    return JsonResponse(told | ({"renamed": renamed} if renamed else {}))


def _refused(request: SignedInRequest, form: NoteForm, note: Note | None = None) -> HttpResponse:
    if not _is_autosave(request):
        return _editor(request, form, note, status=422)
    faults = [str(fault) for faults in form.errors.values() for fault in faults]
    return JsonResponse({"sentence": " ".join(faults)}, status=422)


def _editor(
    request: SignedInRequest,
    form: NoteForm,
    note: Note | None = None,
    shown_as: str | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = {"form": form, "note": note, "preview": shown_as, **_beside(request)}
    return render(request, "notes/note_edit.html", shown, status=status)
