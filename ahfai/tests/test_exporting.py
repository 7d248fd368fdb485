"""Everything out: made by the worker, sealed while it waits, gone after a day."""

import datetime
import io
import json
import uuid
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from accounts.models import AuditEntry, Export, ExportPart
from accounts.parting import exports
from ahfai import exporting
from ahfai.crypto import SealError
from ahfai.models import Heartbeat
from ahfai.tests.at_rest import holding, rows
from ahfai.tests.everything import give_everything
from chats.models import Chat, Message

pytestmark = pytest.mark.django_db

WORD = "quetzal-lapwing-3391"


def make() -> None:
    """What the worker does."""
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    for one in Export.objects.filter(state=Export.State.WAITING):
        Export.objects.filter(pk=one.pk).update(state=Export.State.RUNNING, process=process)
        exports.run(one.pk, process.pk, exporting.make)


def exported(client) -> zipfile.ZipFile:
    client.post(reverse("data_export"))
    make()
    answer = client.get(reverse("data_export_file"))
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


@pytest.fixture
def full(owner):
    Export.objects.all().delete()
    give_everything(owner, WORD)
    Export.objects.all().delete()
    return owner


def test_it_has_everything_in_forms_that_others_can_read(client, full):
    packed = exported(client)
    assert packed.testzip() is None
    manifest = json.loads(packed.read("ahfai.json"))
    assert (manifest["ahfai"], manifest["version"]) == ("export", 1)
    assert manifest["counts"] == {"notes": 1, "chats": 1, "reminders": 2}
    assert "Chats (1)" in packed.read("README.txt").decode()
    assert WORD in packed.read(f"notes/{WORD}.md").decode()
    assert packed.read(f"notes/files/{WORD}").decode() == WORD
    [chat] = packed.read("chats/chats-000.jsonl").decode().splitlines()
    assert json.loads(chat)["messages"][0]["content"] == WORD
    assert f"# {WORD}" in packed.read(f"chats/readable/{WORD}.md").decode()
    calendar = Calendar.from_ical(packed.read("reminders/reminders.ics"))
    assert [str(one["summary"]) for one in calendar.walk("VTODO")] == [WORD, WORD]
    said = [json.loads(line) for line in packed.read("reminders/reminders.jsonl").splitlines()]
    assert {one.get("list") for one in said} >= {WORD}
    settings = json.loads(packed.read("settings.json"))
    assert [one["text"] for one in settings["facts"]] == [WORD]
    assert [one["name"] for one in settings["presets"]] == [WORD]


def test_a_chat_has_its_branches_and_says_which_one_is_shown(client, owner):
    chat = Chat.objects.create(owner=owner, title="Oak", model="m")
    said = Message.objects.create(owner=owner, chat=chat, role="user", content="first")
    other = Message.objects.create(owner=owner, chat=chat, role="user", content="second")
    Chat.objects.filter(pk=chat.pk).update(current=said)
    packed = exported(client)
    told = json.loads(packed.read("chats/chats-000.jsonl"))
    assert [one["parent"] for one in told["messages"]] == [None, None]
    assert {one["id"] for one in told["messages"]} == {str(said.pk), str(other.pk)}
    assert told["current"] == str(said.pk)
    readable = packed.read("chats/readable/Oak.md").decode()
    assert "first" in readable
    assert "second" not in readable


def test_the_readable_chat_says_why_an_answer_is_missing(client, owner):
    chat = Chat.objects.create(owner=owner, title="Oak", model="m")
    said = Message.objects.create(owner=owner, chat=chat, role="user", content="first")
    answer = {"role": "assistant", "parent": said, "state": "stopped", "closed": timezone.now()}
    stopped = Message.objects.create(owner=owner, chat=chat, **answer)
    Chat.objects.filter(pk=chat.pk).update(current=stopped)
    readable = exported(client).read("chats/readable/Oak.md").decode()
    assert "*You stopped this answer.*" in readable


def test_no_word_lies_in_clear_while_it_waits_and_none_of_a_strangers_is_in_it(
    client, full, stranger
):
    give_everything(stranger, "a stranger's")
    Export.objects.all().delete()
    packed = exported(client)
    assert ExportPart.objects.filter(owner=full).exists()
    assert holding(WORD, rows()) == []
    for name in packed.namelist():
        assert b"a stranger's" not in packed.read(name)
        assert "a stranger's" not in name


