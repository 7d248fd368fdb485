"""Everything that a person has, in one ZIP: each room puts in what is its own."""

import json
import zipfile
from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import transfer
from accounts.models import User
from accounts.parting import exports
from chats import hooks as chats
from chats.transfer import exporting as chat_exporting
from notes import hooks as notes
from notes.transfer.exporting import Sink, entry
from reminders import hooks as reminders

# In the order in which they come in again: chats and reminders refer to notes.
ROOMS = {"notes": notes, "chats": chats, "reminders": reminders}
MANIFEST = "ahfai.json"
VERSION = 1


def make(user: User) -> tuple[int, exports.Pieces]:
    return sum(room.to_export(user) for room in ROOMS.values()), _pieces(user)


def _pieces(user: User) -> exports.Pieces:
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        now = timezone.now().astimezone(user.zone)
        for name, text in _beside(user):
            packed.writestr(entry(name, now), text)
        for room in ROOMS.values():
            for done in room.export(user, packed):
                yield done, sink.take()
    yield 0, sink.take()


def _beside(user: User) -> Iterator[tuple[str, str]]:
    counts = {name: room.to_export(user) for name, room in ROOMS.items()}
    manifest = {
        "ahfai": "export",
        "version": VERSION,
        "made": chat_exporting.moment(timezone.now()),
    }
    yield MANIFEST, _json(manifest | {"counts": counts})
    yield "README.txt", _readme(counts)
    settings = transfer.written(user) | chat_exporting.steering(user)
    yield "settings.json", _json(settings)


def _json(said: dict) -> str:
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _readme(counts: dict[str, int]) -> str:
    return (
        _(
            """Everything that you have in AhFai
=================================

Nothing in this file is sealed: keep it where only you can read it.

notes/        Notes (%(notes)d) as Markdown, each with what is known about it at its top;
              notes/files are their pictures and files.
chats/        Chats (%(chats)d). chats/readable has them as Markdown, as you see them. The .jsonl
              files hold one chat a line, with all its branches, for AhFai and other programs.
reminders/    Reminders (%(reminders)d): reminders.ics for calendars, reminders.jsonl with all
              that AhFai knows of them, among it what you did and when.
settings.json your settings, presets and facts.
ahfai.json    what this file is, for AhFai.

To take it in again, anywhere AhFai runs: Settings, Your data, Import.

Not in here: your password and sign-ins; the addresses and tokens of the ways to tell you; calendar
addresses; webhooks; earlier versions of notes; what was said in temporary chats, which nobody
keeps.
"""
        )
        % counts
    )
