"""One command starts everything, keeps it running, and takes it along when it goes."""

import contextlib
import http.server
import io
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
import requests
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import DatabaseError

from ahfai.crypto import MasterKeys
from ahfai.serving import builtin, model_server, start
from ahfai.serving.supervisor import Child
from ahfai.serving.web import QuietLogger
from ahfai.testing import PASSWORD
from ahfai.tests.house import Browser, House, empty_database
from ahfai.tests.ports import free_port
from ahfai.tests.tables import migrated_file
from chats import servers
from chats.builtin.weights import Progress
from chats.models import BuiltinServer
from chats.tests.builtin_model import tiny_weights

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House() as house:
        yield house


@pytest.fixture
def tables(tmp_path) -> None:
    """They are there already; a test that isn't about a first start needn't wait for them."""
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_file(), tmp_path / "data")


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    with empty_database() as settings:
        yield settings


def test_a_killed_web_process_comes_back(house: House):
    killed = house.web_pid()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: is_gone(killed) and house.is_up())
    assert house.process.poll() is None


def test_a_killed_worker_comes_back(house: House):
    killed = house.children(house.process.pid)[-1]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: is_gone(killed) and len(house.children()) >= 3)
    wait_until(lambda: "worker process ended (SIGKILL)" in house.log.read_text())


def test_the_server_that_hands_out_the_work_comes_back_with_its_children(house: House):
    arbiter = house.children()[0]
    os.kill(arbiter, signal.SIGKILL)
    wait_until(lambda: is_gone(arbiter) and house.is_up())


def test_the_parent_has_one_thread_and_no_database_open(house: House):
    process = Path(f"/proc/{house.process.pid}")
    assert len(list((process / "task").iterdir())) == 1
    opened = [os.readlink(one) for one in (process / "fd").iterdir()]
    assert not [one for one in opened if "sqlite3" in one]


def test_a_query_string_is_never_logged(house: House):
    requests.get(house.url + "/health?q=canary-in-the-address", timeout=5)
    with socket.create_connection(("127.0.0.1", house.port), timeout=5) as broken:
        broken.sendall(b"GET /?q=canary-in-the-address\x00 HTTP/9.9.9\r\n\r\n")
        broken.recv(64)
    time.sleep(0.2)
    assert "canary" not in house.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_parent(number: signal.Signals):
    with House() as house:
        everybody = house.children()
        assert len(everybody) >= 3
        house.process.send_signal(number)
        code = house.process.wait(15)
        assert code == (0 if number != signal.SIGKILL else -signal.SIGKILL)
        wait_until(lambda: all(map(is_gone, everybody)))
        with socket.create_server(("127.0.0.1", house.port)):
            pass  # Nobody holds the port any more.


def test_the_first_start_tells_to_keep_the_master_key_and_later_ones_dont(tmp_path):
    key = tmp_path / "keys" / "master.key"
    first = words_of_a_start(tmp_path)
    assert str(key) in first
    assert "manage.py keys sheet" in first
    assert first.rstrip().splitlines()[-1].startswith("AhFai is ready: http://localhost:")
    assert str(key) not in words_of_a_start(tmp_path)


@pytest.mark.usefixtures("tables")
def test_a_taken_port_is_said_in_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start_that_fails(tmp_path, PORT=str(port))
    assert f"port {port} on 127.0.0.1 can't be used (Address already in use)." in ended.stderr
    assert "Traceback" not in ended.stderr


