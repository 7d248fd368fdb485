"""The worker's loop."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.utils import timezone

from accounts.models import Session
from ahfai import worker as worker_module
from ahfai.models import Heartbeat, RateCount
from ahfai.worker import Worker

pytestmark = pytest.mark.django_db


def test_a_round_shows_that_the_worker_lives():
    worker = Worker()
    worker.work()
    Heartbeat.objects.update(seen=timezone.now() - timedelta(minutes=1))
    worker.work()
    heartbeat = Heartbeat.objects.get()
    assert (heartbeat.kind, heartbeat.pid) == ("worker", os.getpid())
    assert timezone.now() - heartbeat.seen < timedelta(seconds=10)


def test_a_worker_that_leaves_takes_its_heartbeat_along():
    worker = Worker()
    worker.work()
    worker.leave()
    assert not Heartbeat.objects.exists()


def test_replies_of_dead_processes_are_closed_in_every_round(monkeypatch):
    rounds = []
    monkeypatch.setattr(worker_module, "close_dead", lambda: rounds.append(1))
    worker = Worker()
    worker.work()
    worker.work()
    assert len(rounds) == 2


def test_a_worker_that_was_held_up_gives_the_others_time_to_beat(monkeypatch):
    rounds = []
    now = time.time()
    clock = SimpleNamespace(time=lambda: now, monotonic=time.monotonic)
    monkeypatch.setattr(worker_module, "time", clock)
    monkeypatch.setattr(worker_module, "close_dead", lambda: rounds.append(now))
    worker = Worker()
    worker.work()
    now += 600
    worker.work()
    now += 2
    worker.work()
    assert len(rounds) == 1
    for _ in range(6):
        now += 2
        worker.work()
    assert len(rounds) > 1


def test_a_worker_whose_database_was_away_gives_the_others_time_to_beat(monkeypatch):
    rounds = []
    now = time.time()
    clock = SimpleNamespace(time=lambda: now, monotonic=time.monotonic)
    monkeypatch.setattr(worker_module, "time", clock)
    monkeypatch.setattr(worker_module, "close_dead", lambda: rounds.append(now))
    worker = Worker()
    with monkeypatch.context() as away:
        away.setattr(worker, "beat", mock.Mock(side_effect=OperationalError, __name__="beat"))
        for _ in range(30):
            now += 2
            worker.work()
    rounds.clear()
    worker.work()
    assert not rounds
    for _ in range(6):
        now += 2
        worker.work()
    assert rounds


def test_expired_sessions_old_counts_and_old_heartbeats_go():
    long_ago = timezone.now() - timedelta(days=3)
    Session.objects.create(session_key="0" * 64, session_data="", expire_date=long_ago)
    RateCount.objects.create(key="sign-in", window=long_ago)
    Heartbeat.objects.create(kind="web", host="here", pid=1, seen=long_ago)
    Worker().work()
    assert not Session.objects.exists()
    assert not RateCount.objects.exists()
    assert not Heartbeat.objects.filter(kind="web").exists()


def test_a_session_that_is_still_good_stays():
    Session.objects.create(
        session_key="0" * 64, session_data="", expire_date=timezone.now() + timedelta(days=1)
    )
    Worker().work()
    assert Session.objects.exists()


def test_a_database_error_is_named_without_its_text_and_the_other_jobs_go_on(monkeypatch, caplog):
    def close_dead():
        raise DatabaseError("canary")

    monkeypatch.setattr(worker_module, "close_dead", close_dead)
    Session.objects.create(
        session_key="0" * 64, session_data="", expire_date=timezone.now() - timedelta(days=1)
    )
    Worker().work()
    assert "close_dead failed: DatabaseError" in caplog.text
    assert "canary" not in caplog.text
    assert not Session.objects.exists()


def test_a_stop_ends_the_wait_at_once(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); "
            "from ahfai import worker; worker.EVERY_S = 60; worker.run()",
        ],
        cwd=settings.BASE_DIR,
        # Without tables each round fails, which mustn't end the worker.
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "ahfai.settings",
            "ENV_FILE": "none",
            "DATA_DIR": str(tmp_path / "data"),
            "KEYS_DIR": str(tmp_path / "keys"),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        # What is to be sent outside is looked for beside it.
        assert any("beat failed" in process.stderr.readline() for _ in range(3))
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
