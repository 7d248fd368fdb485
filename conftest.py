"""What every test may ask for."""

import shutil
import threading

import pytest
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models.signals import post_migrate
from django.template.base import Template
from django.test import Client
from whitenoise.middleware import WhiteNoiseMiddleware

from ahfai.testing import make_person, signed_in
from ahfai.tests import tables
from chats import calibration
from chats.lifecycle import heartbeat
from reminders import notices


def pytest_addoption(parser):
    parser.addoption(
        "--whole", action="store_true", help="on PostgreSQL also what no database changes"
    )


def pytest_configure(config):
    """Where several processes divide the tests among them, the tables are made while they look for
    those."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        tables.place()
        threading.Thread(target=tables.make, daemon=True).start()


def pytest_collection_modifyitems(config, items):
    """On PostgreSQL only the tests that use the database run: the others have run on SQLite, as
    have those that are about what no database changes, but for `--whole`.

    The files that take longest come first, so that no process waits for one of them at the end.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    if connection.vendor != "postgresql":
        return
    left = (
        {"only_on_sqlite"} if config.getoption("whole") else {"only_on_sqlite", "same_everywhere"}
    )
    marks, fixtures = ("django_db", "both_databases"), {"db", "transactional_db"}
    chosen = [
        item
        for item in items
        if not any(map(item.get_closest_marker, left))
        and (any(map(item.get_closest_marker, marks)) or fixtures & {*item.fixturenames})
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture(scope="session", autouse=True)
def static_files_are_listed_once():
    """Each test's browser has a server of its own, which would look at all static files anew."""
    list_all, folders = WhiteNoiseMiddleware.add_files_from_finders, settings.STATICFILES_DIRS
    listed: dict = {}

    def list_once(server):
        if folders != settings.STATICFILES_DIRS:
            list_all(server)
            return
        if not listed:
            list_all(server)
            listed.update(server.files)
        server.files.update(listed)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(WhiteNoiseMiddleware, "add_files_from_finders", list_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def pages_are_noted_without_their_pieces(django_test_environment):
    """Django's test client keeps a copy of what each template was given, of each icon and each
    time zone in a choice, too: a quarter of what a form takes. Here it keeps what the whole was."""
    note = Template._render  # type: ignore[attr-defined]

    def note_the_whole(template, context):
        whole = context.template is template
        return note(template, context) if whole else template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Template, "_render", note_the_whole)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings, django_db_keepdb):
    """The tests' database is a copy of one with all tables."""
    of_tests = connection.settings_dict["TEST"]
    if connection.vendor != "sqlite":
        of_tests["TEMPLATE"] = tables.migrated_database()
        return django_db_keepdb
    shutil.copy(tables.migrated_file(), of_tests["NAME"])
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """The permissions and the types of content are made with the tables and not again after each
    test with transactions, which empties them: that took as long as a short test. Nobody here is
    given any of those, and these are made when they are asked for."""
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    assert post_migrate.disconnect(create_contenttypes)
    post_migrate.connect(_forget_content_types)
    if connection.vendor == "postgresql":
        connection.ops.sql_flush = _sql_to_delete_all  # type: ignore[method-assign]


def _forget_content_types(**_migrated):
    ContentType.objects.clear_cache()


def _sql_to_delete_all(style, tables, **_how):
    """TRUNCATE gives each table and index a new file, however few rows there were."""
    deletes = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables]  # noqa: S608
    # Then the order of the tables doesn't matter.
    before, after = (f"SET session_replication_role = {role}" for role in ("replica", "DEFAULT"))
    return [before, *deletes, after]


@pytest.fixture(autouse=True)
def nothing_known_from_an_earlier_test():
    heartbeat.forget_process()
    calibration.forget()
    notices.forget_start()


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test(request):
    """Not one either that nobody has waited for: a reply couldn't be saved, nor words be read."""
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
    yield
    for thread in threading.enumerate():
        if thread.name.startswith(("reply-", "search-index")):
            thread.join(10)


@pytest.fixture
def owner(db):
    """The person a test is about, and the first one here."""
    return make_person("owner@example.org", "Olivia Owner")


@pytest.fixture
def stranger(owner):
    """Somebody with an account and nothing to do with the owner's things."""
    return make_person("stranger@example.org", "Sam Stranger")


@pytest.fixture
def client(owner):
    """The owner's browser."""
    return signed_in(owner)


@pytest.fixture
def strangers_client(stranger):
    return signed_in(stranger)


@pytest.fixture
def nobody(db):
    """A browser in which nobody is signed in."""
    return Client()
