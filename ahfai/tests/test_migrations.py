"""New installations run the squashed migrations; those that ran the ones before go on with them."""

import re
import secrets

import pytest
from django.db import connection, connections
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from accounts.sealing import keys
from ahfai.serving.prepare import READY, prepare

# The one of chats was reached when there were neither notes nor reminders.
HALFWAY = [("chats", "0010_titles"), ("notes", "0002_order"), ("reminders", "0004_lists")]
SQUASHED = "0001_squashed_"


class LoaderWithoutSquashed(MigrationLoader):
    def load_disk(self):
        super().load_disk()
        self.disk_migrations = {
            key: migration
            for key, migration in self.disk_migrations.items()
            if not migration.replaces
        }


def applied():
    return MigrationRecorder.Migration.objects


def plan() -> list[tuple[str, str]]:
    executor = MigrationExecutor(connection)
    steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _ in steps]


@pytest.mark.django_db
def test_who_ran_all_that_was_squashed_has_nothing_left_to_run():
    squashed = applied().filter(name__startswith=SQUASHED)
    names = {*squashed.values_list("app", flat=True)}
    assert names == {"accounts", "chats", "notes", "reminders"}
    squashed.delete()

    assert plan() == []
    assert prepare() == READY
    assert {*squashed.values_list("app", flat=True)} == names


@pytest.mark.django_db
def test_who_ran_half_of_them_goes_on_where_it_stopped():
    applied().filter(name__startswith=SQUASHED).delete()
    for app, last in HALFWAY:
        applied().filter(app=app, name__gt=last).delete()

    left = plan()
    assert {("chats", "0011_presets"), ("reminders", "0005_feeds")} <= {*left}
    assert not [name for _, name in left if name.startswith(SQUASHED)]


def test_both_ways_lead_to_the_same_models():
    new, old = MigrationLoader(None), LoaderWithoutSquashed(None)
    between = MigrationAutodetector(old.project_state(), new.project_state())
    assert between.changes(graph=new.graph) == {}


@pytest.mark.prove
@pytest.mark.both_databases
@pytest.mark.parametrize("halfway", [HALFWAY[:1], HALFWAY], ids=["one app", "all apps"])
def test_both_ways_lead_to_the_same_tables(make_default, halfway):
    make_default("new")
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    new = schema()
    assert {"chats_chat", "notes_note", "reminders_reminder", "accounts_user"} <= {*new}

    make_default("old")
    executor = MigrationExecutor(connection)
    executor.loader = LoaderWithoutSquashed(connection)
    quiet, deep = _chats_from_before(executor.migrate(halfway).apps)
    executor = MigrationExecutor(connection)
    end = executor.migrate(executor.loader.graph.leaf_nodes()).apps

    assert plan() == []
    assert schema() == new
    chats = end.get_model("chats", "Chat").objects
    assert chats.get(pk=quiet).think == "off"
    assert chats.get(pk=deep).think == "high"


def _chats_from_before(apps):
    """One for which an empty value meant No, one with a value of its own."""
    person = apps.get_model("accounts", "User").objects.create(email="a@example.org", name="A")
    keys.create_user_key(person)
    chats = apps.get_model("chats", "Chat").objects
    made = [chats.create(owner_id=person.pk, title="t", model="m", think=t) for t in ("", "high")]
    return [chat.pk for chat in made]


@pytest.fixture
def make_default(tmp_path, django_db_blocker):
    """Put an empty database of that name in the place of the tests' own, until the test ends."""
    usual = connections["default"]
    made = []

    def make(name: str) -> None:
        if usual.vendor == "sqlite":
            place = tmp_path / f"{name}.sqlite3"
        else:
            place = f"{name}_{secrets.token_hex(8)}"
            with usual._nodb_cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {place}")
        made.append(type(usual)(usual.settings_dict | {"NAME": place}, "default"))
        connections["default"] = made[-1]

    with django_db_blocker.unblock():
        yield make
        connections["default"] = usual
        for one in made:
            one.close()
            if usual.vendor != "sqlite":
                with usual._nodb_cursor() as cursor:
                    cursor.execute(f"DROP DATABASE {one.settings_dict['NAME']}")


def schema() -> dict[str, list]:
    """What the database itself says of its tables, in an order of its own: that of columns and of
    constraints depends on when they were added."""
    return _sqlites_schema() if connection.vendor == "sqlite" else _postgresqls_schema()


def _sqlites_schema() -> dict[str, list]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {
            name: _parts(sql) if kind == "table" else [kind, sql]
            for name, kind, sql in cursor.fetchall()
        }


def _parts(create_table: str) -> list[str]:
    """The columns and constraints between the outermost brackets, sorted."""
    body = create_table[create_table.index("(") + 1 : create_table.rindex(")")]
    parts, depth, quote = [""], 0, ""
    for sign in re.sub(r"\s+", " ", body):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        depth += not quote and {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return sorted(part.strip() for part in parts)


POSTGRESQLS = (
    """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
        column_default, is_identity
    FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable,
        condeferred, convalidated
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal""",
)


def _postgresqls_schema() -> dict[str, list]:
    found: dict[str, list] = {}
    with connection.cursor() as cursor:
        for question in POSTGRESQLS:
            cursor.execute(question)
            for table, *rest in sorted(cursor.fetchall(), key=str):
                found.setdefault(table, []).append(rest)
    return found
