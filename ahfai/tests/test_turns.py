"""Replicas that start at the same moment on one database."""

import threading

import pytest
from django.core.management import call_command
from django.db import connection

from ahfai.postgres import turns


@pytest.fixture
def other(transactional_db):
    """The connection of another process."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite serves one machine.")
    other = connection.copy()
    other.inc_thread_sharing()
    yield other
    other.close()


def test_who_comes_second_begins_when_the_first_has_ended(other, monkeypatch, capsys):
    monkeypatch.setattr(turns, "EVERY_S", 0.01)
    monkeypatch.setattr(turns, "SAYS_SO_AFTER_S", 0)
    done = []

    def second() -> None:
        with turns.turn(other):
            done.append("second")

    waiting = threading.Thread(target=second)
    with turns.turn(connection):
        waiting.start()
        waiting.join(0.05)
        done.append("first")
    waiting.join()
    assert done == ["first", "second"]
    assert capsys.readouterr().out.count("waiting for it") == 1


def test_who_migrates_by_hand_waits_for_its_turn_too(other, monkeypatch):
    monkeypatch.setattr(turns, "EVERY_S", 0.01)
    monkeypatch.setattr(turns, "SAYS_SO_AFTER_S", 0)
    waits, done = threading.Event(), threading.Event()

    def migrate() -> None:
        call_command("migrate", verbosity=0)
        done.set()
        connection.close()

    monkeypatch.setattr("builtins.print", lambda *_words, **_how: waits.set())
    by_hand = threading.Thread(target=migrate)
    with turns.turn(other):
        by_hand.start()
        assert waits.wait(60)
        assert not done.is_set()
    by_hand.join()
    assert done.is_set()


def test_a_turn_that_fails_is_over(other):
    with pytest.raises(ZeroDivisionError), turns.turn(connection):
        1 / 0  # noqa: B018
    with turns.turn(other):
        pass


def test_nobody_waits_behind_pgbouncer_which_keeps_no_lock(other, settings):
    settings.PGBOUNCER = True
    with turns.turn(connection), turns.turn(other):
        pass
