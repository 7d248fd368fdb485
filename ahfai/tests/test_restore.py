"""The drill: what was backed up comes back into an empty installation, without the erased."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from accounts.sealing import key_archive
from ahfai.backups import manifest
from ahfai.tests import drill, tables
from ahfai.tests.house import empty_database

pytestmark = pytest.mark.django_db
# An import names the process that took it in.
OF_THE_MOMENT = {"accounts_session", "ahfai_heartbeat", "notes_import"}


class Installation:
    """One with a folder of its own, and the same keys as the others of a test."""

    def __init__(self, folder: Path, keys: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings | {"KEYS_DIR": str(keys)}
        self.data.mkdir(parents=True)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def backups(self) -> Path:
        return self.data / "backups"

    def do(self, *steps: str) -> dict:
        return drill.run(self.folder, self.settings, *steps)


@pytest.fixture(scope="module")
def installations(tmp_path_factory, django_db_setup) -> Iterator[list[Installation]]:
    """Two of them. Nobody is in either; with SQLite the second one has not even a file."""
    folder = tmp_path_factory.mktemp("drill")
    with ExitStack() as entered:
        first, second = [
            Installation(folder / name, folder / "keys", entered.enter_context(empty_database()))
            for name in ("first", "second")
        ]
        if connection.vendor == "sqlite":
            # Making all tables once more would take seconds.
            shutil.copy(tables.migrated_file(), first.data)
        yield [first, second]


@pytest.fixture(scope="module")
def drilled(installations):
    """Ada and Ben live in the first house, are backed up and restored into the second one, where
    Ben is erased. Then the first one is restored from the same backup."""
    first, second = installations
    second.settings["BACKUP_DIR"] = str(first.backups)
    before = first.do("live", "figures", "backup", "change", f"restore={first.backups}")
    elsewhere = second.do(
        f"restore={first.backups}", "figures", "words", "sign_in=ada", "erase=ben"
    )
    oldest = first.backups / manifest.all_in(first.backups)[-1].file
    steps = [f"{step}={oldest},--replace,--yes" for step in ("broken_off", "restore")]
    return before, elsewhere, first.do(*steps, "figures", "words", "sign_in=ada", "sign_in=ben")


def test_every_row_comes_back_as_it_was(drilled):
    before, elsewhere, _replaced = drilled
    assert elsewhere["restore"]["failed"] == ""
    assert "Everything opens." in elsewhere["restore"]["said"]
    for table, figures in before["figures"].items():
        if table not in OF_THE_MOMENT:
            assert elsewhere["figures"][table] == figures, table
    assert before["figures"]["accounts_filepart"][0] == 2
    assert elsewhere["figures"]["notes_import"][0] == 2
    assert elsewhere["figures"]["ahfai_heartbeat"][0] == 0


def test_words_open_and_people_sign_in_anew(drilled):
    _before, elsewhere, _replaced = drilled
    assert len(elsewhere["words"]) == 8
    assert "ada's note" in elsewhere["words"]
    assert elsewhere["figures"]["accounts_session"][0] == 0
    assert elsewhere["sign_in"] == "/"


def test_whoever_was_erased_since_does_not_come_back(drilled):
    _before, _elsewhere, replaced = drilled
    assert replaced["restore"]["failed"] == ""
    assert "People: 1. Left out, because they were erased since: 1." in replaced["restore"]["said"]
    assert replaced["words"] == ["ada asks", "ada remembers", "ada's note", "ada.txt"]
    for table in ("accounts_user", "accounts_userkey", "notes_note", "accounts_erasedperson"):
        assert replaced["figures"][table][0] == 1, table


def test_their_rows_in_older_backups_have_no_key_any_more(drilled, installations):
    first, _second = installations
    archive = key_archive.read(first.backups)
    oldest = manifest.all_in(first.backups)[-1]
    assert len(oldest.people) == 2
    assert len(archive.keys) == len(archive.erased) == 1


def test_where_people_have_accounts_it_is_refused_unless_that_is_meant(drilled, installations):
    first, _second = installations
    before, _elsewhere, replaced = drilled
    assert "With --replace" in before["restore"]["failed"]
    assert "What was here is in" in replaced["broken_off"]["said"]
    # What had been changed since is in the newer one.
    newest, *_others, oldest = manifest.all_in(first.backups)
    assert (oldest.tables["notes_note"], newest.tables["notes_note"]) == (2, 1)


def test_one_that_breaks_off_leaves_what_was_there_or_can_be_run_again(drilled):
    _before, _elsewhere, replaced = drilled
    broken = replaced["broken_off"]
    assert "Restoring failed: The disk is full." in broken["failed"]
    assert broken["same"] == (connection.vendor == "sqlite")
    assert broken["is_empty"] != broken["same"]
    assert replaced["restore"]["failed"] == ""


# Moved to the other kind of database, where there are both


@pytest.fixture(scope="module")
def moved(drilled, installations):
    """What the drill left goes from PostgreSQL to SQLite, and on to another PostgreSQL."""
    if connection.vendor != "postgresql":
        pytest.skip("both databases are needed")
    first, _second = installations
    on_sqlite = {"KEYS_DIR": first.settings["KEYS_DIR"]}
    with empty_database() as last:
        yield [
            first.do("figures", "move=sqlite"),
            drill.run(
                first.folder,
                on_sqlite,
                "figures",
                "words",
                "sign_in=ada",
                f"move={last['DATABASE_URL']}",
            ),
            drill.run(first.folder, on_sqlite | last, "figures", "words", "add", "move=sqlite"),
        ]


def test_each_table_is_the_same_after_a_move(moved):
    first, on_sqlite, last = moved
    assert first["move"]["failed"] == on_sqlite["move"]["failed"] == ""
    assert "each table is the same as here" in first["move"]["said"]
    assert first["figures"] == on_sqlite["figures"]
    # Somebody has signed in since.
    changed = {
        table for table, said in on_sqlite["figures"].items() if last["figures"][table] != said
    }
    assert "accounts_session" in changed
    assert not any(table.startswith(("chats", "notes", "reminders")) for table in changed)


def test_words_open_and_people_sign_in_after_a_move(moved):
    _first, on_sqlite, last = moved
    assert (
        on_sqlite["words"]
        == last["words"]
        == ["ada asks", "ada remembers", "ada's note", "ada.txt"]
    )
    assert on_sqlite["sign_in"] == "/"


def test_rows_with_numbers_go_on_where_they_were(moved):
    assert moved[2]["add"] == "added"


def test_where_people_have_accounts_nothing_is_moved(moved):
    assert "People have accounts there already." in moved[2]["move"]["failed"]
