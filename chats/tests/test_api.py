"""Chats for programs that show a token."""

import json
import threading
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, Session
from accounts.programs import jwts
from accounts.sealing import keys
from accounts.tests.programs import Program, what_happened
from ahfai.testing import signed_in
from ahfai.tools import Tool
from chats import attachments, cards, drafts, order, servers, steering
from chats.generation import registry
from chats.lifecycle import closing, storing
from chats.models import Card, Chat, Message, State
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, Send, asking_for, final, head, say, think
from notes import order as note_order
from notes import writing
from reminders.tools import set_reminder

pytestmark = pytest.mark.django_db(transaction=True)

CHATS = "/api/chats"
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "chats:read", "chats:write")


def events(answer) -> list[tuple[str, int, dict]]:
    found = []
    for part in b"".join(answer.streaming_content).decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line)
        if "data" in fields:
            found.append((fields["event"], int(fields.get("id", 0)), json.loads(fields["data"])))
    return found


def words_of(got) -> str:
    """What a program puts together, with no piece missing or twice."""
    text = ""
    for name, number, data in got:
        if name == "text":
            assert data["from"] == len(text)
            text += data["text"]
            assert number == len(text)
    return text


def chat_with(owner, *turns: str, title="Trip") -> Chat:
    """Each question with its answer."""
    model = servers.default_model()
    chat = Chat.objects.create(owner=owner, title=title, model=model)
    for text in turns:
        reply = storing.ask(chat, text, model, None)[0]
        Message.objects.filter(pk=reply.pk).update(state=State.DONE, closed=timezone.now())
    return Chat.objects.get(pk=chat.pk)


def test_a_chat_begins_with_words_and_is_read_with_its_answer(owner, program, ollama):
    drafts.keep(owner, None, "half a thought", 0)
    made = program.post(CHATS, {"text": "Say hello"})
    assert made.status_code == 202
    said = made.json()
    chat, reply = said["chat"], said["reply"]
    assert made["Location"] == f"{CHATS}/{chat['id']}"
    assert (chat["title"], reply["role"], reply["chat"]) == ("Say hello", "assistant", chat["id"])
    path = f"/api/messages/{reply['id']}"
    done = wait_until(lambda: (now := program.get(path).json())["state"] == "done" and now)
    assert done["content"] == "Hello"
    branch = program.get(f"{CHATS}/{chat['id']}/messages").json()
    assert [one["content"] for one in branch["messages"]] == ["Say hello", "Hello"]
    assert branch["messages"][1]["parent"] == branch["messages"][0]["id"]
    assert branch["leaf"] == reply["id"]
    # What stands unsent in the box of a page is nothing of the program's.
    assert drafts.read(owner, None)[0] == "half a thought"


def test_the_words_stream_as_the_answer_to_the_question(owner, program, ollama):
    chat = chat_with(owner)
    answer = program.post(f"{CHATS}/{chat.pk}/messages", {"text": "More"}, **STREAM)
    assert answer["Content-Type"] == "text/event-stream"
    got = events(answer)
    assert (got[0][0], got[0][2]["role"]) == ("reply", "assistant")
    assert words_of(got) == "Hello"
    name, _number, last = got[-1]
    assert (name, last["state"], last["content"]) == ("done", "done", "Hello")
    assert last == program.get(f"/api/messages/{last['id']}").json()


