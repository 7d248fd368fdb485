import fcntl
import io
import os
import stat
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import UserKey
from accounts.sealing import keys
from ahfai import crypto
from ahfai.crypto import MasterKeys, SealError
from ahfai.testing import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def key_file(tmp_path, settings):
    path = tmp_path / "master.key"
    path.write_text(MasterKeys.new_line() + "\n")
    path.chmod(0o600)
    settings.MASTER_KEY = ""
    settings.MASTER_KEY_FILE = path
    keys.clear_cache()
    yield path
    keys.clear_cache()


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def ids_in(path) -> list[str]:
    return list(MasterKeys.parse(path.read_text()))


def age(path, seconds: int = 120) -> None:
    past = path.stat().st_mtime - seconds
    os.utime(path, (past, past))


# The first master key, and a lost one


def test_the_first_person_gets_a_master_key_for_the_owner_of_the_files_alone(key_file):
    key_file.unlink()
    make_person("ada@example.org")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    made = key_file.read_bytes()
    make_person("ben@example.org")
    assert key_file.read_bytes() == made
    keys.check_master_keys()


def test_a_lost_master_key_is_not_replaced(key_file):
    make_person("ada@example.org")
    key_file.unlink()
    keys.clear_cache()
    keys.make_first_master_key()
    assert not key_file.exists()
    with pytest.raises(ImproperlyConfigured, match="recovery copy"):
        keys.check_master_keys()
    with pytest.raises(ImproperlyConfigured, match=str(key_file)):
        make_person("ben@example.org")


def test_somebody_elses_master_key_is_refused_at_the_start(key_file):
    make_person("ada@example.org")
    key_file.write_text(f"{MasterKeys.new_line()}\n")
    keys.clear_cache()
    with pytest.raises(ImproperlyConfigured, match="recovery copy"):
        keys.check_master_keys()


def test_a_command_that_needs_a_lost_master_key_says_what_to_do(key_file):
    make_person("ada@example.org")
    key_file.unlink()
    with pytest.raises(CommandError, match=f"{key_file} .*recovery copy"):
        run("verify")
    with pytest.raises(CommandError, match=f"{key_file} .*recovery copy"):
        run("keys", "rotate")
    assert not key_file.exists()


# The list of master keys


def test_the_list_comes_from_the_file(key_file):
    assert list(keys.master_keys()) == ids_in(key_file)


def test_the_environment_comes_before_the_file(key_file, settings):
    settings.MASTER_KEY = f"{MasterKeys.new_line()},{MasterKeys.new_line()}"
    keys.clear_cache()

    assert list(keys.master_keys()) == list(MasterKeys.parse(settings.MASTER_KEY))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_a_file_that_others_may_read_is_refused(key_file, mode):
    key_file.chmod(mode)

    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        keys.master_keys()


def test_a_missing_or_wrong_file_is_named_and_its_content_is_not(key_file):
    key_file.write_text("canary-of-the-key\n")
    with pytest.raises(ImproperlyConfigured, match=r"master\.key.*id:key") as caught:
        keys.master_keys()
    assert "canary" not in str(caught.value)

    key_file.unlink()
    with pytest.raises(ImproperlyConfigured, match=r"master\.key can't be read"):
        keys.master_keys()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b"\xff\xfe\0k"), "it isn't text"),
        (lambda path: path.unlink() or path.mkdir(), "Is a directory"),
    ],
)
def test_what_is_no_text_is_said_in_words(key_file, make, reason):
    make(key_file)

    with pytest.raises(ImproperlyConfigured, match=rf"master\.key can't be read: {reason}\.$"):
        keys.master_keys()


# A person's data key


def test_a_new_person_has_a_key_of_their_own(key_file):
    ada, bob = make_person(), make_person()

    assert keys.data_key(ada.pk)[0] == 1
    assert keys.data_key(ada.pk, 1) == keys.data_key(ada.pk)
    assert keys.data_key(ada.pk)[1] != keys.data_key(bob.pk)[1]
    assert ada.keys.get().master_id == ids_in(key_file)[0]


