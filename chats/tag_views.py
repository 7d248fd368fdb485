"""Tags of chats in the browser: of one chat, and of several at once."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import tags
from accounts.forms import TagSeveralForm, TagsOfOneForm
from accounts.requests import SignedInRequest
from chats import order
from chats.forms import PickedForm
from chats.list_views import address_of, list_page


@require_http_methods(["GET", "POST"])
def of_chat(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    known = tags.all_of(request.user)
    carried = list(chat.tags.values_list("pk", flat=True))
    posted = request.POST if request.method == "POST" else None
    form = TagsOfOneForm(posted, known=known, initial={"carried": carried})
    if request.method == "POST" and form.is_valid():
        if not order.set_tags(chat, form.cleaned_data["names"]):
            raise Http404
        return redirect(chat)
    shown = {
        "chat": chat,
        "form": form,
        "heading": _("Tags of this chat"),
        "back": chat.get_absolute_url(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "chats/chat_form.html", shown, status=status)


@require_POST
def several(request: SignedInRequest) -> HttpResponse:
    """Put tags on the chats that were picked in a list, or take the list's own tag off them."""
    place = PickedForm(request.POST)
    if not place.is_valid():
        return redirect("chats:list")
    form = TagSeveralForm(request.POST)
    if not form.is_valid():
        return list_page(request, place.cleaned_data["back_to"], refused=form)
    picked, asked = place.cleaned_data["chats"], form.cleaned_data
    if not picked:
        return list_page(request, place.cleaned_data["back_to"], refused=form, none_picked=True)
    if asked["take_off"]:
        count = order.take_tag_off(request.user, picked, asked["take_off"])
        said = ngettext("The tag is off the chat.", "The tag is off %(count)d chats.", count)
    else:
        count = order.add_tags(request.user, picked, asked["tags"])
        said = ngettext("The chat is tagged.", "%(count)d chats are tagged.", count)
    if count:
        messages.success(request, said % {"count": count})
    is_left = not asked["take_off"] or tags.family(request.user, asked["take_off"])
    return redirect(address_of(request, place.cleaned_data["back_to"], keep_tag=bool(is_left)))
