"""The whole protocol against the real server with a tiny model: shapes, never wording."""

import errno
import os
import signal
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from ahfai.tests.ports import free_port
from chats.builtin import environment, keeper
from chats.builtin.server import Settings
from chats.tests.builtin_model import KEY, Kept, kept, tiny_weights
from chats.tests.conftest import wait_until

STRANGE_PAGE = "https://elsewhere.example"
LONG_TEXT = "one two three four five " * 300
TOO_LONG = "one two three four five " * 2500


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    with kept(tmp_path_factory.mktemp("model")) as running:
        running.wait_until_ready()
        yield running


def test_it_says_what_it_is_doing_until_it_is_ready(model):
    states = [state for state in model.states() if state != "checking"]
    assert states[:2] == ["loading", "ready"]


def test_an_answer_streams_in_the_shape_that_the_engine_reads(model):
    answer = model.chat("Say something.")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    *chunks, usage, done = answer.events()
    assert done == "[DONE]"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": None}
    assert all(isinstance(c["choices"][0]["delta"]["content"], str) for c in chunks[1:-1])
    assert chunks[-1]["choices"][0]["finish_reason"] in ("stop", "length")
    assert usage["choices"] == []
    assert usage["usage"]["prompt_tokens"] > 0
    assert 0 < usage["usage"]["completion_tokens"] <= 8


def test_the_model_has_its_name_for_people(model):
    listed = model.ask("GET", "/v1/models").json()
    assert [entry["id"] for entry in listed["data"]] == ["smollm2:135m"]
    assert model.chat("Hello").events()[0]["model"] == "smollm2:135m"


def test_each_of_two_conversations_has_the_whole_context(model):
    props = model.ask("GET", "/props").json()
    assert props["total_slots"] == 2
    assert props["default_generation_settings"]["n_ctx"] == 8192


def test_an_overlong_prompt_is_refused_with_its_numbers(model):
    answer = model.chat(TOO_LONG)
    assert answer.status == 400
    error = answer.json()["error"]
    assert error["type"] == "exceed_context_size_error"
    assert error["n_prompt_tokens"] > error["n_ctx"] == 8192


@pytest.mark.parametrize("path", ["/v1/models", "/props", "/slots", "/metrics", "/"])
@pytest.mark.parametrize("key", ["", "Bearer ", "Bearer wrong", f"Basic {KEY}"])
def test_nothing_is_told_without_the_key(model, path, key):
    assert model.ask("GET", path, Authorization=key).status in (401, 404)


def test_no_answer_without_the_key(model):
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    for path in ("/v1/chat/completions", "/v1/completions", "/completion", "/tokenize"):
        assert model.ask("POST", path, body, Authorization="Bearer wrong").status == 401


def test_a_page_in_a_browser_gets_nothing(model):
    asked = {"Origin": STRANGE_PAGE, "Access-Control-Request-Method": "POST"}
    allowed = model.ask("OPTIONS", "/v1/chat/completions", Authorization="", **asked)
    assert not allowed.headers.get("Access-Control-Allow-Origin")
    assert not allowed.headers.get("Access-Control-Allow-Headers")
    assert not allowed.headers.get("Access-Control-Allow-Methods")
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    refused = model.ask("POST", "/v1/chat/completions", body, Origin=STRANGE_PAGE, Authorization="")
    assert refused.status == 401
    assert not refused.headers.get("Access-Control-Allow-Origin")


def test_it_has_no_pages_and_doesnt_tell_what_is_being_answered(model):
    assert model.ask("GET", "/").status == 404
    assert model.ask("GET", "/slots").status == 501


def test_it_listens_on_this_machine_only(model):
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{model.port:04X}")
    ]
    assert listening == [f"0100007F:{model.port:04X}"]


def test_its_key_and_our_secrets_are_in_neither_its_command_line_nor_its_environment(model):
    process = Path("/proc") / str(model.server_pid())
    assert KEY not in (process / "cmdline").read_text()
    variables = (process / "environ").read_bytes()
    assert KEY.encode() not in variables
    names = {entry.split(b"=")[0].decode() for entry in variables.split(b"\0") if entry}
    told = {name for name in names if not name.startswith("LC_")}
    assert told <= {*environment.FOR_ALL, "GOMP_SPINCOUNT"}


