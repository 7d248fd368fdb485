"""What machines that watch the installation are told."""

import uuid

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection

from accounts.sealing import keys
from ahfai import monitoring, processes
from ahfai.crypto import MasterKeys
from ahfai.models import Heartbeat
from ahfai.postgres import reaching
from chats import servers
from chats.models import Chat, Message

TOKEN = "a-token-of-more-than-24-letters"


@pytest.fixture
def ready(nobody, monkeypatch):
    monkeypatch.setattr(monitoring, "_keys_looked_at", None)
    monkeypatch.setattr(servers, "status", lambda: servers.Status("ollama", "ready", ""))

    def asked() -> tuple[int, str]:
        response = nobody.get("/ready")
        return response.status_code, response.content.decode()

    return asked


def test_where_all_works_it_is_ready_and_says_so_line_by_line(ready, owner):
    Heartbeat.objects.create(kind="worker", host="here", pid=1)
    assert ready() == (
        200,
        "process: ok\ndatabase: ok\ntables: ok\nmaster key: ok (a note)\nworker: ok (a note)\n"
        "model server: ok (a note)\ncache: ok (a note)\n",
    )


def test_without_worker_and_model_server_pages_still_work(ready, monkeypatch):
    monkeypatch.setattr(servers, "status", lambda: servers.Status("ollama", "away", ""))
    status, said = ready()
    assert status == 200
    assert "worker: none is alive (a note)\nmodel server: away (a note)" in said


def test_a_database_that_is_away_is_named_without_its_secrets(ready, monkeypatch):
    def away() -> str:
        raise OperationalError("postgres://ahfai:secret@host")

    monkeypatch.setattr(monitoring, "_database", away)
    status, said = ready()
    assert status == 503
    assert said.startswith("process: ok\ndatabase: OperationalError\ntables: not looked at\n")
    assert "secret" not in said


def test_a_replica_in_the_place_of_its_primary_is_not_ready(ready, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setattr(reaching, "is_read_only", lambda cursor: True)
    status, said = ready()
    assert status == 503
    assert "database: it is read-only\n" in said


def test_a_process_that_is_about_to_end_is_sent_nobody_new(ready, monkeypatch):
    monkeypatch.setattr(processes, "is_leaving", True)
    status, said = ready()
    assert status == 503
    assert said.startswith("process: it is about to end\n")


def test_tables_of_another_version_are_not_ready(ready, monkeypatch):
    monkeypatch.setattr(monitoring, "_tables_are_right", False)
    plan = "django.db.migrations.executor.MigrationExecutor.migration_plan"
    with monkeypatch.context() as older:
        older.setattr(plan, lambda executor, targets: ["one more"])
        status, said = ready()
    assert (status, "tables: they are of another version" in said) == (503, True)
    assert ready()[0] == 200


def test_a_machine_without_the_right_master_key_is_noted(ready, owner, settings):
    settings.MASTER_KEY = MasterKeys.new_line()
    keys.clear_cache()
    status, said = ready()
    keys.clear_cache()
    assert status == 200
    assert "master key: it doesn't open everybody's words (a note)" in said


def test_without_its_cache_pages_still_work(ready, monkeypatch):
    monkeypatch.setattr(cache, "get", lambda key: None)
    status, said = ready()
    assert (status, "cache: it keeps nothing (a note)" in said) == (200, True)


@pytest.mark.parametrize("sent", [{}, {"HTTP_AUTHORIZATION": "Bearer wrong"}])
def test_numbers_are_for_who_has_the_token(nobody, settings, sent):
    settings.METRICS_TOKEN = TOKEN
    assert nobody.get("/metrics", **sent).status_code == 404


def test_without_a_token_in_the_settings_there_are_no_numbers(nobody, settings):
    settings.METRICS_TOKEN = ""
    assert nobody.get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_the_numbers_are_those_of_the_installation(nobody, settings, owner, stranger, client):
    settings.METRICS_TOKEN = TOKEN
    Heartbeat.objects.create(kind="worker", host="here", pid=1)
    chat = Chat.objects.create(owner=owner, title="A canary", model="m")
    asked = Message.objects.create(owner=owner, chat=chat, role="user", content="A canary")
    Message.objects.create(
        pk=uuid.uuid4(), owner=owner, chat=chat, parent=asked, role="assistant", state="waiting"
    )
    response = nobody.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    said = response.content.decode()
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in (
        "ahfai_people 2",
        "ahfai_sessions_open 1",
        'ahfai_processes{kind="worker"} 1',
        'ahfai_processes{kind="web"} 0',
        'ahfai_replies_open{state="waiting"} 1',
        'ahfai_replies_open{state="running"} 0',
        "ahfai_deliveries_waiting 0",
        "ahfai_reminders_late 0",
    ):
        assert line in said.splitlines()
    assert "canary" not in said
    assert owner.email not in said