def test_one_at_a_time_five_a_day_and_only_ones_own(client, owner, strangers_client):
    for _ in range(exports.MOST_A_DAY):
        client.post(reverse("data_export"))
        client.post(reverse("data_export"))
        assert Export.objects.filter(owner=owner).count() == 1
        make()
    refused = client.post(reverse("data_export"))
    assert refused.status_code == 429
    assert "5 times today" in refused.content.decode()
    assert strangers_client.get(reverse("data_export_file")).status_code == 404
    strangers_client.post(reverse("data_export_drop"))
    assert client.get(reverse("data_export_file")).status_code == 200
    events = set(AuditEntry.objects.filter(owner=owner).values_list("event", flat=True))
    assert {"export_asked", "export_fetched"} <= events


def test_it_is_gone_after_a_day_or_when_its_person_says_so(client, owner):
    exported(client)
    Export.objects.update(ended=timezone.now() - exports.KEPT_FOR - datetime.timedelta(minutes=1))
    assert client.get(reverse("data_export_file")).status_code == 404
    assert "Make the export" in client.get(reverse("data")).content.decode()
    exports.forget_old()
    assert not ExportPart.objects.exists()
    exported(client)
    client.post(reverse("data_export_drop"))
    assert not ExportPart.objects.exists()


def test_the_page_shows_how_far_it_is_and_reads_itself_anew_at_the_end(client, owner):
    client.post(reverse("data_export"))
    assert "waits for its turn" in client.get(reverse("data")).content.decode()
    Export.objects.update(state="running", total=10, done=3)
    assert "3 of 10" in client.get(reverse("data_export_now")).content.decode()
    Export.objects.update(state="done", ended=timezone.now(), size=1)
    answer = client.get(reverse("data_export_now"))
    assert answer["HX-Refresh"] == "true"
    assert "Your export is ready" in answer.content.decode()


def test_what_a_dead_worker_left_can_be_asked_for_again(client, owner):
    gone = Heartbeat.objects.create(kind="worker", host="gone", pid=1)
    Heartbeat.objects.update(seen=timezone.now() - datetime.timedelta(minutes=5))
    client.post(reverse("data_export"))
    Export.objects.update(state="running", process=gone)
    exports.take_up(gone.pk, exporting.make)
    assert "could not be finished" in client.get(reverse("data")).content.decode()
    assert exported(client).testzip() is None


def test_whoever_cancels_it_leaves_no_piece_behind(owner):
    one = exports.ask(owner)
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    Export.objects.update(state="running", process=process)

    def make_and_cancel(_user):
        def pieces():
            yield 1, b"x" * exports.PART
            exports.drop(owner)
            yield 1, b"x" * exports.PART

        return 2, pieces()

    exports.run(one.pk, process.pk, make_and_cancel)
    assert not Export.objects.exists()
    assert not ExportPart.objects.exists()


def test_a_part_that_was_exchanged_is_refused(client, owner):
    big = uuid.uuid4().bytes * 100_000
    one = exports.ask(owner)
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    Export.objects.update(state="running", process=process)
    exports.run(one.pk, process.pk, lambda _user: (1, iter([(1, big)])))
    one.refresh_from_db()
    assert b"".join(exports.pieces(one)) == big
    first, second = one.parts.order_by("number")
    ExportPart.objects.filter(pk=second.pk).update(number=9)
    ExportPart.objects.filter(pk=first.pk).update(number=1)
    with pytest.raises(SealError):
        b"".join(exports.pieces(one))


def test_what_cannot_be_opened_is_named_and_the_rest_comes_along(client, owner):
    for title in ("good", "bad"):
        Chat.objects.create(owner=owner, title=title, model="m")
    good, bad = Chat.objects.order_by("created")
    sealed = Chat._meta.get_field("title").held(good)
    Chat.objects.filter(pk=bad.pk).update(title=sealed)
    packed = exported(client)
    assert "good" in packed.read("chats/chats-000.jsonl").decode()
    assert str(bad.pk) in packed.read("chats/not exported.txt").decode()