def test_who_asks_only_for_the_head_of_a_stream_gets_no_words(owner, program):
    reply = chat_with(owner, "Hello").messages.get(role="assistant")
    head_alone = program.ask("HEAD", f"/api/messages/{reply.pk}/stream")
    assert head_alone.status_code == 200
    assert head_alone["Content-Type"] == "text/event-stream"
    assert head_alone.content == b""


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_stream_goes_on_where_the_program_left(owner, program, ollama, monkeypatch, elsewhere):
    left = threading.Event()

    def slow(request):
        yield Send(head())
        yield think(request, "let me see")
        yield say(request, "One two")
        left.wait(20)
        yield say(request, " three")
        yield final(request)
        yield Send(END)

    ollama.play(slow)
    chat = chat_with(owner)
    reply = program.post(f"{CHATS}/{chat.pk}/messages", {"text": "Count"}).json()
    path = f"/api/messages/{reply['id']}"
    wait_until(lambda: program.get(path).json()["content"])
    if elsewhere:
        monkeypatch.setattr("chats.generation.running", lambda _key: None)
    answer = program.get(f"{path}/stream", Last_Event_ID="4")
    left.set()
    got = events(answer)
    assert "".join(data["text"] for name, _, data in got if name == "text") == "two three"
    assert [data["text"] for name, _, data in got if name == "thinking"] == ["let me see"]
    assert got[-1][2]["content"] == "One two three"


def test_a_reply_is_stopped_and_goes_on(owner, program, ollama):
    ollama.play("endless")
    chat = chat_with(owner)
    reply = program.post(f"{CHATS}/{chat.pk}/messages", {"text": "Count"}).json()
    path = f"/api/messages/{reply['id']}"
    wait_until(lambda: program.get(path).json()["content"])
    assert program.post(f"{CHATS}/{chat.pk}/messages", {"text": "And?"}).status_code == 409
    assert program.post(f"{path}/stop").status_code == 204
    stopped = wait_until(lambda: (now := program.get(path).json())["state"] == "stopped" and now)
    assert stopped["sentence"] == "You stopped this answer."
    ollama.play("plain")
    more = program.post(f"{path}/continue", **STREAM)
    got = events(more)
    assert words_of(got).startswith(stopped["content"].rsplit(" ", 1)[0])
    assert len(got[-1][2]["versions"]) == 2
    assert program.post(f"/api/messages/{got[-1][2]['id']}/continue").status_code == 409


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (State.RUNNING, "AhFai is still answering. Wait for the end, or stop it first."),
        (State.DONE, "This answer is complete."),
        (State.STOPPED, "This answer has no words to go on from. Try again instead."),
    ],
)
def test_why_an_answer_isnt_continued_is_said(owner, program, state, sentence):
    reply = chat_with(owner, "Count").messages.in_order().last()
    closed = None if state == State.RUNNING else timezone.now()
    Message.objects.filter(pk=reply.pk).update(state=state, closed=closed)
    refused = program.post(f"/api/messages/{reply.pk}/continue")
    assert (refused.status_code, refused.json()["detail"]) == (409, sentence)


def test_a_request_that_comes_twice_begins_one_reply(owner, program, ollama):
    key = {"Idempotency_Key": "spring cleaning"}
    chat = chat_with(owner)
    path = f"{CHATS}/{chat.pk}/messages"
    first = program.post(path, {"text": "Once"}, **key).json()
    again = program.post(path, {"text": "Once"}, **key).json()
    assert again["id"] == first["id"]
    wait_until(lambda: not Message.objects.open().exists())
    late = program.post(path, {"text": "Once"}, **key)
    assert (late.status_code, late.json()["id"]) == (201, first["id"])
    # A stream that broke off before its first word is asked for again.
    assert events(program.post(path, {"text": "Once"}, **key, **STREAM))[0][2]["id"] == first["id"]
    assert program.post(path, {"text": "Twice"}, **key).status_code == 422
    assert program.post(CHATS, {"text": "Twice"}, **key).status_code == 422
    assert program.post(path, {"text": "x"}, Idempotency_Key="k" * 256).status_code == 400
    assert chat.messages.count() == 2
    another = {"Idempotency_Key": "another"}
    one = program.post(f"/api/messages/{first['id']}/retry", **another).json()
    two = program.post(f"/api/messages/{first['id']}/retry", **another).json()
    assert one["id"] == two["id"] != first["id"]
    made = [program.post(CHATS, {"text": "New"}, Idempotency_Key="new").json() for _ in range(2)]
    assert made[0]["chat"]["id"] == made[1]["chat"]["id"]


