"""What `manage.py doctor` says."""

import datetime
import io
import re
import shutil
from collections import namedtuple
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from accounts.models import User, UserKey
from accounts.sealing import key_archive, keys
from ahfai import replica
from ahfai.backups.manifest import Manifest
from ahfai.models import Heartbeat
from ahfai.sizes import MB
from chats import hosts, servers
from chats.engines import EngineFailed, Model
from chats.models import BuiltinServer
from reminders.tests.smtp_sink import smtp_sink

pytestmark = pytest.mark.django_db


class Server:
    """A model server that is well, unless told otherwise."""

    def __init__(self) -> None:
        self.failure: EngineFailed | None = None
        self.there = [Model("llama3.1:8b", 1, frozenset({"completion", "tools"}), 8192)]

    def version(self) -> str:
        if self.failure:
            raise self.failure
        return "0.32.15"

    def models(self) -> list[Model]:
        return self.there


@pytest.fixture(autouse=True)
def server(monkeypatch):
    made = Server()
    monkeypatch.setattr(hosts, "_engine", lambda *_: made)
    servers.forget()
    yield made
    servers.forget()


@pytest.fixture(autouse=True)
def master_key(db):
    """Made by the start that came before, whether or not somebody has an account yet."""
    keys.make_first_master_key()


@pytest.fixture(autouse=True)
def worker():
    return Heartbeat.objects.create(kind="worker", host="here", pid=1)


def _asked() -> tuple[str, int]:
    """What the doctor says, and the exit status."""
    out = io.StringIO()
    try:
        call_command("doctor", stdout=out, no_color=True)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def _wrong(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("WRONG")]


def test_where_all_is_well_it_says_so(owner):
    said, status = _asked()
    assert status == 0, said
    assert "All is well." in said
    assert "SQLite 3." in said or "PostgreSQL" in said
    assert "ollama 0.32.15 answers." in said
    assert "llama3.1:8b, which can do: completion, tools." in said


@pytest.mark.parametrize(
    "about",
    [
        *("Secret key", "Push key", "Master key", "Sealed words", "Database", "Tables"),
        *("Backups", "Model server", "Model", "Worker", "Clock", "Disk"),
    ],
)
def test_each_part_is_named_where_it_is_right(owner, about):
    said, _ = _asked()
    assert any(line.startswith(f"right  {about}: ") for line in said.splitlines()), said


def test_a_database_that_is_away(monkeypatch):
    def no_cursor():
        raise OperationalError("secret host name")

    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", no_cursor)
        said, status = _asked()
    assert status == 1
    assert "Database: it doesn't answer" in _wrong(said)[0]
    assert "right  Disk" in said
    assert "secret" not in said.lower().replace("secret key", "").replace("secret.key", "")


def test_a_key_file_that_others_can_read(settings, tmp_path):
    path = tmp_path / "master.key"
    path.write_text(settings.MASTER_KEY_FILE.read_text())
    path.chmod(0o644)
    settings.MASTER_KEY_FILE = path
    said, status = _asked()
    assert status == 1
    assert f"chmod 600 {path}" in said


def test_a_master_key_that_opens_nothing(owner):
    UserKey.objects.update(wrapped=bytes(UserKey.objects.get().wrapped)[:-1] + b"\0")
    said, status = _asked()
    assert status == 1
    assert any("Sealed words" in line for line in _wrong(said))
    assert "recovery copy" in said


def test_a_lost_master_key(settings, tmp_path, owner):
    settings.MASTER_KEY_FILE = tmp_path / "gone.key"
    keys.clear_cache()
    try:
        said, status = _asked()
    finally:
        keys.clear_cache()
    assert status == 1
    assert _wrong(said)[0].startswith("WRONG  Master key: ")
    assert "gone.key" in _wrong(said)[0]
    assert "recovery copy" in said
    assert not settings.MASTER_KEY_FILE.exists()


def test_a_master_key_that_nobody_needed_yet(settings, tmp_path):
    settings.MASTER_KEY_FILE = tmp_path / "none.key"
    keys.clear_cache()
    try:
        said, _ = _asked()
    finally:
        keys.clear_cache()
    assert "none.key" in _wrong(said)[0]
    assert "the next start makes one" in said


@pytest.mark.only_on_sqlite
def test_an_sqlite_that_can_damage_the_database(monkeypatch):
    monkeypatch.setattr(connection, "get_database_version", lambda: (3, 40, 1))
    said, status = _asked()
    assert status == 1
    assert "SQLite 3.40.1" in _wrong(said)[0]