# The first two imports of `manage.py` are Python's own start: nothing can be done before.
@pytest.mark.parametrize("pause_s", [0.2, 0.4, 0.6, 1.0])
def test_ctrl_c_while_it_starts_ends_it_without_a_word(tmp_path, pause_s):
    with subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=django_settings.BASE_DIR,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        wait_until(lambda: b"manage.py" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        time.sleep(pause_s)
        # As a terminal does: to all of the group.
        os.killpg(process.pid, signal.SIGINT)
        try:
            words, _ = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert "Traceback" not in words
    assert process.returncode in {0, 128 + signal.SIGINT, -signal.SIGINT}


@pytest.mark.usefixtures("tables")
def test_the_pages_are_found_ready_under_a_name_that_is_not_this_machines(tmp_path):
    assert "AhFai is ready" in words_of_a_start(tmp_path, ALLOWED_HOSTS="ahfai.example")


@pytest.mark.parametrize(
    ("asked", "names"), [([], ["web", "worker"]), (["--without-worker"], ["web"])]
)
def test_pages_are_served_with_a_worker_or_alone(monkeypatch, asked, names):
    told = {}
    monkeypatch.setattr("ahfai.management.commands.serve.serve", lambda **said: told.update(said))
    with pytest.raises(SystemExit):
        call_command("serve", *asked)
    with socket.socket() as listener:
        children = start._children(SimpleNamespace(run=None), listener, "ollama", **told)
    assert [child.name for child in children] == names


def test_replies_are_closed_before_what_they_need_is_ended():
    """The first child takes its time; the others hear of the stop when it is gone."""
    ended = supervise(
        slow_to_end("web", 0.5, stops=True),
        slow_to_end("worker", 0),
        slow_to_end("model", 0),
    )
    assert ended.returncode == 0
    assert ended.stdout.split()[0] == "web"
    assert sorted(ended.stdout.split()[1:]) == ["model", "worker"]


def test_a_second_ctrl_c_waits_for_nobody():
    began = time.monotonic()
    ended = supervise(
        slow_to_end("web", 60, stops=True, twice=True), slow_to_end("model", 60), drain_s=60
    )
    assert ended.returncode == 0
    assert time.monotonic() - began < 20


def test_a_wrong_setting_is_said_in_a_sentence_that_names_it(tmp_path):
    ended = start_that_fails(tmp_path, WEB_THREADS="many")
    assert "WEB_THREADS must be a whole number" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("tables")
def test_a_wrong_master_key_is_said_in_a_sentence_that_names_it(tmp_path):
    ended = start_that_fails(tmp_path, MASTER_KEY="1:too-short")
    assert "AhFai can't start: MASTER_KEY can't be used." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "too-short" not in ended.stderr


@pytest.mark.both_databases
@pytest.mark.usefixtures("tables")
def test_a_lost_or_wrong_master_key_stops_the_start_and_is_not_replaced(tmp_path, database):
    # As on a fresh machine that has tables and has never been started.
    ada = ["--noinput", "--email", "ada@example.org", "--name", "Ada"]
    made = manage(tmp_path, "createsuperuser", *ada, DJANGO_SUPERUSER_PASSWORD=PASSWORD, **database)
    assert made.returncode == 0, made.stderr
    key = tmp_path / "keys" / "master.key"
    kept = key.rename(tmp_path / "recovery copy")

    ended = start_that_fails(tmp_path, **database)
    assert f"the master key file {key} is missing" in ended.stderr
    assert "recovery copy" in ended.stderr
    for command in ("doctor", "verify"):
        ended = manage(tmp_path, command, **database)
        assert ended.returncode == 1
        assert str(key) in ended.stdout + ended.stderr
        assert "recovery copy" in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
    assert not key.exists()

    key.write_text(f"{MasterKeys.new_line()}\n")
    key.chmod(0o600)
    ended = start_that_fails(tmp_path, **database)
    assert f"the master key file {key} doesn't hold the master key" in ended.stderr
    assert "recovery copy" in ended.stderr

    kept.rename(key)
    assert "AhFai is ready" in words_of_a_start(tmp_path, **database)
    assert "Everything opens." in manage(tmp_path, "verify", **database).stdout


def test_a_child_that_keeps_dying_ends_the_whole_with_its_reason():
    ended = supervise("raise SystemExit(3)")
    assert ended.returncode == 1
    assert "The model process ended (code 3)" in ended.stderr
    assert "its model process keeps dying" in ended.stderr


def test_a_child_that_ignores_the_stop_is_killed():
    ended = supervise(
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)",
    )
    assert ended.returncode == 0


def test_a_dead_child_is_started_at_once_and_then_more_and_more_slowly():
    child = Child("web", main=lambda: None)
    pauses = []
    for _ in range(5):
        child.died()
        pauses.append(round(child.start_at - time.monotonic()))
    assert pauses == [0, 1, 2, 4, 8]
    assert not child.keeps_dying
    child.died()
    assert child.keeps_dying


