"""How the model is steered: by the chat, else as its person set it for everywhere."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.sealing.lookup import fold
from ahfai.crypto import SealError
from chats.models import Chat, Preset, PresetQuerySet, Steered, Think

NUMBERS = ("temperature", "longest", "reads", "think")
# Their names are opened and sorted for each home page.
MAX_PRESETS = 100


class NoSuchPreset(Exception):
    """It was deleted, or is somebody else's, or can't be opened."""


class TooManyPresets(Exception):
    """This person has MAX_PRESETS already; in words for them."""

    def __str__(self) -> str:
        said = _("You have %(number)d presets already. Delete one of them first.")
        return said % {"number": MAX_PRESETS}


class NameTaken(Exception):
    """Another preset of this person has this name; in words for them."""

    def __str__(self) -> str:
        return _("You have a preset of this name already. Choose another name.")


@dataclass(frozen=True)
class Steering:
    """What counts in a chat; None leaves it to the installation and the model.

    `longest` and `reads` are tokens. `think` is False, True or a level, as in `Prompt`.
    """

    instructions: str | None
    temperature: float | None
    longest: int | None
    reads: int | None
    think: bool | str | None


def of(chat: Chat) -> Steering:
    """Raises SealError where the instructions that count can't be opened."""
    rows: list[Steered] = [chat, *chat.owner.presets.filter(is_default=True)]

    def said(name: str) -> Any:
        values = (getattr(row, name) for row in rows)
        return next((value for value in values if value not in (None, "")), None)

    think = said("think")
    return Steering(
        instructions=said("instructions"),
        temperature=said("temperature"),
        longest=said("longest"),
        reads=said("reads"),
        think={Think.OFF: False, Think.ON: True}.get(think, think),
    )


def of_preset(user, preset_id: uuid.UUID) -> dict[str, Any]:
    """What the preset steers with, for a chat that takes it. Raises NoSuchPreset."""
    try:
        return values(user.presets.named().get(pk=preset_id))
    except (Preset.DoesNotExist, SealError):
        raise NoSuchPreset from None


def values(row: Steered) -> dict[str, Any]:
    """All that steers, as `steer` takes it. Raises SealError."""
    return {"instructions": row.instructions, **{name: getattr(row, name) for name in NUMBERS}}


def begin(row: Steered) -> dict[str, Any]:
    """What a form begins with: nothing where it can't be opened."""
    return {
        "instructions": opened(row, "instructions"),
        **{name: getattr(row, name) for name in NUMBERS},
    }


def defaults(user) -> Preset:
    """What counts everywhere; not stored before something was chosen."""
    return user.presets.filter(is_default=True).first() or Preset(owner=user, is_default=True)


def set_defaults(user, **chosen) -> None:
    user.presets.get_or_create(is_default=True)[0].steer(**chosen)


def presets(user) -> list[Preset]:
    """Those with a name, by name."""
    return sorted(user.presets.named(), key=lambda preset: opened(preset, "name").casefold())


def save_preset(user, name: str, **steering) -> Preset:
    """Raises TooManyPresets and NameTaken."""
    with transaction.atomic():
        _check_name(held(user), name)
        if user.presets.named().count() >= MAX_PRESETS:
            raise TooManyPresets
        return user.presets.create(name=name, **steering)


def change_preset(preset: Preset, name: str, **steering) -> bool:
    """False where it was deleted meanwhile. Raises NameTaken."""
    with transaction.atomic():
        _check_name(held(preset.owner).exclude(pk=preset.pk), name)
        return preset.change(name, **steering)


def held(user) -> PresetQuerySet:
    """The presets of this person, none of which others name until the end of the transaction."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return user.presets.named()


def _check_name(others: PresetQuerySet, name: str) -> None:
    """Raises NameTaken."""
    # They are few, and are opened for each home page: no hash has to lie in clear for it.
    if fold(name) in (fold(opened(other, "name")) for other in others):
        raise NameTaken


def opened(row: Steered, column: str) -> str:
    try:
        return getattr(row, column) or ""
    except SealError:
        return ""