def test_a_key_that_began_one_reply_begins_no_other_elsewhere(owner, program, ollama):
    key = {"Idempotency_Key": "spring cleaning"}
    one, two = (chat_with(owner, "Hello").messages.get(role="assistant") for _ in range(2))
    assert program.post(f"/api/messages/{one.pk}/retry", **key).status_code == 202
    refused = program.post(f"/api/messages/{two.pk}/retry", **key)
    assert "used for another request" in refused.json()["detail"]
    assert two.chat.messages.count() == 2


@pytest.mark.parametrize("verb", ["ask", "edit", "retry"])
def test_where_the_chat_is_deleted_meanwhile_nothing_begins(owner, program, monkeypatch, verb):
    chat = chat_with(owner, "Hello")
    question, reply = chat.messages.in_order()
    path, said = {
        "ask": (f"{CHATS}/{chat.pk}/messages", {"text": "More"}),
        "edit": (f"/api/messages/{question.pk}/edit", {"text": "Other words"}),
        "retry": (f"/api/messages/{reply.pk}/retry", {}),
    }[verb]

    def deleted(*_looked_for):
        order.delete(chat)

    monkeypatch.setattr("chats.api_replies._stored", deleted)
    assert program.post(path, said).status_code == 404
    assert not Message.objects.exists()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_program_reads_its_place_in_the_line_and_when_it_is_its_turn(
    owner, program, ollama, monkeypatch, elsewhere
):
    ollama.play("endless", "plain")
    first = program.post(f"{CHATS}/{chat_with(owner).pk}/messages", {"text": "Count"}).json()
    path = f"/api/messages/{first['id']}"
    wait_until(lambda: program.get(path).json()["content"])
    if elsewhere:
        monkeypatch.setattr("chats.generation.running", lambda _key: None)
    answer = program.post(f"{CHATS}/{chat_with(owner).pk}/messages", {"text": "Hello"}, **STREAM)
    parts = iter(answer.streaming_content)
    waits = next(part for part in parts if b"event: state" in part).decode()
    said = json.loads(waits.partition("data: ")[2])
    assert (said["state"], said["place"]) == ("waiting", 1)
    assert said["sentence"]
    assert program.post(f"{path}/stop").status_code == 204
    assert b'"content": "Hello"' in b"".join(parts)


def test_what_a_tool_looks_up_is_told_while_the_answer_grows(owner, program, ollama):
    writing.create(owner, "Kitchen", "The boiler hums.")
    ollama.play(asking_for(("search_notes", {"query": "boiler"})), "plain")
    chat = chat_with(owner)
    said = {"text": "What about the boiler?", "model": "llama3.1:8b", "uses_notes": "useful"}
    got = events(program.post(f"{CHATS}/{chat.pk}/messages", said, **STREAM))
    [looked_up] = [data["lookups"] for name, _, data in got if name == "lookups"]
    assert "boiler" in json.dumps(looked_up)
    assert got[-1][2]["lookups"] == looked_up


def test_what_is_thrown_away_while_it_grows_is_asked_no_further(owner, program, ollama):
    for throw_away in (
        lambda chat, reply: program.post(f"{CHATS}/{chat.pk}/trash"),
        lambda chat, reply: program.delete(f"/api/messages/{reply['id']}"),
    ):
        ollama.play("endless")
        chat = chat_with(owner, "Hello")
        earlier = chat.messages.get(role="assistant")
        reply = program.post(f"/api/messages/{earlier.pk}/retry").json()
        path = f"/api/messages/{reply['id']}"
        wait_until(lambda path=path: program.get(path).json()["content"])
        assert throw_away(chat, reply).status_code in (200, 204)
        wait_until(lambda: not registry.every())


def test_a_program_that_leaves_changes_nothing(owner, program, ollama):
    chat = chat_with(owner)
    answer = program.post(f"{CHATS}/{chat.pk}/messages", {"text": "More"}, **STREAM)
    next(iter(answer.streaming_content))
    answer.close()
    wait_until(lambda: not Message.objects.open().exists())
    assert chat.messages.get(role="assistant").content == "Hello"