def test_deaths_long_ago_are_forgiven():
    child = Child("web", main=lambda: None)
    child.deaths.extend(time.monotonic() - 61 for _ in range(9))
    child.died()
    assert not child.keeps_dying
    assert child.start_at <= time.monotonic()


def test_ollama_is_used_where_it_answers(settings):
    settings.MODEL_SERVER = "auto"
    with answering('{"version": "0.12.0"}') as url:
        settings.OLLAMA_URL = url
        assert model_server.choose() == "ollama"


def test_something_else_at_ollamas_address_is_not_taken_for_it(settings):
    settings.MODEL_SERVER = "auto"
    with answering("<h1>A router</h1>") as url:
        settings.OLLAMA_URL = url
        assert model_server.choose() == "builtin"


def test_without_ollama_the_built_in_model_is_used(settings):
    settings.MODEL_SERVER = "auto"
    settings.OLLAMA_URL = "http://127.0.0.1:9"
    assert model_server.choose() == "builtin"


def test_the_start_prints_no_password_of_a_model_server(settings):
    settings.MODEL_SERVER = "auto"
    settings.OLLAMA_URL = "http://me:secret@one.example:1,http://two.example:2"
    said = start._welcome("builtin", first_start=False)
    assert "http://one.example:1, http://two.example:2" in said
    assert "secret" not in said


def test_a_silent_machine_at_ollamas_address_holds_the_start_up_for_a_second(settings):
    settings.MODEL_SERVER = "auto"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.OLLAMA_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began, threads = time.monotonic(), threading.active_count()
        assert model_server.choose() == "builtin"
    # By itself it would never answer.
    assert time.monotonic() - began < 20
    assert threading.active_count() <= threads


def test_the_address_of_an_openai_style_server_comes_before_looking_for_ollama(settings):
    settings.MODEL_SERVER = "auto"
    settings.OPENAI_URL = "http://127.0.0.1:9"
    assert model_server.choose() == "openai"


def test_a_wish_for_one_server_is_followed_unseen(settings):
    settings.MODEL_SERVER = "builtin"
    settings.OPENAI_URL = "http://127.0.0.1:9"
    assert model_server.choose() == "builtin"


def test_a_fresh_process_has_loaded_what_an_answer_needs_before_it_is_asked(house: House):
    def those_with_formulas() -> list[int]:
        return [pid for pid in house.children() if "math_core" in of_process(pid, "maps")]

    wait_until(those_with_formulas)
    # Only the one that answers: loaded earlier, it would be in all of them.
    assert len(those_with_formulas()) == 1


def test_a_killed_keeper_of_the_built_in_model_is_replaced_with_its_server():
    weights = str(tiny_weights())
    with House(MODEL_SERVER="builtin", BUILTIN_MODEL="test", MODEL_FILE=weights) as house:
        ada = Browser(house.url)
        ada.sign_up()

        def is_ready() -> bool:
            return 'data-state="ready"' in ada.get("/model/status").text

        wait_until(is_ready, 60)
        [(keeper, server)] = model_servers(house.children())
        os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: is_gone(server) and not is_ready())
        wait_until(is_ready, 60)


@pytest.mark.django_db(transaction=True)
def test_the_models_row_is_fresh_while_its_keeper_lives_whatever_it_does():
    report = builtin.Report()
    report(Progress("ready"))
    BuiltinServer.objects.update(seen=LONG_AGO)
    assert servers.builtin_status().state == "loading"
    report.beat()
    assert servers.builtin_status().state == "ready"


@pytest.mark.django_db(transaction=True)
def test_a_beat_leaves_a_wished_restart_alone():
    report = builtin.Report()
    report(Progress("ready"))
    servers.restart_builtin()
    report.beat()
    row = BuiltinServer.objects.get()
    assert (row.state, row.restart_wanted) == ("loading", True)