def test_what_it_prints_goes_nowhere(model):
    handles = Path("/proc") / str(model.server_pid()) / "fd"
    assert {os.readlink(handles / number) for number in "12"} == {os.devnull}


def test_a_long_prompt_is_no_silence(tmp_path, monkeypatch):
    """While it reads, comments tell that it lives."""
    monkeypatch.setattr(keeper, "Settings", _pinging)
    with kept(tmp_path) as model:
        model.wait_until_ready()
        first = next(line for line in model.chat(LONG_TEXT).lines() if line)
        assert first.startswith(":")


def test_stop_before_the_first_token_by_a_restart(tmp_path):
    with kept(tmp_path) as model:
        model.wait_until_ready()
        first = model.server_pid()
        answer = model.chat(LONG_TEXT * 4)
        model.wish_restart()
        model.wait_until_ready(times=2)
        answer.close()
        assert model.server_pid() != first
        assert model.chat("Hello").events()[-1] == "[DONE]"


def test_a_server_that_dies_is_started_again_and_one_that_is_stopped_is_gone(tmp_path):
    with kept(tmp_path) as model:
        model.wait_until_ready()
        os.kill(model.server_pid(), signal.SIGKILL)
        # Said before the pause that a dead server is given.
        wait_until(lambda: model.states()[-1] == "loading", seconds=1)
        model.wait_until_ready(times=2)
        assert model.chat("Hello").status == 200
    wait_until(lambda: model.server_pid() is None)


def test_it_goes_with_a_keeper_that_is_killed(tmp_path):
    program = f"""
import threading
from pathlib import Path
from chats.builtin.keeper import keep
from chats.builtin.weights import TEST
keep(weights=TEST, folder=Path({str(tmp_path)!r}), port=PORT, key={KEY!r}, threads=1,
     model_file=Path({str(tiny_weights())!r}), report=lambda progress: None,
     restart_wanted=lambda: False, stopping=threading.Event())
"""
    model = Kept(free_port(), tmp_path)
    keeping = subprocess.Popen(
        [sys.executable, "-c", program.replace("PORT", str(model.port))], cwd=keeper.PROJECT
    )
    try:
        wait_until(model.server_pid, seconds=60)
    finally:
        keeping.kill()
        keeping.wait()
    wait_until(lambda: model.server_pid() is None)


def test_a_server_that_never_stays_alive_is_told_and_tried_again_when_wished(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "DEATHS", 2)
    with (
        socket.create_server(("127.0.0.1", free_port())) as taken,
        kept(tmp_path, taken.getsockname()[1]) as model,
    ):
        wait_until(lambda: model.states()[-1:] == ["failed"], seconds=30)
        assert "Ollama" in model.said[-1].sentence
        taken.close()
        model.wish_restart()
        wait_until(lambda: model.states()[-1] == "ready", seconds=30)


@pytest.mark.parametrize("wrong", [zlib.error, ZeroDivisionError, OSError])
def test_whatever_goes_wrong_is_told_and_tried_again_when_wished(
    tmp_path, monkeypatch, caplog, wrong
):
    def broken(*_args, **_options):
        raise wrong("words of nobody")

    monkeypatch.setattr(keeper, "obtain", broken)
    with kept(tmp_path, free_port()) as model:
        wait_until(lambda: model.states()[-1:] == ["failed"], seconds=30)
        sentence = model.said[-1].sentence
        assert "try again" in sentence.lower()
        assert not [word for word in (wrong.__name__, "words", "None") if word in sentence]
        assert wrong.__name__ in caplog.text
        monkeypatch.undo()
        model.wish_restart()
        wait_until(lambda: model.states()[-1] == "ready", seconds=30)


def test_a_disk_that_takes_nothing_is_told_in_the_systems_words(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(keeper, "obtain", full)
    with kept(tmp_path, free_port()) as model:
        wait_until(lambda: model.states()[-1:] == ["failed"], seconds=30)
        assert "No space left on device" in model.said[-1].sentence


def _pinging(**settings):
    return Settings(**settings, ping_s=1)
