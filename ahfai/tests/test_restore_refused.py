"""What speaks against a restore is said before anything is touched."""

import contextlib
import io
import json
import shutil
import sqlite3

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from accounts.sealing import key_archive, keys
from ahfai.backups import BackupFailed, manifest, sqlite, taking
from ahfai.crypto import MasterKeys
from ahfai.models import Heartbeat
from ahfai.testing import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path, owner):
    taking.take(tmp_path, keep=1)
    return tmp_path


def refused(*arguments) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("restore", *map(str, arguments), stdout=io.StringIO())
    assert str(caught.value).startswith("Nothing was restored. ")
    return str(caught.value)


def told(folder, **changes) -> None:
    [made] = manifest.all_in(folder)
    said = json.loads(made.path(folder).read_text())
    made.path(folder).write_text(json.dumps(said | changes))


def test_where_people_have_accounts(folder):
    assert "People have accounts here already." in refused(folder)
    assert User.objects.count() == 1


def test_where_it_is_not_confirmed(folder, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "")
    assert "It wasn't confirmed." in refused(folder, "--replace")


def test_where_ahfai_runs(folder):
    Heartbeat.objects.create(kind="web", host="here", pid=1)
    assert "AhFai is running." in refused(folder, "--replace", "--yes")


def test_a_file_that_was_changed(folder):
    [made] = manifest.all_in(folder)
    with (folder / made.file).open("r+b") as file:
        file.seek(1000)
        file.write(b"?")
    assert "its checksum is another one" in refused(folder / made.file)


def test_a_file_that_is_cut_off_or_gone(folder):
    [made] = manifest.all_in(folder)
    with (folder / made.file).open("r+b") as file:
        file.truncate(1000)
    assert "its checksum is another one" in refused(folder)
    (folder / made.file).unlink()
    assert "isn't there" in refused(made.path(folder))
    assert "No backup is in" in refused(folder)


def test_something_else(folder, tmp_path):
    other = tmp_path / "other.sqlite3"
    other.write_text("?")
    assert "isn't a backup" in refused(other)
    assert "isn't a backup" in refused(folder / key_archive.NAME)


def test_one_of_a_newer_version(folder):
    told(folder, version="9.0", migrations={"accounts": "9999_future"})
    assert "was made by AhFai 9.0, which is newer. Update AhFai first." in refused(folder)


def test_one_of_another_kind_of_database(folder):
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[connection.vendor]
    told(folder, database=other)
    assert "DATABASE_URL" in refused(folder)


def test_without_everybodys_keys(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.move(folder / key_archive.NAME, elsewhere)
    assert "keys.json is missing" in refused(folder)
    assert "People have accounts" in refused(folder, "--keys", elsewhere)
    assert "People have accounts" in refused(folder, "--keys", elsewhere / key_archive.NAME)


def test_with_keys_from_before_somebody_came(folder):
    older = (folder / key_archive.NAME).read_text()
    make_person()
    taking.take(folder, keep=1)
    (folder / key_archive.NAME).write_text(older)
    assert "is older than this backup" in refused(folder)


def test_with_a_damaged_key_archive(folder):
    (folder / key_archive.NAME).write_text("{}")
    assert "is damaged" in refused(folder)


def test_without_the_master_key(folder, settings):
    used = keys.master_keys().current[0]
    settings.MASTER_KEY = MasterKeys.new_line()
    keys.clear_cache()
    try:
        assert f"The master keys {used} are needed" in refused(folder)
    finally:
        settings.MASTER_KEY = ""
        keys.clear_cache()


@pytest.mark.same_everywhere
def test_with_too_little_room(folder, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert "1 MB are free" in refused(folder, "--replace", "--yes")


@pytest.mark.same_everywhere
def test_a_file_that_another_program_has_open_is_not_replaced(tmp_path):
    live, fresh = tmp_path / "live", tmp_path / "fresh"
    with contextlib.closing(sqlite3.connect(live)) as other, sqlite3.connect(fresh):
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE words (word)")
        with pytest.raises(BackupFailed, match=f"Another program uses {live}"):
            sqlite._put_in_place(fresh, live)
        assert other.execute("SELECT count(*) FROM words").fetchone() == (0,)
    sqlite._put_in_place(fresh, live)
    assert [path.name for path in tmp_path.iterdir()] == ["live"]


@pytest.mark.same_everywhere
def test_the_log_of_a_killed_restore_is_not_played_into_the_next_one(tmp_path):
    for more in ("", "-wal", "-shm"):
        (tmp_path / f"ahfai.sqlite3.restoring{more}").write_text("left")
    sqlite._remove(tmp_path / "ahfai.sqlite3.restoring")
    assert not list(tmp_path.iterdir())
