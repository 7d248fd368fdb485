"""Everything back in: without loss, without doubles, and never half a thing."""

import datetime
import io
import json
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import files
from accounts.models import SealedFile
from ahfai import arrivals, exporting
from ahfai.markdown.files import reference
from ahfai.models import Heartbeat
from chats import attachments, facts, leave, order, steering
from chats.models import Attachment, Chat, Draft, Message, Pin, Source, Summary, ToolUse
from notes import order as note_order
from notes import writing
from notes.models import Import, Note
from notes.transfer import importing
from reminders import completing, own_lists
from reminders import order as reminder_order
from reminders.models import Reminder, Telling

pytestmark = pytest.mark.django_db

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NEWLY_MADE = ("ahfai.json", "settings.json", "reminders/reminders.ics")


def export_of(person) -> bytes:
    _total, pieces = exporting.make(person)
    return b"".join(piece for _done, piece in pieces)


def take_in(person, packed: bytes, name: str = "AhFai.zip") -> Import:
    """What the page and the worker do."""
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    one = importing.start(person, name, packed)
    Import.objects.filter(pk=one.pk).update(state="running", process=process)
    importing.run(one.pk, process.pk, arrivals.take_in)
    one.refresh_from_db()
    return one


def remarks(one: Import) -> list[tuple[str, str]]:
    return [(remark.name, remark.code) for remark in one.remarks.all()]


def told(packed: bytes) -> dict[str, str]:
    """What an export says, with ids numbered in the order in which they come."""
    numbers: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"id {len(numbers)}")

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        texts = {
            name: archive.read(name).decode()
            for name in sorted(archive.namelist())
            if name not in NEWLY_MADE
        }
    return {name: _ID.sub(numbered, text) for name, text in texts.items()}


def moment(day: int) -> datetime.datetime:
    return datetime.datetime(2026, 3, day, 12, 30, 1, 250, tzinfo=datetime.UTC)


@pytest.fixture
def full(owner):
    """Somebody who uses all that AhFai offers."""
    plan = files.store(owner, "plan.txt", [b"beech or oak"])
    kitchen = writing.create(
        owner, "Kitchen", f"See [[Oven]] and {reference('plan', plan.pk, False)}"
    )
    oven = writing.create(owner, "Oven", "hot")
    Note.objects.filter(pk=kitchen.pk).update(created=moment(1), changed=moment(2))
    Note.objects.filter(pk=oven.pk).update(created=moment(3), changed=moment(4))
    note_order.move(owner, [kitchen.pk], "pin")
    note_order.move(owner, [oven.pk], "archive")
    chat = a_chat(owner, kitchen)
    some_reminders(owner, kitchen, chat)
    facts.remember(owner, "I like oak.")
    steering.save_preset(owner, "Terse", instructions="Be short.", temperature=0.5)
    Telling.objects.create(owner=owner, quiet_from=datetime.time(22), quiet_until=datetime.time(7))
    return owner


def a_chat(owner, note: Note) -> Chat:
    chat = Chat.objects.create(
        owner=owner,
        title="Which wood?",
        titled=True,
        model="m",
        created=moment(1),
        changed=moment(9),
        pinned=True,
        uses_notes="always",
        instructions="Answer in verse.",
        temperature=0.25,
    )
    mine = {"owner": owner, "chat": chat}
    asked = Message.objects.create(**mine, role="user", content="Oak?", created=moment(2))
    for number, (name, said) in enumerate({"plan.txt": b"elm?", "list.md": b"- oak"}.items(), 1):
        file = attachments.take_in(owner, SimpleUploadedFile(name, said))
        Attachment.objects.create(owner=owner, message=asked, file=file, number=number)
    first = reply(asked, "Yes.", 3, thinking="hm", prompt_tokens=5, reply_tokens=2, reply_ms=40)
    reply(asked, "No.", 4, state="stopped", fullness=12)
    other = Message.objects.create(**mine, role="user", content="Beech?", created=moment(5))
    reply(other, "Perhaps.", 6, state="cut")
    Chat.objects.filter(pk=chat.pk).update(current=first)
    Source.objects.create(owner=owner, reply=first, number=1, note=note, title="K", text="See")
    ToolUse.objects.create(
        owner=owner,
        reply=first,
        number=0,
        round=0,
        name="read_note",
        arguments="{}",
        result="r",
        shown="{}",
    )
    Summary.objects.create(**mine, upto=asked, text="wood", messages=1, created=moment(7))
    Pin.objects.create(owner=owner, chat=chat, note=note)
    Draft.objects.create(owner=owner, chat=chat, text="And elm", version=1)
    order.set_tags(chat, ["wood/hard"])
    return chat


def reply(asked: Message, content: str, day: int, **more) -> Message:
    return Message.objects.create(
        owner=asked.owner,
        chat=asked.chat,
        parent=asked,
        role="assistant",
        model="m",
        content=content,
        created=moment(day),
        closed=moment(day),
        **more,
    )


