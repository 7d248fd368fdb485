"""Connections to SQLite that are kept for the next thread, and the turns of those that write."""

import contextlib
import ctypes
import sqlite3

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.utils import OperationalError

from ahfai.sqlite import base
from ahfai.sqlite.base import DatabaseWrapper

HERE = "tried here"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tried.sqlite3"


@pytest.fixture
def house(path, django_db_blocker):
    """A connection to a database of its own with one table, opened as the product's are."""
    options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    settings = {**connections["default"].settings_dict, "NAME": path, "OPTIONS": options}
    connections[HERE] = DatabaseWrapper(settings, HERE)
    with django_db_blocker.unblock():
        with connections[HERE].cursor() as cursor:
            cursor.execute("CREATE TABLE words (word TEXT UNIQUE)")
        yield connections[HERE]
        connections[HERE].close()
    del connections[HERE]


def write(house, word: str) -> None:
    with house.cursor() as cursor:
        cursor.execute("INSERT INTO words VALUES (%s)", [word])


def read(house) -> list[str]:
    with house.cursor() as cursor:
        return [word for (word,) in cursor.execute("SELECT word FROM words ORDER BY word")]


def test_a_connection_that_is_given_back_is_the_next_ones(house):
    house.ensure_connection()
    first = house.connection
    house.close()
    house.ensure_connection()
    assert house.connection is first


def test_one_that_gave_trouble_is_not(house):
    first = house.connection
    with pytest.raises(OperationalError), house.cursor() as cursor:
        cursor.execute("SELECT nothing")
    house.close()
    house.ensure_connection()
    assert house.connection is not first


def test_what_was_begun_and_not_ended_is_undone(house):
    with house.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
    write(house, "one")
    house.close()
    assert read(house) == []


def test_what_was_being_read_does_not_keep_the_next_one_in_the_past(house, path):
    for word in ("one", "two"):
        write(house, word)
    reading = house.cursor()
    reading.execute("SELECT word FROM words")
    assert reading.fetchone()
    house.close()
    other = sqlite3.connect(path)
    with other:
        other.execute("INSERT INTO words VALUES ('zero')")
    other.close()
    assert read(house) == ["one", "two", "zero"]
    write(house, "three")
    with pytest.raises(DatabaseError):
        reading.fetchone()


def fail(house) -> None:
    write(house, "one")
    write(house, "one")


def fail_inside(house) -> None:
    with transaction.atomic(HERE):
        fail(house)


def fail_further_inside(house) -> None:
    with transaction.atomic(HERE), transaction.atomic(HERE):
        fail(house)


def close_inside(house) -> None:
    with transaction.atomic(HERE):
        house.close()
    raise IntegrityError


def fail_at_the_end(house) -> None:
    with house.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        cursor.execute("CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    with transaction.atomic(HERE), house.cursor() as cursor:
        cursor.execute("INSERT INTO b VALUES (7)")


@pytest.mark.parametrize(
    "failing", [fail, fail_inside, fail_further_inside, close_inside, fail_at_the_end]
)
def test_the_turn_is_given_back_whatever_goes_wrong(house, failing):
    with pytest.raises(IntegrityError):
        failing(house)
    assert not base._turn.locked()
    house.close()
    write(house, "later")
    assert "later" in read(house)


def test_sqlite_does_not_count_its_memory_under_one_lock_for_all_threads():
    used, most = ctypes.c_int(-1), ctypes.c_int(-1)
    library = ctypes.CDLL(sqlite3._sqlite3.__file__)
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE words (word TEXT)")
        assert library.sqlite3_status(0, ctypes.byref(used), ctypes.byref(most), 0) == 0
    assert used.value == 0