def test_an_opened_key_costs_no_second_query(key_file, django_assert_num_queries):
    ada = make_person()
    keys.data_key(ada.pk)

    with django_assert_num_queries(0):
        keys.data_key(ada.pk)
        keys.data_key(ada.pk, 1)


def test_the_newest_generation_is_looked_up_again_after_a_minute(key_file, monkeypatch):
    ada = make_person()
    now = keys.time.time()
    monkeypatch.setattr(keys.time, "time", lambda: now)
    first = keys.data_key(ada.pk)
    # As another process would: this one isn't told.
    other = crypto.new_key()
    master_id, wrapped = keys.wrap(other, ada.pk, 2)
    UserKey.objects.create(owner=ada, generation=2, master_id=master_id, wrapped=wrapped)

    assert keys.data_key(ada.pk) == first
    now += 61
    assert keys.data_key(ada.pk) == (2, other)
    assert keys.data_key(ada.pk, 1) == first
    # A clock that was set back says nothing about how old the answer is.
    UserKey.objects.filter(generation=2).delete()
    now -= 3600
    assert keys.data_key(ada.pk) == first


def test_a_destroyed_key_is_gone_once_it_is_forgotten(key_file):
    ada = make_person()
    keys.data_key(ada.pk)
    ada.keys.all().delete()

    keys.forget(ada.pk)

    with pytest.raises(SealError):
        keys.data_key(ada.pk)
    with pytest.raises(SealError):
        keys.data_key(ada.pk, 1)


def test_a_key_forgotten_while_it_is_being_opened_stays_forgotten(key_file, monkeypatch):
    ada = make_person()
    unwrap = keys.unwrap

    def unwrap_while_somebody_erases(row):
        keys.forget(ada.pk)
        return unwrap(row)

    monkeypatch.setattr(keys, "unwrap", unwrap_while_somebody_erases)
    keys.data_key(ada.pk)
    monkeypatch.undo()
    ada.keys.all().delete()

    with pytest.raises(SealError):
        keys.data_key(ada.pk)