def some_reminders(owner, note: Note, chat: Chat) -> None:
    house = own_lists.create(owner, "House", "sky")
    mine = {"owner": owner, "created": moment(1), "changed": moment(2)}
    weekly = Reminder.objects.create(
        **mine,
        title="Water the plants",
        details="All of *them*",
        list=house,
        priority=1,
        day=datetime.date(2027, 4, 5),
        at=datetime.time(9),
        zone="Europe/Brussels",
        rrule="FREQ=WEEKLY;BYDAY=MO",
        repeat_from="due",
        due=datetime.datetime(2027, 4, 5, 7, tzinfo=datetime.UTC),
        about_kind="note",
        about_id=note.pk,
    )
    reminder_order.add_tags(owner, [weekly.pk], ["wood/hard"])
    mine["created"] = moment(3)
    Reminder.objects.create(**mine, title="The fern", parent=weekly, list=house)
    mine["created"] = moment(4)
    once = Reminder.objects.create(**mine, title="Call", about_kind="chat", about_id=chat.pk)
    completing.complete(owner, {once.pk: once.version})


def test_it_comes_in_again_without_loss_in_another_account(full, stranger):
    packed = export_of(full)
    one = take_in(stranger, packed)
    assert (one.state, one.added, one.present, one.broken) == ("done", 6, 0, 0)
    before, after = told(packed), told(export_of(stranger))
    assert before.keys() == after.keys()
    assert len(before) > 5
    for name, said in before.items():
        assert after[name] == said, name


def test_it_comes_in_again_under_its_own_ids_where_it_is_gone(full, stranger):
    packed = export_of(full)
    chat, note = Chat.objects.get(), Note.objects.get(archived=True)
    Chat.objects.all().delete()
    Note.objects.all().delete()
    Reminder.objects.all().delete()
    assert take_in(full, packed).added == 6
    assert Chat.objects.get().pk == chat.pk
    assert Note.objects.filter(pk=note.pk).exists()
    assert told(export_of(full)).keys() == told(packed).keys()


def test_nothing_is_doubled_however_often_it_comes(full, stranger):
    packed = export_of(full)
    for person in (full, full, stranger, stranger):
        take_in(person, packed)
        one = person.imports.order_by("-started").first()
        assert one.added + one.present == 6
        person.imports.all().delete()
    for person in (full, stranger):
        assert person.chats.count() == 1
        assert person.notes.count() == 2
        assert person.reminders.count() == 3
        assert person.facts.count() == 1
        assert person.presets.named().count() == 1
        assert person.reminder_lists.count() == 1
    assert SealedFile.objects.filter(owner=stranger).count() == 3


def test_what_refers_to_another_thing_finds_it_in_the_other_account(full, stranger):
    take_in(stranger, export_of(full))
    kitchen = stranger.notes.get(pinned=True)
    chat = stranger.chats.get()
    assert Pin.objects.get(owner=stranger).note == kitchen
    assert Source.objects.get(owner=stranger).note == kitchen
    assert stranger.reminders.get(about_kind="note").about_id == kitchen.pk
    assert stranger.reminders.get(about_kind="chat").about_id == chat.pk
    assert stranger.reminders.exclude(parent=None).get().parent.rrule
    assert stranger.reminders.get(about_kind="note").next_fire_at
    asked = Attachment.objects.filter(owner=stranger, message__role="user")
    assert [one.file.text.words for one in asked.with_files()] == ["elm?", "- oak"]


def test_what_is_here_already_is_left_alone(full):
    packed = export_of(full)
    chat = full.chats.get()
    chat.rename("Another name")
    take_in(full, packed)
    assert full.chats.get().title == "Another name"


def test_a_chat_that_came_in_counts_as_foreign_text(full, stranger):
    take_in(stranger, export_of(full))
    leave.give(full, may_create=True)
    leave.give(stranger, may_create=True)
    answers = Message.objects.filter(role="assistant", state="done")
    assert leave.may_create(answers.get(owner=full), [])
    assert not leave.may_create(answers.get(owner=stranger), [])


def test_a_file_does_not_say_what_the_model_may_do(full, stranger):
    leave.give(full, may_create=True)
    take_in(stranger, export_of(full))
    assert not leave.is_given(stranger)


def rewritten(packed: bytes, name: str, change) -> bytes:
    there = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(there, "w") as new:
        for one in old.namelist():
            text = old.read(one)
            new.writestr(one, change(text) if one == name else text)
    return there.getvalue()


