"""`manage.py ask`, and the client of docs/client.py: a turn of a chat without a page."""

import contextlib
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import uuid

import pytest
import requests
from django.core.management import call_command
from django.core.management.base import CommandError

from ahfai.testing import make_person
from ahfai.tests.house import Browser, House
from ahfai.tests.tables import ROOT
from chats import drafts, servers
from chats.lifecycle import closing, storing
from chats.models import Chat, Message, State
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, FakeOllama, Send, final, head, say


class Gate:
    """Holds an answer back after its first words, until the test has seen them."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def play(self, request):
        yield Send(head())
        yield say(request, "One \x1b[31mtwo")
        self.opened.wait(20)
        yield say(request, " three")
        yield final(request)
        yield Send(END)


@pytest.mark.both_databases
@pytest.mark.same_everywhere
def test_the_shell_and_a_program_talk_with_the_model_beside_the_pages():
    with FakeOllama(delay_s=0.02) as ollama, House(OLLAMA_URL=ollama.url) as house:
        person = Browser(house.url)
        person.sign_up("ada@example.org")
        a_program_writes_reminds_and_streams(house, ollama, person)
        the_shell_prints_words_as_they_come(house, ollama, person)
        ctrl_c_stops_the_answer_and_keeps_it(house, ollama, person)
        an_answer_whose_process_is_killed_is_closed(house, ollama, person)
        log = house.log.read_text()
        assert "One" not in log
        assert "Count" not in log


def a_program_writes_reminds_and_streams(house, ollama, person):
    said = {
        "name": "Client",
        "scopes": [
            f"{kind}:{do}" for kind in ("chats", "notes", "reminders") for do in ("read", "write")
        ],
        "days": "30",
    }
    made = person.post("/you/tokens/new", "/you/tokens/new", said).text
    token = re.search(r"<code[^>]*>(ahfai_[\w-]{43})</code>", made)[1]
    client = {"AHFAI_URL": house.url, "AHFAI_TOKEN": token}

    def run(*words: str, **more: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "docs/client.py", *words]
        return subprocess.run(
            command, cwd=ROOT, env=os.environ | client | more, capture_output=True, text=True
        )

    assert run("note", "Soup", "Leek and *potato*").stdout.startswith("Written: ")
    assert "Soup" in person.get("/notes/").text
    assert run("remind", "call mum tomorrow at 9").stdout.startswith("call mum: 2")
    gate = Gate()
    ollama.play(gate.play)
    with started("docs/client.py", "ask", "Count", env=client) as process:
        read(process, "One \x1b[31mtwo")
        gate.opened.set()
        rest, _ = process.communicate(timeout=60)
    assert rest.startswith(" three\n(chat ")
    assert process.returncode == 0
    ollama.play("plain")
    chat_id = re.search(r"chat ([0-9a-f-]{36}), done", rest)[1]
    assert run("ask", "And more?", "--chat", chat_id).stdout.startswith("Hello\n")
    page = person.get(f"/chats/{chat_id}/").text
    assert "Count" in page
    assert "And more?" in page
    refused = run("note", "", "")
    assert (refused.returncode, refused.stderr) == (1, "Write something first.\n")
    assert run("note", "t", "", AHFAI_TOKEN="ahfai_x").returncode == 1


def test_a_program_asks_again_with_its_key_where_it_is_to_wait(monkeypatch):
    client = runpy.run_path(str(ROOT / "docs" / "client.py"))
    sent = []

    def answer(status: int, body: bytes, **headers: str) -> requests.Response:
        made = requests.Response()
        made.status_code, made._content = status, body
        made.headers.update({name.replace("_", "-"): text for name, text in headers.items()})
        return made

    answers = [answer(503, b"", Retry_After="0"), answer(409, b"", Retry_After="0")]
    answers.append(answer(201, b'{"id": "1"}'))

    def post(session, url, headers, **more):
        sent.append(headers["Idempotency-Key"])
        return answers[len(sent) - 1]

    monkeypatch.setattr(requests.Session, "post", post)
    assert client["AhFai"]("http://ahfai.example", "ahfai_x").write_note("t", "") == {"id": "1"}
    assert len(sent) == 3
    assert len(set(sent)) == 1


def the_shell_prints_words_as_they_come(house, ollama, person):
    gate = Gate()
    ollama.play(gate.play)
    with started("manage.py", "ask", "Count", "with me", env=house.environment) as process:
        # What a terminal would take for a command is taken out.
        read(process, "One \N{REPLACEMENT CHARACTER}[31mtwo")
        gate.opened.set()
        rest, told = process.communicate(timeout=60)
    assert (rest, process.returncode) == (" three\n", 0)
    chat_id = re.search(r"--chat ([0-9a-f-]{36})", told)[1]
    assert "Count with me" in person.get(f"/chats/{chat_id}/").text


def ctrl_c_stops_the_answer_and_keeps_it(house, ollama, person):
    ollama.play("endless")
    # What a shell starts in the background ignores it, and so would all that is started from here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with started("manage.py", "ask", "Count on", env=house.environment) as process:
        assert process.stdout.read(9)
        process.send_signal(signal.SIGINT)
        _rest, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "You stopped this answer." in told
    assert "You stopped this answer." in person.get(chat_in(told)).text


def an_answer_whose_process_is_killed_is_closed(house, ollama, person):
    ollama.play("endless")
    with started("manage.py", "ask", "Count for ever", env=house.environment) as process:
        assert process.stdout.read(9)
        process.kill()
    newest = re.search(r'href="(/chats/[0-9a-f-]{36}/)', person.get("/chats/").text)[1]
    wait_until(lambda: "AhFai was restarted" in person.get(newest).text, 20)
    ollama.play("endless")
    with started("manage.py", "ask", "Count once more", env=house.environment) as process:
        assert process.stdout.read(9)
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    newest = re.search(r'href="(/chats/[0-9a-f-]{36}/)', person.get("/chats/").text)[1]
    assert "AhFai was restarted" in person.get(newest).text


def chat_in(told: str) -> str:
    return f"/chats/{re.search('--chat ([0-9a-f-]{36})', told)[1]}/"


@contextlib.contextmanager
def started(*command: str, env: dict[str, str]):
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read(process, words: str) -> None:
    """Comes back as soon as these were printed."""
    got = process.stdout.read(len(words))
    assert got == words, got + process.stderr.read() if len(got) < len(words) else got


@pytest.mark.django_db(transaction=True)
def test_who_asks_and_where_has_to_be_clear(owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    assert refused() == "Write something first."
    for said in ("last week", str(chat.pk)[:-1], "x" * 36, str(uuid.uuid4())):
        assert refused("Hello?", chat=said) == "This person has no such chat."
    stranger = make_person()
    assert refused("Hello?").startswith("Several people have accounts here.")
    assert refused("Hello?", email="nobody@example.org").startswith("Nobody has an account with")
    assert refused("x", chat=str(chat.pk), email=stranger.email) == "This person has no such chat."
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_chat_goes_on_from_the_shell(owner, ollama, capsys):
    call_command("ask", "Hello?")
    first = capsys.readouterr()
    assert first.out == "Hello\n"
    chat = owner.chats.get()
    assert first.err == f"http://localhost:8000/chats/{chat.pk}/ (--chat {chat.pk})\n"
    drafts.keep(owner, chat, "half a thought", 0)
    call_command("ask", "And", "then?", chat="last")
    assert chat.messages.in_order().values_list("role", flat=True).count() == 4
    assert [one.content for one in chat.messages.in_order()][2:] == ["And then?", "Hello"]
    # What stands unsent in the box of a page is nothing of the shell's.
    assert drafts.read(owner, chat)[0] == "half a thought"
    capsys.readouterr()
    call_command("ask", "/remind stretch tomorrow at 9", chat=str(chat.pk))
    assert "stretch. Decide about it in the chat." in capsys.readouterr().err
    assert not owner.reminders.exists()
    reply = storing.ask(chat, "Go on", servers.default_model(), None)[0]
    assert "still answering" in refused("And?", chat="last")
    closing.close(reply, State.DONE)


@pytest.mark.django_db(transaction=True)
def test_what_is_piped_in_is_the_question_or_comes_with_it_as_a_file(
    owner, ollama, capsys, monkeypatch
):
    def asked(piped: bytes, *words: str) -> str:
        with pipe_with(piped) as pipe, monkeypatch.context() as patched:
            patched.setattr("sys.stdin", pipe)
            call_command("ask", *words)
        assert capsys.readouterr().out == "Hello\n"
        return ollama.chats[-1].body["messages"][-1]["content"]

    assert asked(b"Why is the sky blue?\n") == "Why is the sky blue?"
    told = asked(b"Leek and potato", "Sum this up")
    assert "Leek and potato" in told
    assert "piped.txt" in told
    assert asked(b"", "Nothing was piped in") == "Nothing was piped in"
    with pipe_with(b"\xff") as pipe:
        monkeypatch.setattr("sys.stdin", pipe)
        assert refused() == "What is piped in isn't text in UTF-8."


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_fails_says_why_and_ends_with_1(owner, ollama, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("ask", "Hello?", model="no-such-model")
    assert ended.value.code == 1
    assert "isn't on the model server" in capsys.readouterr().err
    assert owner.messages.filter(role="user").get().content == "Hello?"


def refused(*words: str, **more: str) -> str:
    with pytest.raises(CommandError) as error:
        call_command("ask", *words, **more)
    return str(error.value)


def pipe_with(piped: bytes):
    reader, writer = os.pipe()
    os.write(writer, piped)
    os.close(writer)
    return os.fdopen(reader)
