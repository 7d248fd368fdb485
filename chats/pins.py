"""The notes and tags that a chat keeps to when it uses notes."""

import uuid
from collections.abc import Collection, Iterable

from django.db import transaction

from accounts import tags
from ahfai.textindex.words import fold
from chats.models import Chat, Pin
from notes import titles
from notes.models import Tagging

MOST = 100
MOST_FOUND = 12


def of(chat: Chat) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """The ids of its notes, and of its tags."""
    pins = list(chat.pins.values_list("note", "tag"))
    return {note for note, _tag in pins if note}, {tag for _note, tag in pins if tag}


def scope(chat: Chat) -> Collection[uuid.UUID] | None:
    """The notes that may be looked into; None for all."""
    notes, chosen = of(chat)
    if not notes and not chosen:
        return None
    known = tags.all_of(chat.owner) if chosen else []
    family = {nested.id for tag in chosen for nested in tags.within(known, tag)}
    tagged = Tagging.objects.filter(owner=chat.owner, tag__in=family)
    return notes | set(tagged.values_list("note", flat=True))


def choose(chat: Chat, notes: Iterable[uuid.UUID], chosen: Iterable[uuid.UUID]) -> None:
    """Keep to these, of those that are the person's own, and to no others."""
    owner = chat.owner
    mine = owner.notes.living().filter(pk__in=list(notes)).values_list("pk", flat=True)[:MOST]
    known = {tag.id for tag in tags.all_of(owner)}
    with transaction.atomic():
        Chat.objects.select_for_update().get(pk=chat.pk)
        chat.pins.all().delete()
        Pin.objects.bulk_create(
            [
                *(Pin(owner=owner, chat=chat, note_id=note) for note in mine),
                *(Pin(owner=owner, chat=chat, tag_id=tag) for tag in known.intersection(chosen)),
            ]
        )


def titled(user, text: str, among: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, str]]:
    """The ids and titles of notes to choose from: those `among`, then what `text` finds, else what
    was changed last."""
    living = set(user.notes.living().values_list("pk", flat=True))
    there = [one for one in titles.of(user).newest_first if one[0].id in living]
    words = fold(text).split()
    found = [
        one
        for one, folded in there
        if one.id not in among and all(word in folded for word in words)
    ]
    first = [one for one, _folded in there if one.id in among]
    return [(one.id, one.title) for one in [*first, *found[:MOST_FOUND]]]
