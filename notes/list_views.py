"""Lists of notes in the browser, and what is done with several of them."""

import uuid
from collections.abc import Iterable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit, tags
from accounts.forms import TagSeveralForm
from accounts.models import User
from accounts.requests import SignedInRequest
from ahfai import rowmenus
from ahfai import trash as trash_can
from ahfai.replica import may_be_behind
from notes import order, pages, pages_by_title
from notes.forms import PLACES, MoveForm, PickedForm
from notes.models import Note, NoteQuerySet, Tagging

ORDERS = ("changed", "created", "title")


@require_GET
@may_be_behind
def index(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "list")


@require_GET
@may_be_behind
def archive(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "archive")


@require_GET
@may_be_behind
def trash(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "trash")


def list_page(
    request: SignedInRequest,
    place: str,
    refused: TagSeveralForm | None = None,
    none_picked: bool = False,
) -> HttpResponse:
    """The notes of a place, of one tag if the address names it; with what was `refused` there."""
    known = tags.all_of(request.user)
    chosen = tags.within(known, request.GET.get("tag", ""))
    if "tag" in request.GET and not chosen:
        raise Http404
    here = _notes_of(request.user, place)
    notes = here.listed()
    if chosen:
        carrying = Tagging.objects.filter(tag__in=[tag.id for tag in chosen])
        notes = notes.filter(pk__in=carrying.values("note"))
    by = request.GET.get("sort", "")
    by = "trashed" if place == "trash" else by if by in ORDERS else "changed"
    if by == "title":
        page = pages_by_title.page(request.user, notes, request.GET)
    else:
        page = pages.page(notes, by, request.GET)
    when = "changed" if by == "title" else by
    carried = tags_of(page.notes, known)
    # The move just made, which can be taken back: its ids are in the session, not in the address.
    moved = request.session.get("moved_notes") if "moved" in request.GET else None
    chosen_tag = chosen[0] if chosen else None
    is_picking = "pick" in request.GET or refused or none_picked
    menus = (
        {}
        if is_picking
        else rowmenus.draw(
            request,
            "notes/_row_menu.html",
            "note",
            page.notes,
            lambda note: (note.pinned, note.archived, bool(note.trashed)),
            back_to=place,
            tag=chosen_tag,
        )
    )
    shown = {
        "page": page,
        "place": place,
        "by": by,
        "moved": moved,
        "picking": is_picking,
        "none_picked": none_picked,
        "picked": request.POST.getlist("note"),
        "refused": refused,
        "tag": chosen_tag,
        "tags": tags.leading_on(request.user, Tagging.objects.filter(note__in=here), known, chosen),
        "rows": [
            (note, getattr(note, when), carried.get(note.pk, []), menus.get(note.pk, ""))
            for note in page.notes
        ],
    }
    status = 422 if refused or none_picked else 200
    return render(request, "notes/note_list.html", shown, status=status)


def _notes_of(user: User, place: str) -> NoteQuerySet:
    match place:
        case "archive":
            return user.notes.living().filter(archived=True)
        case "trash":
            return user.notes.in_trash()
        case _:
            return user.notes.kept()


def tags_of(notes: Iterable[Note], known: list[tags.Named]) -> dict[uuid.UUID, list[tags.Named]]:
    """The tags of each note, by name."""
    links = Tagging.objects.filter(note__in=[note.pk for note in notes])
    return tags.of_each(links, "note", known)


def address_of(
    request: SignedInRequest, place: str, moved: bool = False, keep_tag: bool = True
) -> str:
    """The list that a form was sent from."""
    kept = [name for name in ("tag", "sort") if name in request.GET and (keep_tag or name != "tag")]
    query = urlencode({name: request.GET[name] for name in kept} | ({"moved": 1} if moved else {}))
    return reverse(f"notes:{place}") + (f"?{query}" if query else "")


@require_POST
def move(request: SignedInRequest) -> HttpResponse:
    form = MoveForm(request.POST)
    if not form.is_valid():
        place = request.POST.get("back_to", "")
        return redirect(f"notes:{place if place in PLACES else 'list'}")
    asked = form.cleaned_data
    if not asked["notes"]:
        return list_page(request, asked["back_to"], none_picked=True)
    moved = order.move(request.user, asked["notes"], asked["to"], asked["pinned"])
    request.session["moved_notes"] = {
        "to": asked["to"],
        "back": order.BACK[asked["to"]],
        "notes": [str(note_id) for note_id in moved.notes],
        "pinned": [str(note_id) for note_id in moved.pinned],
    }
    return redirect(address_of(request, asked["back_to"], moved=bool(moved.notes)))


@require_http_methods(["GET", "POST"])
def delete_several(request: SignedInRequest) -> HttpResponse:
    """For good, what was picked in the trash or all that is in it; asked for before."""
    is_picked = request.method == "POST" and "until" not in request.POST
    form = PickedForm(request.POST)
    if is_picked and not form.is_valid():
        return redirect("notes:trash")
    if is_picked and not form.cleaned_data["notes"]:
        return list_page(request, "trash", none_picked=True)
    picked = form.cleaned_data["notes"] if is_picked else None
    there = request.user.notes.in_trash()
    return trash_can.delete(
        request,
        there,
        order.delete,
        "notes:trash",
        _gone_for_good,
        picked,
        "note",
        tell=lambda count: audit.record(
            request.user, audit.Event.DELETED, request, kind="notes", count=count
        ),
    )


def _gone_for_good(count: int) -> str:
    return ngettext(
        "The note and all its earlier versions will be gone for good.",
        "%(count)d notes and all their earlier versions will be gone for good.",
        count,
    ) % {"count": count}


@require_POST
def tag_several(request: SignedInRequest) -> HttpResponse:
    """Put tags on the notes that were picked in a list, or take the list's own tag off them."""
    place = PickedForm(request.POST)
    if not place.is_valid():
        return redirect("notes:list")
    form = TagSeveralForm(request.POST)
    if not form.is_valid():
        return list_page(request, place.cleaned_data["back_to"], refused=form)
    picked, asked = place.cleaned_data["notes"], form.cleaned_data
    if not picked:
        return list_page(request, place.cleaned_data["back_to"], refused=form, none_picked=True)
    if asked["take_off"]:
        count = order.take_tag_off(request.user, picked, asked["take_off"])
        said = ngettext("The tag is off the note.", "The tag is off %(count)d notes.", count)
    else:
        count = order.add_tags(request.user, picked, asked["tags"])
        said = ngettext("The note is tagged.", "%(count)d notes are tagged.", count)
    if count:
        messages.success(request, said % {"count": count})
    is_left = not asked["take_off"] or tags.family(request.user, asked["take_off"])
    return redirect(address_of(request, place.cleaned_data["back_to"], keep_tag=bool(is_left)))