@pytest.mark.parametrize("of_a_front_end", [False, True])
def test_a_revoked_token_ends_its_stream(owner, program, ollama, monkeypatch, rf, of_a_front_end):
    monkeypatch.setattr("chats.watching.COMMENT_EVERY_S", 0.05)
    ollama.play("endless")
    chat = chat_with(owner)
    if of_a_front_end:
        access = jwts.begin(owner, rf.get("/")).access
        program.headers = {"Authorization": f"Bearer {access}"}
    answer = program.post(f"{CHATS}/{chat.pk}/messages", {"text": "Count"}, **STREAM)
    stream = iter(answer.streaming_content)
    assert any(b"still here" in part for part in stream)
    (Session if of_a_front_end else ApiToken).objects.all().delete()
    rest = b"".join(stream)
    assert b"event: gone" in rest
    assert b"event: done" not in rest
    assert Message.objects.open().exists()


@pytest.mark.parametrize("place", ["", "/archive", "/trash"])
def test_a_list_goes_on_where_a_page_ended(owner, program, monkeypatch, place):
    monkeypatch.setattr("notes.pages.PER_PAGE", 2)
    monkeypatch.setattr("ahfai.pages.PER_PAGE", 2)
    made = [chat_with(owner, title=f"Chat {number}") for number in range(5)]
    order.set_tags(made[4], ["travel/alps"])
    order.move(owner, [made[0].pk], "pin")
    elsewhere = {"": "archive", "/archive": "trash", "/trash": ""}[place]
    moved = [chat.pk for chat in made]
    if place:
        order.move(owner, moved, place.strip("/"))
    chat_with(owner, title="Elsewhere")
    if elsewhere:
        order.move(owner, [owner.chats.exclude(pk__in=moved).get().pk], elsewhere)
    found, after = [], ""
    while after is not None:
        page = program.get(f"{CHATS}{place}?after={after}").json()
        found += page["chats"]
        after = page["next"]
    titles = [one["title"] for one in found]
    expected = ["Chat 0", "Chat 4", "Chat 3", "Chat 2", "Chat 1"]
    assert titles[0] == "Chat 0" if not place else titles[-1] in expected
    assert sorted(titles) == sorted(expected)
    tagged = program.get(f"{CHATS}{place}?tag=travel").json()["chats"]
    assert [(one["title"], one["tags"]) for one in tagged] == [("Chat 4", ["travel/alps"])]
    assert program.get(f"{CHATS}{place}?tag=nowhere").status_code == 404


def test_longer_lists_ask_the_database_no_more_often(owner, program):
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert program.get(path).status_code == 200
        return len(asked)

    chat = chat_with(owner, "One", "Two")
    order.set_tags(chat, ["kitchen"])
    reply = chat.messages.filter(role="assistant").first()
    propose(reply)
    messages = f"{CHATS}/{chat.pk}/messages"
    queries(messages), queries(CHATS)
    before = queries(messages), queries(CHATS)
    for text in ("Three", "Four", "Five"):
        more = storing.ask(chat, text, "m", None)[0]
        closing.close(more, State.DONE)
        propose(more)
        order.set_tags(chat_with(owner, title=text), ["kitchen"])
    assert (queries(messages), queries(CHATS)) == before
    assert len(program.get(messages).json()["messages"]) == 10


def propose(reply, phrase="book the cabin tomorrow at 9"):
    proposal = Tool.of(set_reminder).call(reply.owner, {"phrase": phrase})
    return cards.propose(reply, proposal)