@pytest.mark.django_db(transaction=True)
def test_a_state_that_could_not_be_saved_is_saved_with_the_next_beat(monkeypatch):
    report = builtin.Report()
    report(Progress("loading"))
    with monkeypatch.context() as away:
        away.setattr(
            BuiltinServer.objects, "update_or_create", mock.Mock(side_effect=DatabaseError)
        )
        report(Progress("ready"))
        report.beat()
    assert servers.builtin_status().state == "loading"
    report.beat()
    assert servers.builtin_status().state == "ready"


@pytest.mark.django_db(transaction=True)
def test_a_download_is_written_now_and_then_and_its_end_at_once(monkeypatch):
    report = builtin.Report()
    report(Progress("downloading", 0, 100))
    report(Progress("downloading", 50, 100))
    assert BuiltinServer.objects.get().done_bytes == 0
    report(Progress("downloading", 100, 100))
    assert BuiltinServer.objects.get().done_bytes == 100
    monkeypatch.setattr(builtin, "WRITE_EVERY_S", 0)
    report(Progress("checking", 1, 100))
    report(Progress("checking", 2, 100))
    assert BuiltinServer.objects.get().done_bytes == 2


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_told_each_time_it_comes():
    report = builtin.Report()
    report(Progress("failed", sentence="No room."))
    servers.restart_builtin()
    report(Progress("failed", sentence="No room."))
    assert servers.builtin_status() == servers.Status("builtin", "failed", "No room.")


def test_an_errors_text_stays_out_of_the_servers_log():
    from gunicorn.config import Config

    logger = QuietLogger(Config())
    written = io.StringIO()
    logger.error_log.handlers = [logging.StreamHandler(written)]
    try:
        raise ValueError("canary")
    except ValueError:
        logger.exception("Error handling request %s", "/chats/?q=canary")
    assert "/chats/ (ValueError)" in written.getvalue()
    assert "canary" not in written.getvalue()


def manage(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=django_settings.BASE_DIR,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_until(true: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    """A zombie that nobody has collected yet is gone, too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def of_process(pid: int, what: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_text()
    return ""


def model_servers(parents: list[int]) -> list[tuple[int, int]]:
    """(keeper, server): a keeper starts its server in a thread, so not among `children`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        if "chats.builtin.server" in of_process(pid, "cmdline"):
            parent = int(of_process(pid, "stat").rpartition(")")[2].split()[1])
            found += [(parent, pid)] * (parent in parents)
    return found


def environment(folder: Path, **settings: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "ahfai.settings",
        "ENV_FILE": "none",
        "DATA_DIR": str(folder / "data"),
        "KEYS_DIR": str(folder / "keys"),
        "PORT": str(free_port()),
        "MODEL_SERVER": "ollama",
        **settings,
    }


def words_of_a_start(folder: Path, **settings: str) -> str:
    with subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=django_settings.BASE_DIR,
        env=environment(folder, **settings),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        words = ""
        for line in process.stdout:
            words += line
            if "is ready" in line:
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    return words


def start_that_fails(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=django_settings.BASE_DIR,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    return ended


def slow_to_end(name: str, seconds: float, stops: bool = False, twice: bool = False) -> str:
    """A child that says its name when it has ended, `seconds` after SIGTERM. With `stops` it asks
    its parent to stop, once all are there."""
    return f"""
import os, signal, time
def end(*_):
    if {twice}:
        os.kill(os.getppid(), signal.SIGINT)
    time.sleep({seconds})
    os.write(1, b"{name}\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
time.sleep(0.5)
if {stops}:
    os.kill(os.getppid(), signal.SIGTERM)
time.sleep(60)
"""


def supervise(*programs: str, drain_s: int = -6) -> subprocess.CompletedProcess[str]:
    """A supervisor in a process of its own, without pages, over children that run `programs`."""
    program = f"""
import socket
from django.conf import settings
settings.configure(DRAIN_S={drain_s}, LAME_DUCK_S=0, SITE_URL="http://localhost")
from ahfai.serving import supervisor
supervisor.LONGEST_PAUSE_S = 0.1
listener = socket.create_server(("127.0.0.1", 0))
children = [
    supervisor.Child("model", lambda program=program: exec(program, {{}}))
    for program in {programs!r}
]
raise SystemExit(supervisor.Supervisor(children, listener, str).run())
"""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@contextlib.contextmanager
def answering(body: str) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
