"""Chats for programs that show a token."""

import json
import threading

import pytest
from django.utils import timezone

from accounts.models import ApiToken
from accounts.tests.programs import Program
from chats import drafts, lifecycle, servers
from chats.models import Chat, Message, State
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, Send, final, head, say, think

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
        reply = lifecycle.ask(chat, text, model, None)[0]
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


def test_a_revoked_token_ends_its_stream(owner, program, ollama, monkeypatch):
    monkeypatch.setattr("chats.watching.COMMENT_EVERY_S", 0.05)
    ollama.play("endless")
    chat = chat_with(owner)
    answer = program.post(f"{CHATS}/{chat.pk}/messages", {"text": "Count"}, **STREAM)
    stream = iter(answer.streaming_content)
    next(stream)
    ApiToken.objects.all().delete()
    rest = b"".join(stream)
    assert b"event: gone" in rest
    assert b"event: done" not in rest
    assert Message.objects.open().exists()
