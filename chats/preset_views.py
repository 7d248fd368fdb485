"""How the model answers: in one chat, everywhere, and in presets that chats can take."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import SignedInRequest
from chats import servers, steering
from chats.forms import ChatSteerForm, DefaultsForm, PickPresetForm, PresetForm, SteerForm
from chats.models import Chat, Preset


@require_http_methods(["GET", "POST"])
def steer(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    """How the model answers in this chat."""
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    form = ChatSteerForm(
        _posted(request),
        initial=steering.begin(chat),
        everywhere=steering.defaults(request.user),
        window=servers.listed_num_ctx(chat.model),
        model=chat.model,
        thinks=servers.thinks(chat.model),
        levels=servers.levels(chat.model),
    )
    if request.method == "POST" and form.is_valid():
        chosen = dict(form.cleaned_data)
        name = chosen.pop("name")
        try:
            if name:
                steering.save_preset(request.user, name, **chosen)
        except (steering.TooManyPresets, steering.NameTaken) as why:
            form.add_error("name", str(why))
        else:
            if not chat.steer(**chosen):
                raise Http404
            messages.success(request, _("Saved. It counts from the next answer on."))
            return redirect(chat)
    return _steer_page(request, chat, form)


@require_POST
def take(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Fill the chat's own values from a preset; changing that later doesn't change the chat."""
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    form = PickPresetForm(request.POST)
    try:
        if not form.is_valid():
            raise steering.NoSuchPreset
        chosen = steering.of_preset(request.user, form.cleaned_data["preset"])
    except steering.NoSuchPreset:
        raise Http404 from None
    if not chat.steer(**chosen):
        raise Http404
    messages.success(request, _("The chat has taken the preset."))
    return redirect("chats:steer", chat.pk)


@require_http_methods(["GET", "POST"])
def defaults(request: SignedInRequest) -> HttpResponse:
    """How the model answers in all chats that say nothing else."""
    now = steering.begin(steering.defaults(request.user))
    form = DefaultsForm(_posted(request), initial=now, everywhere=Preset())
    if request.method == "POST" and form.is_valid():
        steering.set_defaults(request.user, **form.cleaned_data)
        messages.success(request, _("Your settings are saved."))
        return redirect("chats:defaults")
    shown = {"heading": _("How the model answers"), "back": reverse("accounts:settings")}
    return _page(request, "chats/defaults.html", form, shown)


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    shown = {"presets": steering.presets(request.user)}
    return render(request, "chats/preset_list.html", shown)


@require_http_methods(["GET", "POST"])
def make(request: SignedInRequest) -> HttpResponse:
    form = PresetForm(_posted(request), everywhere=steering.defaults(request.user))
    if request.method == "POST" and form.is_valid():
        try:
            steering.save_preset(request.user, **form.cleaned_data)
        except (steering.TooManyPresets, steering.NameTaken) as why:
            form.add_error("name", str(why))
        else:
            return redirect("chats:presets")
    shown = {"heading": _("New preset"), "back": reverse("chats:presets")}
    return _page(request, "chats/preset_form.html", form, shown)


@require_http_methods(["GET", "POST"])
def change(request: SignedInRequest, preset_id: uuid.UUID) -> HttpResponse:
    preset = get_object_or_404(request.user.presets.named(), pk=preset_id)
    now = {**steering.begin(preset), "name": steering.opened(preset, "name")}
    everywhere = steering.defaults(request.user)
    form = PresetForm(_posted(request), initial=now, everywhere=everywhere)
    if request.method == "POST" and form.is_valid():
        try:
            if not steering.change_preset(preset, **form.cleaned_data):
                raise Http404
        except steering.NameTaken as why:
            form.add_error("name", str(why))
        else:
            return redirect("chats:presets")
    shown = {
        "heading": _("Change this preset"),
        "back": reverse("chats:presets"),
        "preset": preset,
    }
    return _page(request, "chats/preset_form.html", form, shown)


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, preset_id: uuid.UUID) -> HttpResponse:
    preset = get_object_or_404(request.user.presets.named(), pk=preset_id)
    if request.method == "GET":
        return render(request, "chats/preset_delete.html", {"preset": preset})
    preset.delete()
    return redirect("chats:presets")


def _steer_page(request: SignedInRequest, chat: Chat, form: SteerForm) -> HttpResponse:
    shown = {
        "heading": _("Steer this chat"),
        "back": chat.get_absolute_url(),
        "chat": chat,
        "presets": steering.presets(request.user),
    }
    return _page(request, "chats/chat_steer.html", form, shown)


def _page(
    request: SignedInRequest, template: str, form: SteerForm, shown: dict[str, Any]
) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, **shown}, status=status)


def _posted(request: SignedInRequest) -> QueryDict | None:
    """An empty form that was sent isn't one that wasn't."""
    return request.POST if request.method == "POST" else None