def test_a_chat_that_cannot_be_read_is_named_and_the_others_come_in(full, stranger):
    chat = Chat.objects.create(owner=full, title="Fine", model="m", created=moment(20))
    Message.objects.create(owner=full, chat=chat, role="user", content="words")

    def cut(text: bytes) -> bytes:
        first, rest = text.split(b"\n", 1)
        return first[: len(first) // 2] + b"\n" + rest

    one = take_in(stranger, rewritten(export_of(full), "chats/chats-000.jsonl", cut))
    assert (one.state, one.broken) == ("done", 1)
    assert remarks(one) == [("chats/chats-000.jsonl:1", "chat_damaged")]
    assert [chat.title for chat in stranger.chats.all()] == ["Fine"]
    assert Message.objects.filter(owner=stranger).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": [{"id": "no id", "role": "user"}]},
        {"messages": [{"id": "9b2d7d1e-0000-4000-8000-000000000001", "role": "system"}]},
        {"id": 7},
        {"ahfai": "something"},
        {
            "messages": [
                {
                    "id": "9b2d7d1e-0000-4000-8000-000000000001",
                    "parent": "9b2d7d1e-0000-4000-8000-000000000001",
                    "role": "user",
                    "content": "round and round",
                }
            ]
        },
    ],
)
def test_what_cannot_be_a_chat_is_refused_as_a_whole(full, stranger, wrong):
    def worsened(text: bytes) -> bytes:
        return json.dumps(json.loads(text) | wrong).encode()

    one = take_in(stranger, rewritten(export_of(full), "chats/chats-000.jsonl", worsened))
    assert one.state == "done"
    assert remarks(one) == [("chats/chats-000.jsonl:1", "chat_not_understood")]
    assert not stranger.chats.exists()


def test_a_reminder_that_cannot_be_one_is_named(full, stranger):
    def worsened(text: bytes) -> bytes:
        text = text.replace(b'"Water the plants"', b'"half \\ud800"')
        return text.replace(b'"rrule": "FREQ=WEEKLY;BYDAY=MO"', b'"rrule": "FREQ=SECONDLY"')

    one = take_in(stranger, rewritten(export_of(full), "reminders/reminders.jsonl", worsened))
    assert ("half \ufffd", "reminder_not_understood") in remarks(one)
    assert stranger.reminders.filter(about_kind="chat").exists()


def test_what_a_newer_one_made_is_refused(full, stranger):
    def newer(text: bytes) -> bytes:
        return json.dumps(json.loads(text) | {"version": 99}).encode()

    one = take_in(stranger, rewritten(export_of(full), "ahfai.json", newer))
    assert (one.state, one.reason) == ("failed", "newer")
    assert not stranger.notes.exists()


def test_the_command_takes_it_in_and_names_what_it_cannot(full, stranger, tmp_path, capsys):
    path = tmp_path / "all.zip"
    path.write_bytes(export_of(full))
    call_command("import_data", stranger.email, path)
    assert "6 came in, 0 were here already, 0 did not come in." in capsys.readouterr().out
    call_command("import_data", stranger.email, path)
    assert "0 came in, 6 were here already" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody"):
        call_command("import_data", "nobody@example.org", path)
    (tmp_path / "other.bin").write_bytes(b"no archive")
    with pytest.raises(CommandError, match="neither a ZIP"):
        call_command("import_data", stranger.email, tmp_path / "other.bin")


def test_the_page_takes_one_file_at_a_time_and_refuses_what_is_none(strangers_client):
    def send(words: bytes, name: str = "notes.md"):
        sent = SimpleUploadedFile(name, words)
        return strangers_client.post(reverse("data_import"), {"file": sent})

    refused = send(b"no archive", "AhFai.zip")
    assert refused.status_code == 422
    assert "This is neither a ZIP nor another export" in refused.content.decode()
    far_too_large = send(b"x" * (21 * 2**20))
    assert far_too_large.status_code == 413
    assert "at most 20 MB" in far_too_large.content.decode()
    assert not Import.objects.exists()
    assert send(b"words").status_code == 302
    failed = Import.objects.get()
    Import.objects.update(state="failed", ended=failed.started)
    assert send(b"other words").status_code == 302
    second = send(b"more words")
    assert second.status_code == 422
    assert "Your last import isn&#x27;t over yet." in second.content.decode()
    again = strangers_client.post(reverse("data_import_go_on", args=[failed.pk]), follow=True)
    assert "Your last import isn&#x27;t over yet." in again.content.decode()


def test_the_page_keeps_a_file_for_the_worker_and_says_what_became_of_it(
    full, strangers_client, stranger
):
    sent = SimpleUploadedFile("all.zip", export_of(full), "application/zip")
    assert strangers_client.post(reverse("data_import"), {"file": sent}).url == reverse("data")
    assert "waits for its turn" in strangers_client.get(reverse("data")).content.decode()
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    Import.objects.update(state="running", process=process)
    importing.run(Import.objects.get().pk, process.pk, arrivals.take_in)
    page = strangers_client.get(reverse("data")).content.decode()
    assert "6 things came in." in page
    strangers_client.post(reverse("data_import_dismiss", args=[Import.objects.get().pk]))
    assert not Import.objects.exists()
    nothing = strangers_client.post(reverse("data_import"), {})
    assert nothing.status_code == 422
