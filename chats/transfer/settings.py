"""Presets, facts, and whether the model is told them: back from an export, beside what is here."""

from typing import Any

from accounts.models import User
from chats import facts, steering
from chats.models import FactsTold, Preset
from chats.transfer import own
from chats.transfer.incoming import clean, objects_of


def take_in(user: User, said: dict[str, Any]) -> None:
    """What the person has chosen here stays. That the model may make things unasked isn't taken
    over: nobody should get that by a file."""
    for one in objects_of(said, "presets"):
        _add_preset(user, one)
    # They are shown newest first.
    for one in objects_of(said, "facts"):
        try:
            facts.remember(user, clean(one.get("text")))
        except (facts.NotAFact, facts.TooMany):
            continue
    is_told = said.get("facts_are_told")
    if isinstance(is_told, bool) and not FactsTold.objects.filter(owner=user).exists():
        facts.tell(user, is_told)


def _add_preset(user: User, said: dict[str, Any]) -> None:
    values = own.steering(said)
    if said.get("is_default") is True:
        if not user.presets.filter(is_default=True).exists():
            Preset.objects.create(owner=user, is_default=True, **values)
        return
    name = " ".join(clean(said.get("name")).split())[:80]
    if not name:
        return
    try:
        steering.save_preset(user, name, **values)
    except (steering.NameTaken, steering.TooManyPresets):
        return
