"""From PostgreSQL to SQLite and back to another PostgreSQL: nothing changes on the way."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ahfai.backups import BackupFailed, moving
from ahfai.models import Heartbeat
from ahfai.tests import drill
from ahfai.tests.house import empty_database


@pytest.fixture(scope="module")
def moved(tmp_path_factory, django_db_setup):
    if connection.vendor != "postgresql":
        pytest.skip("both databases are needed")
    folder: Path = tmp_path_factory.mktemp("moved")
    with ExitStack() as entered:
        first, last = [entered.enter_context(empty_database()) for _ in range(2)]
        yield [
            drill.run(folder, first, "live", "move=sqlite", "figures"),
            drill.run(
                folder, {}, "figures", "words", "sign_in=ada", f"move={last['DATABASE_URL']}"
            ),
            drill.run(folder, last, "figures", "words", "add", "move=sqlite"),
        ]


@pytest.mark.django_db
def test_each_table_is_the_same_everywhere(moved):
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


@pytest.mark.django_db
def test_words_open_and_people_sign_in_there(moved):
    _first, on_sqlite, last = moved
    assert len(on_sqlite["words"]) == 8
    assert on_sqlite["words"] == last["words"]
    assert on_sqlite["sign_in"] == "/"


@pytest.mark.django_db
def test_rows_with_numbers_go_on_where_they_were(moved):
    assert moved[2]["add"] == "added"


@pytest.mark.django_db
def test_where_people_have_accounts_nothing_is_moved(moved):
    assert "People have accounts there already." in moved[2]["move"]["failed"]


@pytest.mark.only_on_sqlite
@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("postgres://ada:secret@db/ahfai", "Others on this machine can read a password"),
        ("mysql://ada@db/ahfai", "Say sqlite, or an address"),
        ("somewhere", "Say sqlite, or an address"),
    ],
)
def test_where_to_is_said_without_a_password(named, sentence):
    with pytest.raises(BackupFailed, match=sentence) as caught:
        moving.target_of(named)
    assert "secret" not in str(caught.value)


@pytest.mark.django_db
@pytest.mark.only_on_sqlite
def test_not_while_ahfai_runs():
    Heartbeat.objects.create(kind="web", host="here", pid=1)
    with pytest.raises(CommandError, match="AhFai is running"):
        call_command("move_database", "sqlite")


@pytest.mark.django_db
@pytest.mark.only_on_sqlite
def test_not_into_itself(settings):
    settings.SQLITE = dict(connection.settings_dict)
    with pytest.raises(CommandError, match="uses already"):
        call_command("move_database", "sqlite")
