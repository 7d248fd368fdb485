"""The lists of chats: those that are kept, the archive and the trash."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
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
from chats import generation, order
from chats.forms import MoveForm, PickedForm
from chats.models import Chat, ChatQuerySet

PER_PAGE = 40


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
    """The chats of a place, of one tag if the address names it; with what was `refused` there."""
    known = tags.all_of(request.user)
    chosen = tags.within(known, request.GET.get("tag", ""))
    if "tag" in request.GET and not chosen:
        raise Http404
    chats = _chats_of(request.user, place)
    if chosen:
        carrying = Chat.tags.through.objects.filter(tag__in=[tag.id for tag in chosen])
        chats = chats.filter(pk__in=carrying.values("chat"))
    page = Paginator(chats, PER_PAGE).get_page(request.GET.get("page"))
    carried = order.tags_of(page.object_list, known)
    # The move just made, which can be taken back: its ids are in the session, not in the address.
    moved = request.session.get("moved") if "moved" in request.GET else None
    chosen_tag = chosen[0] if chosen else None
    is_picking = "pick" in request.GET or refused or none_picked
    menus = (
        {}
        if is_picking
        else rowmenus.draw(
            request,
            "chats/_row_menu.html",
            "chat",
            page.object_list,
            lambda chat: (chat.pinned, chat.archived, bool(chat.trashed)),
            back_to=place,
            tag=chosen_tag,
        )
    )
    shown = {
        "page": page,
        "place": place,
        "moved": moved,
        "picking": is_picking,
        "none_picked": none_picked,
        "picked": request.POST.getlist("chat"),
        "refused": refused,
        "tag": chosen_tag,
        "tags": tags.leading_on(
            request.user,
            Chat.tags.through.objects.filter(chat__in=_chats_of(request.user, place)),
            known,
            chosen,
        ),
        "rows": [
            (chat, carried.get(chat.pk, []), menus.get(chat.pk, "")) for chat in page.object_list
        ],
    }
    status = 422 if refused or none_picked else 200
    return render(request, "chats/chat_list.html", shown, status=status)


def _chats_of(user: User, place: str) -> ChatQuerySet:
    match place:
        case "archive":
            return user.chats.living().in_archive().newest_first()
        case "trash":
            return user.chats.exclude(trashed=None).order_by("-trashed", "-id")
        case _:
            return user.chats.kept().in_order()


def address_of(
    request: SignedInRequest, place: str, moved: bool = False, keep_tag: bool = True
) -> str:
    """The list that a form was sent from."""
    kept = {"tag": request.GET["tag"]} if keep_tag and "tag" in request.GET else {}
    query = urlencode({**kept, "moved": 1} if moved else kept)
    return reverse(f"chats:{place}") + (f"?{query}" if query else "")


@require_POST
def move(request: SignedInRequest) -> HttpResponse:
    form = MoveForm(request.POST)
    if not form.is_valid():
        place = request.POST.get("back_to", "")
        return redirect(f"chats:{place if place in ('list', 'archive', 'trash') else 'list'}")
    asked = form.cleaned_data
    if not asked["chats"]:
        return list_page(request, asked["back_to"], none_picked=True)
    moved, stopped = order.move(request.user, asked["chats"], asked["to"])
    for reply_id in stopped:
        if here := generation.running(reply_id):
            here.stop()
    request.session["moved"] = {
        "to": asked["to"],
        "back": order.BACK[asked["to"]],
        "chats": [str(chat_id) for chat_id in moved],
    }
    return redirect(address_of(request, asked["back_to"], moved=bool(moved)))


@require_http_methods(["GET", "POST"])
def delete_several(request: SignedInRequest) -> HttpResponse:
    """For good, what was picked in the trash or all that is in it; asked for before."""
    is_picked = request.method == "POST" and "until" not in request.POST
    form = PickedForm(request.POST)
    if is_picked and not form.is_valid():
        return redirect("chats:trash")
    if is_picked and not form.cleaned_data["chats"]:
        return list_page(request, "trash", none_picked=True)
    picked = form.cleaned_data["chats"] if is_picked else None
    there = request.user.chats.filter(trashed__isnull=False)
    return trash_can.delete(
        request,
        there,
        order.delete,
        "chats:trash",
        _gone_for_good,
        picked,
        "chat",
        tell=lambda count: audit.record(
            request.user, audit.Event.DELETED, request, kind="chats", count=count
        ),
    )


def _gone_for_good(count: int) -> str:
    return ngettext(
        "The chat and all its messages will be gone for good.",
        "%(count)d chats and all their messages will be gone for good.",
        count,
    ) % {"count": count}
