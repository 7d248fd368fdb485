"""What is deleted elsewhere while a program changes it: it is answered as what was never there."""

import importlib

import pytest

from accounts.tests.programs import Program
from chats.models import Chat, Message
from notes import writing
from reminders.tests.test_list import make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.same_everywhere]

CHANGES = [
    # Where a request looks for it, and what it is asked for.
    ("notes.api.note_of", "PATCH", "/api/notes/{note}", {"title": "Other"}),
    ("notes.api.note_of", "PUT", "/api/notes/{note}/tags", {"tags": ["soup"]}),
    ("notes.api_revisions._revision", "POST", "/api/notes/revisions/{revision}/restore", {}),
    ("reminders.api.reminder_of", "PATCH", "/api/reminders/{reminder}", {"title": "Other"}),
    ("chats.api._chat", "PUT", "/api/chats/{chat}/tags", {"tags": ["soup"]}),
    ("chats.api._chat", "PUT", "/api/chats/{chat}/notes", {"notes": []}),
    ("chats.api_messages._message", "DELETE", "/api/messages/{message}", None),
]


@pytest.mark.parametrize(("look", "method", "path", "said"), CHANGES)
def test_what_is_deleted_while_a_program_changes_it_is_not_there(
    owner, monkeypatch, look, method, path, said
):
    note = writing.create(owner, "Soup", "leek")
    writing.save(note, "Soup", "leek and potato", 1)
    chat = Chat.objects.create(owner=owner, title="Trip", model="m")
    message = Message.objects.create(owner=owner, chat=chat, role="user", content="Hello")
    there = {"note": note, "revision": note.revisions.first(), "chat": chat, "message": message}
    there["reminder"] = make(owner, "Call mum", 1)
    module, _dot, name = look.rpartition(".")
    looked_for = getattr(importlib.import_module(module), name)

    def found(*asked, **named):
        row = looked_for(*asked, **named)
        for things in (owner.chats, owner.notes, owner.reminders):
            things.all().delete()
        return row

    monkeypatch.setattr(look, found)
    program = Program(owner, *(f"{what}:write" for what in ("chats", "notes", "reminders")))
    address = path.format(**{what: row.pk for what, row in there.items()})
    assert program.ask(method, address, said, If_Match="*").status_code == 404
    assert not owner.chats.exists(), "it was looked for"