def test_tables_that_wait_for_a_change():
    MigrationRecorder.Migration.objects.filter(app="chats").delete()
    said, status = _asked()
    assert status == 1
    assert "manage.py migrate" in said


def _backed_up(folder, days_ago: int) -> None:
    made = timezone.now() - datetime.timedelta(days=days_ago)
    (folder / "ahfai-1.dump").touch()
    (folder / key_archive.NAME).touch()
    of_nothing = {"tables": {}, "people": [], "master_ids": [], "migrations": {}}
    Manifest("ahfai-1.dump", made, "0", "sqlite", 0, "", **of_nothing).write(folder)


@pytest.mark.parametrize(
    ("days_ago", "daily", "is_right"),
    [(0, True, True), (3, True, False), (3, False, True), (8, False, False)],
)
def test_how_old_the_newest_backup_is(owner, settings, tmp_path, days_ago, daily, is_right):
    settings.BACKUP_DIR, settings.BACKUP_DAILY = tmp_path, daily
    _backed_up(tmp_path, days_ago)
    said, status = _asked()
    assert (status == 0) == is_right, said
    old = f"{days_ago} days" if days_ago else "less than a day"
    assert f"Backups: 1 in {tmp_path}; the newest is {old} old." in said
    assert ("manage.py backup" in said) != is_right


def test_backups_without_keys(owner, settings, tmp_path):
    settings.BACKUP_DIR = tmp_path
    _backed_up(tmp_path, 0)
    (tmp_path / key_archive.NAME).unlink()
    assert "keys.json is missing" in _wrong(_asked()[0])[0]


def test_no_backup_where_people_have_been_for_long(owner, settings, tmp_path):
    settings.BACKUP_DIR = tmp_path
    User.objects.update(joined=timezone.now() - datetime.timedelta(days=8))
    assert f"Backups: none is in {tmp_path} yet." in _wrong(_asked()[0])[0]


def test_a_model_server_that_is_away(server):
    server.failure = EngineFailed("away", "Ollama doesn't answer.")
    said, status = _asked()
    assert status == 1
    assert "Ollama doesn't answer." in _wrong(said)[0]
    assert "OLLAMA_URL" in said


def test_a_model_server_without_a_model(server):
    server.there = []
    said, _ = _asked()
    assert said.splitlines().count("       Get one: ollama pull llama3.1:8b") == 1


def test_another_server_without_a_model_is_not_given_ollamas_command(server, settings):
    settings.MODEL_SERVER = "openai"
    server.there = []
    said, status = _asked()
    assert status == 1
    assert "Model: the server has no model" in _wrong(said)[0]
    assert "ollama" not in said


@pytest.mark.parametrize(("wish", "found"), [("plain", True), ("absent:7b", False)])
def test_a_default_model_that_the_server_does_not_have(server, settings, wish, found):
    server.there = [Model("plain:latest", 1, frozenset({"completion"}), 8192)]
    settings.OLLAMA_MODEL = wish
    said, status = _asked()
    assert (status == 0) == found
    # At the end of a line, where nothing is copied along with it.
    assert any(line.endswith(f": ollama pull {wish}") for line in said.splitlines()) != found


def test_a_default_model_that_another_server_does_not_have(server, settings):
    settings.MODEL_SERVER, settings.OLLAMA_MODEL = "openai", "absent:7b"
    said, status = _asked()
    assert status == 1
    assert "OLLAMA_MODEL is absent:7b" in _wrong(said)[0]
    assert "       Set OLLAMA_MODEL to one of those above.\n" in said


def test_the_built_in_model_is_no_wrong_default(server, settings):
    settings.MODEL_SERVER = "builtin"
    server.there = [Model("qwen2.5-coder:1.5b", 1, frozenset({"completion"}), 8192)]
    said, status = _asked()
    assert status == 0, said


@pytest.mark.parametrize("setting", ["auto", "builtin"])
@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        ("ready", 0, "qwen2.5-coder:1.5b is ready, which can do: completion."),
        ("downloading", 0, "qwen2.5-coder:1.5b is downloading."),
        ("failed", 1, "The download broke off."),
    ],
)
def test_the_built_in_model_is_asked_for_by_its_row(
    server, settings, setting, state, status, sentence
):
    settings.MODEL_SERVER = setting
    server.failure = EngineFailed("away", "Ollama doesn't answer.")
    BuiltinServer.objects.create(state=state, sentence="" if status == 0 else sentence)
    said, found = _asked()
    assert found == status, said
    assert f"Built-in model: {sentence}" in said