def test_a_chat_is_changed_at_the_version_that_was_read(owner, program):
    chat = chat_with(owner, "One")
    path = f"{CHATS}/{chat.pk}"
    read = program.get(path)
    assert read.json()["version"] == int(read["ETag"].strip('"'))
    assert program.patch(path, {"title": "Alps"}).status_code == 428
    wanted = {"title": "Alps", "pinned": True, "instructions": "Be brief.", "temperature": 0.2}
    changed = program.patch(path, wanted, If_Match=read["ETag"])
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in wanted} == wanted
    assert changed["ETag"] != read["ETag"]
    late = program.patch(path, {"title": "Jura"}, If_Match=read["ETag"])
    assert (late.status_code, late["ETag"]) == (412, changed["ETag"])
    no_truths = {"pinned": None}, {"pinned": "no"}, {"pinned": 0}
    for wrong in ({"title": ""}, {"uses_notes": "perhaps"}, {"temperature": 3}, *no_truths):
        said = {"archived": True} | wrong
        assert program.patch(path, said, If_Match=changed["ETag"]).status_code == 422
    now = program.get(path).json()
    assert (now["title"], now["archived"]) == ("Alps", False)
    assert program.patch(path, {"archived": True}, If_Match="*").json()["archived"]


def test_a_chat_carries_the_tags_that_are_said_and_no_others(owner, program):
    path = f"{CHATS}/{chat_with(owner, 'One').pk}"
    assert program.put(f"{path}/tags", {"tags": ["trips", "alps"]}).status_code == 200
    changed = program.put(f"{path}/tags", {"tags": ["alps", "snow"]})
    assert changed.json()["tags"] == program.get(path).json()["tags"] == ["alps", "snow"]
    assert program.put(f"{path}/tags", {"tags": ["x" * 81]}).status_code == 422


def test_a_chat_is_thrown_away_taken_back_and_deleted_for_good(owner, program):
    chat = chat_with(owner, "One")
    path = f"{CHATS}/{chat.pk}"
    assert program.delete(path).status_code == 409
    assert program.post(f"{path}/trash").json()["trashed"]
    for gone in (program.get(path), program.get(f"{path}/messages"), program.post(f"{path}/pin")):
        assert gone.status_code == 404
    reply = chat.messages.filter(role="assistant").get()
    assert program.get(f"/api/messages/{reply.pk}").status_code == 404
    assert program.post(f"{path}/restore").json()["trashed"] is None
    assert program.get(path).status_code == 200
    program.post(f"{path}/trash")
    assert program.delete(path).status_code == 204
    assert not owner.chats.exists()
    assert "Deleted for good from the trash: 1 (chats)." in what_happened(owner)


def test_a_long_chat_is_read_in_parts_and_each_branch_by_itself(
    owner, program, monkeypatch, ollama
):
    monkeypatch.setattr("chats.pages.MOST", 4)
    chat = chat_with(owner, "One", "Two", "Three")
    path = f"{CHATS}/{chat.pk}/messages"
    last = program.get(path).json()
    assert [one["content"] for one in last["messages"]] == ["Two", "", "Three", ""]
    first = program.get(f"{path}?before={last['before']}").json()
    assert [one["content"] for one in first["messages"]] == ["One", ""]
    assert (first["before"], last["after"]) == (None, None)
    assert program.get(f"{path}?after={first['after']}").json()["messages"] == last["messages"]
    two = last["messages"][0]
    answer = program.post(f"/api/messages/{two['id']}/edit", {"text": "Other"}, **STREAM)
    edited = events(answer)[-1][2]
    now = program.get(path).json()
    assert [one["content"] for one in now["messages"]] == ["One", "", "Other", "Hello"]
    assert now["messages"][2]["versions"] == [two["id"], edited["parent"]]
    aside = program.get(f"{path}?leaf={two['id']}").json()
    assert [one["content"] for one in aside["messages"]] == ["Two", "", "Three", ""]
    assert aside["leaf"] == last["leaf"]
    for nothing in ("leaf", "before", "after"):
        assert program.get(f"{path}?{nothing}={uuid.uuid4()}").status_code == 404
    assert program.post(f"/api/messages/{two['id']}/show").status_code == 204
    assert program.get(path).json()["leaf"] == last["leaf"]
    assert program.delete(f"/api/messages/{edited['parent']}").status_code == 204
    assert program.delete(f"/api/messages/{two['id']}").status_code == 409


