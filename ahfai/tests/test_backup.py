"""Backing up while people go on."""

import io
import json
import os
import shutil
import stat
import threading
import time
import tomllib
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

import ahfai
from accounts.models import UserKey
from accounts.sealing import key_archive, keys
from ahfai.backups import BackupFailed, daily, manifest, postgres, taking
from ahfai.crypto import MasterKeys
from ahfai.models import Heartbeat
from ahfai.serving import prepare
from ahfai.testing import make_person
from notes.models import Note

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path, settings):
    settings.BACKUP_DIR = tmp_path / "backups"
    return settings.BACKUP_DIR


def backup(*arguments: str) -> str:
    out = io.StringIO()
    call_command("backup", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_what_was_copied_and_what_it_needs(folder, owner):
    Note.objects.create(owner=owner, title="Kitchen", body="oak for the top")

    said = backup()

    [made] = manifest.all_in(folder)
    assert "Backed up 1 person" in said
    assert str(folder / made.file) in said
    assert "The master keys are not in it, and without them it opens nothing. " in said
    assert made.master_ids == [keys.master_keys().current[0]]
    assert made.people == [str(owner.pk)]
    assert made.tables["notes_note"] == 1
    assert made.sha256 == manifest.sha256_of(folder / made.file)
    assert made.migrations["accounts"] >= "0006"


def test_what_processes_have_in_hand_keeps_no_backup_from_being_made(folder, owner):
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    now = datetime.now(UTC)
    owner.imports.create(size=1, state="done", process=process, ended=now)
    owner.exports.create(state="running", process=process)
    assert "Backed up 1 person" in backup()


def test_nothing_refers_to_what_is_left_out():
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if field.related_model:
                assert field.related_model._meta.db_table not in taking.LEFT_OUT, field


def test_files_are_for_their_owner_alone_and_nothing_unfinished_stays(folder, owner):
    (folder / taking.UNFINISHED).mkdir(parents=True)
    folder.chmod(0o700)
    (folder / taking.UNFINISHED / "ahfai-of-a-killed-run.sqlite3").touch()
    backup()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [taking.UNFINISHED]
    assert not list((folder / taking.UNFINISHED).iterdir())
    for path in folder.glob("*.*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_neither_keys_nor_sessions_nor_words_are_in_it(folder, client, owner):
    Note.objects.create(owner=owner, title="Kitchen", body="a canary that sings")
    session = client.session.session_key

    backup()

    [made] = manifest.all_in(folder)
    held = (folder / made.file).read_bytes()
    assert made.tables["accounts_userkey"] == made.tables["accounts_session"] == 0
    assert bytes(owner.keys.get().wrapped) not in held
    assert b"a canary that sings" not in held
    assert session.encode() not in held
    master = keys.master_keys().current[1]
    assert master not in held
    assert len(key_archive.read(folder).keys) == 1


def test_people_go_on_writing_meanwhile_and_the_copy_is_of_one_moment(folder, owner, monkeypatch):
    """Each writer makes two notes at once; a copy between the two would have an odd number."""
    over, failed, made = threading.Event(), [], []

    def write():
        from django.db import transaction

        try:
            while not over.is_set():
                with transaction.atomic():
                    for _ in range(2):
                        Note.objects.create(owner=owner, title="t", body="b" * 2000)
                made.append(2)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    while not made:
        time.sleep(0.01)
    try:
        backup()
        during = len(made)
        while len(made) == during and not failed:
            time.sleep(0.01)
    finally:
        over.set()
        for writer in writers:
            writer.join()

    assert not failed
    copied = manifest.all_in(folder)[0].tables["notes_note"]
    assert copied % 2 == 0
    assert 0 < copied <= sum(made) == Note.objects.count()


def test_the_newest_stay_and_those_of_another_installation_too(folder, owner):
    foreign = make_person()
    backup()
    [others] = manifest.all_in(folder)
    others = json.loads(others.path(folder).read_text())
    foreign_id = str(foreign.pk)
    foreign.delete()
    path = folder / "ahfai-2026-01-01T000000Z.json"
    shutil.copy(folder / others["file"], path.with_suffix(".copy"))
    path.write_text(
        json.dumps(
            others
            | {"file": "ahfai-2026-01-01T000000Z.copy", "made": "2026-01-01T00:00:00+00:00"}
            | {"people": [foreign_id]}
        )
    )

    assert "Older backups removed: 0." in backup("--keep", "2")
    said = backup("--keep", "2")

    assert "Older backups removed: 1." in said
    assert len(manifest.all_in(folder)) == 3
    assert path.exists()
    assert others["file"] not in [one.file for one in manifest.all_in(folder)]


def test_where_the_master_key_is_missing_nothing_is_made_or_removed(folder, owner, settings):
    backup()
    settings.MASTER_KEY = MasterKeys.new_line()
    try:
        with pytest.raises(CommandError, match=r"No backup was made.*recovery copy"):
            backup("--keep", "1")
    finally:
        settings.MASTER_KEY = ""
        keys.clear_cache()
    assert len(manifest.all_in(folder)) == 1


def test_a_key_that_does_not_open_is_said_in_words(folder, owner):
    UserKey.objects.update(wrapped=b"\x01" + bytes(60))

    with pytest.raises(CommandError, match="No backup was made"):
        backup()

    assert not manifest.all_in(folder)


def test_a_copy_that_is_damaged_is_never_called_a_backup(folder, owner, monkeypatch):
    kind = taking.KINDS[connection.vendor]
    dump = kind.dump

    def damaging(to, left_out):
        found = dump(to, left_out)
        with to.open("r+b") as file:
            file.seek(to.stat().st_size // 2)
            file.write(bytes(4096))
        return found

    monkeypatch.setattr(kind, "dump", damaging)
    for _ in range(30):
        Note.objects.create(owner=owner, title="t", body="b" * 5000)

    with pytest.raises(CommandError, match="No backup was made"):
        backup()

    assert not manifest.all_in(folder)
    assert not list((folder / taking.UNFINISHED).iterdir())


def test_a_full_disk_is_said_before_anything_is_written(folder, owner, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    with pytest.raises(CommandError, match=r"1 MB are free in .*backups\."):
        backup()


def test_two_at_once_are_not_made_into_one_folder(folder, owner, monkeypatch):
    kind = taking.KINDS[connection.vendor]
    dump = kind.dump

    def twice(to, left_out):
        with pytest.raises(BackupFailed, match="Another backup"):
            taking.take(folder, 1)
        return dump(to, left_out)

    monkeypatch.setattr(kind, "dump", twice)
    backup()


def test_with_nobody_there_is_nothing_to_back_up(folder, db):
    assert "nothing to back up" in backup()
    assert not folder.exists()


def test_not_beside_the_keys(folder, owner, settings):
    with pytest.raises(CommandError, match="beside the keys"):
        backup("--to", str(settings.KEYS_DIR / "copies"))


# Before the tables change


@pytest.fixture
def migrated(monkeypatch) -> list[str]:
    """The commands that a start with a new version runs, with nothing behind them."""
    ran = []
    monkeypatch.setattr(prepare.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    monkeypatch.setattr(prepare, "call_command", lambda name, **options: ran.append(name))
    return ran


def test_a_start_with_a_new_version_backs_up_first(folder, owner, migrated, capsys):
    assert prepare.prepare() == prepare.READY

    [made] = manifest.all_in(folder)
    assert f"Backed up before the tables change: {folder / made.file}" in capsys.readouterr().out
    assert migrated == ["check", "migrate"]


def test_without_a_backup_the_tables_stay_as_they_are(folder, owner, migrated, settings):
    folder.write_text("no folder")
    with pytest.raises(CommandError, match=r"no backup could be made.*Nothing was changed\."):
        prepare.prepare()
    assert migrated == ["check"]

    settings.BACKUP_BEFORE_MIGRATING = False
    assert prepare.prepare() == prepare.READY
    assert migrated[-1] == "migrate"


def test_a_first_start_has_nothing_to_back_up(folder, migrated):
    prepare.prepare()
    assert migrated == ["check", "migrate"]
    assert not folder.exists()


# By the clock


def test_the_worker_makes_one_each_day_where_a_folder_is_set(folder, owner, settings):
    settings.BACKUP_DAILY = True
    for day in (28, 28, 29):
        with time_machine.travel(datetime(2026, 11, day, 12, tzinfo=UTC), tick=False):
            daily.back_up_daily()
            daily._at_work.join()

    assert [one.made.day for one in manifest.all_in(folder)] == [29, 28]


def test_the_worker_makes_none_by_itself_where_no_folder_is_set(folder, owner, settings):
    settings.BACKUP_DAILY = False
    daily.back_up_daily()
    assert not folder.exists()


def test_a_backup_that_fails_is_in_the_log_in_words(folder, owner, settings, caplog):
    settings.BACKUP_DAILY = True
    folder.write_text("no folder")
    daily.back_up_daily()
    daily._at_work.join()
    assert "No backup was made." in caplog.text


# Around it


@pytest.mark.same_everywhere
def test_a_missing_program_of_postgresql_is_named(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(postgres, "DEBIANS", tmp_path)
    with pytest.raises(BackupFailed, match=r"pg_dump isn't here.*apt install postgresql-client"):
        postgres.program("pg_dump")
    settings.POSTGRES_BIN = tmp_path
    with pytest.raises(BackupFailed, match="POSTGRES_BIN names"):
        postgres.program("pg_dump")


@pytest.mark.same_everywhere
def test_a_password_goes_by_the_environment_and_never_stands_in_a_command(monkeypatch):
    known = {"dbname": "ahfai", "user": "ada", "password": "secret", "hostaddr": "192.0.2.1"}
    known |= {"channel_binding": "require", "options": "-c statement_timeout=300s", "pool": {}}
    ran = []

    def run(command, **how):
        ran.append((command, how["env"]))
        return SimpleNamespace(returncode=1, stderr="pg_dump: error: version mismatch\npg_dump: x")

    monkeypatch.setattr(connection, "get_connection_params", lambda: known)
    monkeypatch.setattr(postgres, "program", lambda name: name)
    monkeypatch.setattr(postgres.subprocess, "run", run)
    with pytest.raises(BackupFailed, match="pg_dump failed: error: version mismatch"):
        postgres.run("pg_dump", "--file=x")

    [(command, environment)] = ran
    assert command == ["pg_dump", "--file=x"]
    assert (environment["PGDATABASE"], environment["PGUSER"]) == ("ahfai", "ada")
    assert (environment["PGPASSWORD"], environment["PGHOSTADDR"]) == ("secret", "192.0.2.1")
    assert environment["PGCHANNELBINDING"] == "require"
    assert environment.get("PGOPTIONS") == os.environ.get("PGOPTIONS"), "a copy may take its time"


@pytest.mark.same_everywhere
def test_the_version_in_it_is_that_of_the_package():
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert project["version"] == ahfai.VERSION