@pytest.mark.parametrize("ran_before", [True, False])
def test_a_built_in_model_that_nobody_runs(server, settings, ran_before):
    settings.MODEL_SERVER = "builtin"
    server.failure = EngineFailed("away", "It doesn't answer.")
    if ran_before:
        long_ago = timezone.now() - datetime.timedelta(hours=1)
        BuiltinServer.objects.create(state="ready", seen=long_ago)
    said, status = _asked()
    assert status == 1
    assert "Built-in model: it doesn't run" in _wrong(said)[0]
    assert "make run" in said


def test_no_living_worker(worker):
    long_ago = timezone.now() - datetime.timedelta(minutes=1)
    Heartbeat.objects.filter(pk=worker.pk).update(seen=long_ago)
    said, status = _asked()
    assert status == 1
    assert "Worker" in _wrong(said)[0]


@pytest.mark.parametrize("free_mb", [10, 500])
def test_a_disk_that_fills_up(monkeypatch, free_mb):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, free_mb * MB))
    said, status = _asked()
    assert status == 1
    assert f"{free_mb} MB free" in _wrong(said)[0]


def test_a_clock_that_went_back(worker):
    ahead = timezone.now() + datetime.timedelta(hours=1)
    Heartbeat.objects.filter(pk=worker.pk).update(seen=ahead)
    said, status = _asked()
    assert status == 1
    assert "Clock" in _wrong(said)[0]


def test_a_clock_that_differs_from_the_databases(worker, monkeypatch):
    Heartbeat.objects.filter(pk=worker.pk).update(seen=timezone.now())
    ahead = timezone.now() + datetime.timedelta(seconds=800)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    said, status = _asked()
    assert status == 1
    # The database's clock goes on meanwhile, in whole seconds.
    assert re.search("(79|80)[0-9] seconds apart", _wrong(said)[0])


def test_it_never_repeats_a_key(settings, owner):
    said, _ = _asked()
    for secret in (settings.SECRET_KEY, settings.MASTER_KEY_FILE.read_text().split(":")[1].strip()):
        assert secret not in said


@pytest.mark.same_everywhere
def test_a_mail_server_that_answers_lets_nobody_in_or_is_away(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with smtp_sink() as sink:
        settings.EMAIL_PORT = sink.port
        assert "Mail server: 127.0.0.1" in _asked()[0]
        assert not _wrong(_asked()[0])
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "ada", "wrong"
        sink.says = {"EHLO": "250-sink\r\n250 AUTH PLAIN", "AUTH": "535 No."}
        assert "refuses the name and password" in _asked()[0]
    assert "EMAIL_URL" in _asked()[0]
    assert "wrong" not in _asked()[0]


@pytest.mark.same_everywhere
def test_a_cache_or_a_replica_that_is_away_is_named(settings, monkeypatch):
    # Nothing listens on the discard port.
    settings.CACHE_URL = "redis://:pass-word@127.0.0.1:9"
    monkeypatch.setattr(replica, "is_there", lambda: True)
    monkeypatch.setattr(replica, "look", mock.Mock(side_effect=OperationalError("pass-word")))
    said, _ = _asked()
    assert "Cache: it doesn't answer (ConnectionError)." in said
    assert "Replica: it doesn't answer (OperationalError)." in said
    assert "pass-word" not in said
    monkeypatch.setattr(replica, "look", lambda: (7.2, "it is 7 s behind, or no worker is alive"))
    assert "Replica: it isn't used: it is 7 s behind" in _asked()[0]
    monkeypatch.setattr(replica, "look", lambda: (0.4, ""))
    assert "Replica: it answers, and is 0 s behind at most." in _asked()[0]


@pytest.mark.parametrize(("proxies", "is_right"), [(0, False), (1, True)])
def test_https_needs_a_proxy_that_is_counted(settings, owner, proxies, is_right):
    settings.IS_HTTPS, settings.TRUSTED_PROXIES = True, proxies
    said, _ = _asked()
    assert any("TRUSTED_PROXIES is 0" in line for line in _wrong(said)) == (not is_right)


def test_a_misspelt_setting_is_told_and_one_of_another_program_is_left_alone(settings, owner):
    settings.NOT_OURS = ["DATABSE_URL", "POSTGRES_PASSWORD"]
    said, status = _asked()
    assert (status, _wrong(said)) == (1, ["WRONG  Settings: nobody reads DATABSE_URL."])
    assert "If you mean DATABASE_URL" in said