def test_a_card_is_confirmed_once_by_whoever_may_write(owner, program):
    chat = chat_with(owner, "One")
    reply = chat.messages.filter(role="assistant").get()
    card = propose(reply)
    [shown] = program.get(f"/api/messages/{reply.pk}").json()["cards"]
    assert (shown["state"], shown["title"]) == ("proposed", "book the cabin")
    assert any("9:00" in fact for fact in shown["facts"])
    listed = program.get(f"{CHATS}/{chat.pk}/messages").json()["messages"][1]["cards"]
    assert listed[0]["id"] == str(card.pk)
    path = f"/api/cards/{card.pk}"
    assert program.get(path).json() == shown
    assert Program(owner, "chats:read").post(f"{path}/confirm").status_code == 403
    assert not owner.reminders.exists()
    for _ in range(2):
        done = program.post(f"{path}/confirm", {"version": shown["version"]})
        assert (done.status_code, done.json()["state"]) == (200, "done")
    assert owner.reminders.count() == 1
    assert program.post(f"{path}/undo").json()["state"] == "undone"
    assert not owner.reminders.living().exists()
    other = propose(reply)
    assert program.post(f"/api/cards/{other.pk}/dismiss").json()["state"] == "dismissed"


def test_what_is_done_and_gone_since_is_not_taken_back(owner, program):
    reply = chat_with(owner, "One").messages.get(role="assistant")
    path = f"/api/cards/{propose(reply).pk}"
    assert program.post(f"{path}/confirm").json()["state"] == "done"
    owner.reminders.all().delete()
    gone = program.post(f"{path}/undo")
    assert (gone.status_code, program.get(path).json()["state"]) == (409, "done")
    assert "left as it is" in gone.json()["detail"]


def test_a_card_that_cannot_be_opened_does_nothing(owner, program):
    reply = chat_with(owner, "One").messages.get(role="assistant")
    path = f"/api/cards/{propose(reply).pk}"
    owner.keys.all().delete()
    keys.forget(owner.pk)
    refused = program.post(f"{path}/confirm")
    assert (refused.status_code, owner.reminders.count()) == (409, 0)
    assert program.get(path).json()["state"] == "unreadable"


def test_a_card_of_a_kind_of_another_version_is_not_there(owner, program):
    card = propose(chat_with(owner, "One").messages.get(role="assistant"))
    Card.objects.update(kind="of_tomorrow")
    for answer in (
        program.get(f"/api/cards/{card.pk}"),
        program.post(f"/api/cards/{card.pk}/confirm"),
        signed_in(owner).post(f"/chats/cards/{card.pk}/confirm"),
    ):
        assert answer.status_code == 404


def test_what_needs_no_model_is_there_at_once(owner, program):
    chat = chat_with(owner)
    made = program.post(f"{CHATS}/{chat.pk}/messages", {"text": "/remind me to stretch at 9"})
    assert (made.status_code, made.json()["state"]) == (201, "done")
    assert made.json()["cards"][0]["state"] == "proposed"


def test_a_message_comes_with_files_that_were_uploaded(owner, stranger, program, ollama):
    sent = SimpleUploadedFile("list.txt", b"leek and potato")
    file = attachments.take_in(owner, sent)
    theirs = attachments.take_in(stranger, SimpleUploadedFile("secret.txt", b"secret"))
    chat = chat_with(owner)
    path = f"{CHATS}/{chat.pk}/messages"
    refused = program.post(path, {"text": "Soup?", "files": [str(theirs.pk)]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "files"
    reply = program.post(path, {"text": "Soup?", "files": [str(file.pk)]}).json()
    question = program.get(f"/api/messages/{reply['parent']}").json()
    assert [one["name"] for one in question["files"]] == ["list.txt"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": "x" * 100_001}, "text"),
        ({"text": "x", "uses_notes": "perhaps"}, "uses_notes"),
        ({"text": "x", "model": "m" * 201}, "model"),
        ({"text": "x", "after": "x"}, "after"),
        ({"text": "x", "files": ["x"]}, "files.0"),
        ({"text": 1}, "text"),
    ],
)
def test_what_is_no_message_is_refused_in_words(owner, program, said, field):
    chat = chat_with(owner)
    answer = program.post(f"{CHATS}/{chat.pk}/messages", said)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert not chat.messages.exists()


def test_what_is_no_model_and_no_version_is_refused_in_words(owner, program):
    reply = chat_with(owner, "Hello").messages.get(role="assistant")
    card = propose(reply)
    for path, said in (
        (f"/api/messages/{reply.pk}/retry", {"model": "m" * 201}),
        (f"/api/cards/{card.pk}/confirm", {"version": -1}),
    ):
        refused = program.post(path, said)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] in said
    assert not owner.reminders.exists()