def test_only_so_many_people_stay_in_memory(key_file, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(keys, "PEOPLE_IN_MEMORY", 2)
    ada, bob, eve = make_person(), make_person(), make_person()
    for person in (ada, bob, ada, eve):
        keys.data_key(person.pk)

    with django_assert_num_queries(0):
        keys.data_key(ada.pk)
        keys.data_key(eve.pk)
    with django_assert_num_queries(1):
        keys.data_key(bob.pk)


def test_a_key_row_moved_to_another_person_or_generation_opens_nothing(key_file):
    ada, bob = make_person(), make_person()
    UserKey.objects.filter(owner=bob).update(wrapped=ada.keys.get().wrapped)
    UserKey.objects.filter(owner=ada).update(generation=2)
    keys.clear_cache()

    for person in (ada, bob):
        with pytest.raises(SealError):
            keys.data_key(person.pk)


def test_a_missing_master_key_is_named_by_its_id(key_file):
    ada = make_person()
    lost = ids_in(key_file)[0]
    key_file.write_text(MasterKeys.new_line())
    keys.clear_cache()

    with pytest.raises(SealError, match=lost):
        keys.data_key(ada.pk)


def test_another_master_key_under_the_same_id_opens_nothing(key_file):
    ada = make_person()
    key_file.write_text(f"{ids_in(key_file)[0]}:{MasterKeys.new_line().partition(':')[2]}")
    keys.clear_cache()

    with pytest.raises(SealError):
        keys.data_key(ada.pk)


@pytest.mark.django_db(transaction=True)
def test_eight_threads_each_get_the_right_keys(key_file, monkeypatch):
    monkeypatch.setattr(keys, "PEOPLE_IN_MEMORY", 3)
    people = [make_person().pk for _ in range(6)]
    right = {pk: keys.data_key(pk) for pk in people}
    stranger = uuid.uuid4()

    def ask(start: int) -> tuple[int, int]:
        wrong = refused = 0
        try:
            for turn in range(60):
                pk = people[(start + turn) % len(people)]
                wrong += keys.data_key(pk) != right[pk]
                if turn % 10 == 0:
                    keys.forget(pk)
                    try:
                        keys.data_key(stranger)
                    except SealError:
                        refused += 1
        finally:
            connection.close()
        return wrong, refused

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [(0, 6)] * 8


# Rotation


def test_rotation_wraps_every_key_anew_and_keeps_the_old_master_key(key_file):
    ada, bob = make_person(), make_person()
    before = {person.pk: keys.data_key(person.pk) for person in (ada, bob)}
    old = ids_in(key_file)[0]

    run("keys", "rotate")

    new = ids_in(key_file)[0]
    assert ids_in(key_file) == [new, old]
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == ["master.key"]
    assert set(UserKey.objects.values_list("master_id", flat=True)) == {new}
    keys.clear_cache()
    assert {person.pk: keys.data_key(person.pk) for person in (ada, bob)} == before
    assert make_person().keys.get().master_id == new


def test_an_interrupted_rotation_is_finished_by_the_next_run(key_file, monkeypatch):
    people = [make_person() for _ in range(5)]
    before = {person.pk: keys.data_key(person.pk) for person in people}
    monkeypatch.setattr("accounts.sealing.rotating.AT_ONCE", 2)
    wrap, calls = keys.wrap, []

    def wrap_until_the_power_fails(*arguments):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return wrap(*arguments)

    monkeypatch.setattr(keys, "wrap", wrap_until_the_power_fails)
    with pytest.raises(KeyboardInterrupt):
        run("keys", "rotate")
    monkeypatch.setattr(keys, "wrap", wrap)
    both = ids_in(key_file)
    assert set(UserKey.objects.values_list("master_id", flat=True)) == set(both)
    keys.clear_cache()
    assert {person.pk: keys.data_key(person.pk) for person in people} == before

    run("keys", "rotate")

    assert ids_in(key_file) == both
    assert set(UserKey.objects.values_list("master_id", flat=True)) == {both[0]}
    keys.clear_cache()
    assert {person.pk: keys.data_key(person.pk) for person in people} == before


def test_another_process_finds_the_new_master_key_by_itself(key_file):
    ada = make_person()
    known = keys.data_key(ada.pk)
    stale = keys.master_keys()
    run("keys", "rotate")
    keys.clear_cache()
    keys._master = stale

    assert keys.data_key(ada.pk) == known


def test_a_person_who_signs_up_elsewhere_gets_the_new_master_key(key_file):
    stale = keys.master_keys()
    make_person()
    run("keys", "rotate")
    keys._master = stale

    assert make_person().keys.get().master_id == ids_in(key_file)[0]


def test_the_old_master_key_goes_when_nothing_needs_it(key_file):
    ada = make_person()
    known = keys.data_key(ada.pk)
    run("keys", "rotate")
    new = ids_in(key_file)[0]

    with pytest.raises(CommandError, match="Run this again after"):
        run("keys", "rotate", "--drop-old")
    assert len(ids_in(key_file)) == 2
    age(key_file)
    run("keys", "rotate", "--drop-old")

    assert ids_in(key_file) == [new]
    assert key_file.stat().st_mode & 0o777 == 0o600
    keys.clear_cache()
    assert keys.data_key(ada.pk) == known


def damage_the_key_of(person) -> None:
    damaged = bytearray(person.keys.get().wrapped)
    damaged[20] ^= 1
    person.keys.update(wrapped=bytes(damaged))


def test_the_old_master_key_stays_while_a_key_cannot_be_opened(key_file):
    ada, bob = make_person(), make_person()
    damage_the_key_of(ada)

    with pytest.raises(CommandError, match="1 keys can't be opened"):
        run("keys", "rotate")
    age(key_file)
    with pytest.raises(CommandError, match="can't be opened"):
        run("keys", "rotate", "--drop-old")

    assert len(ids_in(key_file)) == 2
    assert bob.keys.get().master_id == ids_in(key_file)[0]


def test_the_old_master_key_stays_where_a_newly_wrapped_key_was_damaged(key_file):
    """Whoever puts a copy of the row back from before needs it."""
    ada = make_person()
    run("keys", "rotate")
    damage_the_key_of(ada)
    age(key_file)

    with pytest.raises(CommandError, match=f"{ada.keys.get().pk} can't be opened, so the old keys"):
        run("keys", "rotate", "--drop-old")

    assert len(ids_in(key_file)) == 2


def test_the_old_master_key_stays_for_somebody_who_signs_up_with_it_meanwhile(
    key_file, monkeypatch
):
    ada = make_person()
    as_with_the_old = UserKey.objects.filter(pk=ada.keys.get().pk).values("master_id", "wrapped")[0]
    known = keys.data_key(ada.pk)
    run("keys", "rotate")
    age(key_file)
    unwrap = keys.unwrap

    def unwrap_while_somebody_signs_up(row):
        monkeypatch.undo()
        UserKey.objects.filter(pk=row.pk).update(**as_with_the_old)
        return unwrap(row)

    monkeypatch.setattr(keys, "unwrap", unwrap_while_somebody_signs_up)
    with pytest.raises(CommandError, match="A new person has come meanwhile"):
        run("keys", "rotate", "--drop-old")
    assert len(ids_in(key_file)) == 2

    run("keys", "rotate", "--drop-old")
    assert len(ids_in(key_file)) == 1
    keys.clear_cache()
    assert keys.data_key(ada.pk) == known


def test_a_folder_of_the_master_key_that_is_not_there_is_named(key_file, settings):
    """As where a disk isn't mounted."""
    settings.MASTER_KEY_FILE = key_file.parent / "unmounted" / "master.key"

    with pytest.raises(CommandError, match=r"/unmounted can't be changed: .* Nothing is lost"):
        run("keys", "rotate")


def test_a_master_key_of_the_environment_is_changed_by_hand_and_then_used(key_file, settings):
    old = MasterKeys.new_line()
    settings.MASTER_KEY = old
    keys.clear_cache()
    ada = make_person()
    known = keys.data_key(ada.pk)

    with pytest.raises(CommandError, match="Make a new key"):
        run("keys", "rotate")
    new = MasterKeys.new_line()
    settings.MASTER_KEY = f"{new},{old}"
    run("keys", "rotate")

    assert ada.keys.get().master_id == new.partition(":")[0]
    assert old.partition(":")[0] in run("keys", "rotate", "--drop-old")
    settings.MASTER_KEY = new
    keys.clear_cache()
    assert keys.data_key(ada.pk) == known


def test_two_rotations_at_once_are_refused(key_file):
    make_person()
    folder = os.open(key_file.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    before = key_file.read_text()
    try:
        with pytest.raises(CommandError, match="Another run"):
            run("keys", "rotate")
    finally:
        os.close(folder)

    assert key_file.read_text() == before


def test_no_command_prints_a_key(key_file):
    ada = make_person()
    said = run("keys", "rotate")
    age(key_file)
    said += run("keys", "rotate", "--drop-old") + run("keys", "reseal") + run("verify")

    secret = key_file.read_text().strip().partition(":")[2].rstrip("=")
    assert secret not in said
    assert keys.data_key(ada.pk)[1].hex() not in said


def test_a_new_generation_is_used_at_once_and_the_old_one_still_opens(key_file):
    ada = make_person()
    first = keys.data_key(ada.pk)

    keys.next_user_key(ada.pk)

    assert keys.data_key(ada.pk)[0] == 2
    assert keys.data_key(ada.pk)[1] != first[1]
    assert keys.data_key(ada.pk, 1) == first
    assert timedelta(seconds=keys.NEWEST_IS_CHECKED_AFTER_S) * 10 <= keys.KEPT_FOR
