"""Whoever was erased leaves the key archive beside the backups."""

import json
import stat
import uuid

import pytest
from django.db import connection

from accounts.models import ErasedPerson
from accounts.parting import erased
from accounts.sealing import key_archive, keys
from ahfai.crypto import MasterKeys
from ahfai.testing import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path, settings):
    settings.BACKUP_DIR = tmp_path
    return tmp_path


@pytest.fixture
def erase(django_capture_on_commit_callbacks):
    def erase(person) -> uuid.UUID:
        gone = person.pk
        with django_capture_on_commit_callbacks(execute=True):
            erased.note_erased(gone)
            person.delete()
        return gone

    return erase


def people_in(folder) -> set[uuid.UUID]:
    return {owner for owner, _generation in key_archive.read(folder).keys}


def test_it_holds_everybodys_wrapped_keys_for_the_owner_of_the_files_alone(folder, owner, stranger):
    key_archive.rewrite(folder)

    archive = key_archive.read(folder)
    assert people_in(folder) == {owner.pk, stranger.pk}
    assert keys.unwrap(archive.keys[owner.pk, 1].row()) == keys.data_key(owner.pk)[1]
    assert archive.owner == owner.pk
    assert stat.S_IMODE((folder / key_archive.NAME).stat().st_mode) == 0o600


def test_whoever_is_erased_is_gone_from_it_at_once(folder, owner, stranger, erase):
    key_archive.rewrite(folder)
    gone = erase(stranger)

    assert people_in(folder) == {owner.pk}
    assert list(key_archive.read(folder).erased) == [gone]
    assert [path.name for path in folder.iterdir()] == [key_archive.NAME]


def test_nobody_comes_back_by_a_copy_of_their_keys(folder, owner, stranger, erase):
    copied = key_archive.in_the_database()
    key_archive.rewrite(folder)
    erase(stranger)
    ErasedPerson.objects.all().delete()

    key_archive.rewrite(folder, also=copied)

    assert people_in(folder) == {owner.pk}


def test_who_is_only_missing_in_the_database_keeps_their_keys(folder, owner, stranger):
    """As after an older backup was restored, from before they came."""
    key_archive.rewrite(folder)
    before = key_archive.read(folder).keys
    stranger.delete()

    key_archive.rewrite(folder)

    assert len(before) == 2
    assert key_archive.read(folder).keys == before


@pytest.fixture
def master(settings):
    """Sets the master keys."""

    def master(*lines: str) -> None:
        settings.MASTER_KEY = ",".join(lines)
        keys.clear_cache()

    yield master
    master()


def test_keys_from_before_a_resealing_stay_and_follow_the_master_key(folder, master):
    old, new = MasterKeys.new_line(), MasterKeys.new_line()
    master(old)
    ada = make_person()
    first = keys.data_key(ada.pk, 1)[1]
    key_archive.rewrite(folder)
    ada.keys.all().delete()

    master(new, old)
    key_archive.rewrite(folder)
    master(new)

    assert keys.unwrap(key_archive.read(folder).keys[ada.pk, 1].row()) == first


def test_a_key_that_the_master_keys_here_do_not_open_stays_as_it_is(folder, master):
    """It may open with one that was lost and is found again."""
    lost, new = MasterKeys.new_line(), MasterKeys.new_line()
    master(lost)
    ada = make_person()
    known = keys.data_key(ada.pk)[1]
    key_archive.rewrite(folder)

    master(new)
    key_archive.rewrite(folder)

    kept = key_archive.read(folder).keys[ada.pk, 1]
    master(new, lost)
    assert kept.master_id == lost.partition(":")[0]
    assert keys.unwrap(kept.row()) == known


def test_a_backup_before_the_first_list_of_erased_people_has_everybodys_keys(
    folder, owner, stranger
):
    """One is made before the tables of an earlier version change."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {ErasedPerson._meta.db_table}")

    key_archive.rewrite(folder)

    assert people_in(folder) == {owner.pk, stranger.pk}
    assert key_archive.read(folder).erased == {}


def test_one_of_a_later_format_is_left_as_it_is(folder, owner):
    key_archive.rewrite(folder)
    path = folder / key_archive.NAME
    said = json.loads(path.read_text()) | {"format": 2}
    said["sha256"] = key_archive._digest({name: said[name] for name in said if name != "sha256"})
    path.write_text(json.dumps(said))

    with pytest.raises(key_archive.Unusable):
        key_archive.rewrite(folder)
    assert json.loads(path.read_text()) == said


def test_without_backups_nothing_is_written(folder, owner, stranger, erase):
    gone = erase(stranger)

    assert not list(folder.iterdir())
    assert ErasedPerson.objects.get().pk == gone


def test_what_could_not_be_written_then_the_worker_writes_later(
    folder, owner, stranger, erase, caplog
):
    key_archive.rewrite(folder)
    whole = (folder / key_archive.NAME).read_text()
    (folder / key_archive.NAME).write_text(whole.replace(str(owner.pk), str(stranger.pk)))

    erase(stranger)
    assert "The key archive can't be written: Unusable" in caplog.text
    (folder / key_archive.NAME).write_text(whole)
    erased.leave_out()

    assert people_in(folder) == {owner.pk}