def test_a_token_does_only_what_it_may(owner):
    chat = chat_with(owner, "One")
    reply = chat.messages.filter(role="assistant").get()
    reads, writes = Program(owner, "chats:read"), Program(owner, "chats:write")
    path, message = f"{CHATS}/{chat.pk}", f"/api/messages/{reply.pk}"
    for readable in (CHATS, path, f"{path}/messages", message):
        assert reads.get(readable).status_code == 200
        assert writes.get(readable).status_code == 403
    for refused in (
        reads.post(CHATS, {"text": "x"}),
        reads.post(f"{path}/messages", {"text": "x"}),
        reads.post(f"{message}/retry"),
        reads.post(f"{message}/stop"),
        reads.delete(message),
        writes.get(f"{message}/stream"),
        Program(owner, "notes:read").get(CHATS),
    ):
        assert refused.status_code == 403
    assert writes.post(f"{message}/stop").status_code == 204


def test_many_chats_are_moved_at_once_and_nobody_elses(owner, stranger, program):
    mine, theirs = [chat_with(owner), chat_with(owner)], chat_with(stranger)
    said = {"chats": [str(one.pk) for one in (*mine, theirs)], "to": "trash"}
    assert {*program.post(f"{CHATS}/move", said).json()["chats"]} == {*said["chats"][:2]}
    assert program.post(f"{CHATS}/move", said).json()["chats"] == []
    assert [one.pk for one in Chat.objects.filter(trashed=None)] == [theirs.pk]
    # What is in the trash is nowhere else, as by its own address.
    for to in ("pin", "archive"):
        assert program.post(f"{CHATS}/move", said | {"to": to}).json()["chats"] == []
    assert not Chat.objects.filter(Q(pinned=True) | Q(archived=True)).exists()
    assert program.post(f"{CHATS}/move", said | {"to": "nowhere"}).status_code == 422


def test_a_chat_keeps_to_notes_and_begins_with_a_preset(owner, stranger, program, ollama):
    kept, theirs = writing.create(owner, "Soup", "leek"), writing.create(stranger, "Secret", "")
    note_order.set_tags(kept, ["kitchen"])
    chat = chat_with(owner)
    path = f"{CHATS}/{chat.pk}/notes"
    said = {"notes": [str(kept.pk), str(theirs.pk)], "tags": ["kitchen", "nowhere"]}
    told = program.put(path, said).json()
    assert (told["only_notes"], told["only_tags"]) == ([str(kept.pk)], ["kitchen"])
    assert program.put(path, {}).json()["only_notes"] == []
    brief = steering.save_preset(owner, "Brief", instructions="Be brief.")
    steering.save_preset(stranger, "Secret")
    listed = program.get(f"{CHATS}/presets").json()["presets"]
    assert listed == [{"id": str(brief.pk), "name": "Brief"}]
    made = program.post(CHATS, {"text": "Hello?", "preset": str(brief.pk)}).json()
    assert made["chat"]["instructions"] == "Be brief."
    gone = program.post(CHATS, {"text": "Hello?", "preset": str(uuid.uuid4())})
    assert gone.status_code == 422
    models = program.get(f"{CHATS}/models").json()
    assert models["picked"] in models["models"]
