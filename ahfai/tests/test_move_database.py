"""Where everything may be moved to. The move itself is part of the drill: see test_restore."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ahfai.backups import BackupFailed, moving
from ahfai.models import Heartbeat

pytestmark = pytest.mark.same_everywhere


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
def test_not_while_ahfai_runs():
    Heartbeat.objects.create(kind="web", host="here", pid=1)
    with pytest.raises(CommandError, match="AhFai is running"):
        call_command("move_database", "sqlite")


@pytest.mark.django_db
def test_not_into_itself(settings):
    settings.SQLITE = dict(connection.settings_dict)
    with pytest.raises(CommandError, match="uses already"):
        call_command("move_database", "sqlite")


def test_databases_of_one_name_are_told_apart_by_where_they_are():
    same = "postgres:///ahfai"
    others = ("?port=5433", "?host=/run/other", "?hostaddr=192.0.2.1", "?service=other")
    places = [moving._place(moving.target_of(f"{same}{other}")) for other in ("", "", *others)]
    assert places[0] == places[1]
    assert len({tuple(place) for place in places}) == 1 + len(others)


@pytest.mark.django_db
def test_a_server_that_lets_nobody_in_is_told_with_the_reason():
    with pytest.raises(CommandError, match=r"can't be used: .*Connection refused"):
        call_command("move_database", "postgres://ada@127.0.0.1:1/ahfai")
