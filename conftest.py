"""What every test may ask for."""

import pytest
from django.db import connection
from django.test import Client

from ahfai.testing import make_person, signed_in
from chats import calibration, lifecycle


def pytest_collection_modifyitems(config, items):
    """On PostgreSQL only the tests that use the database run: the others have run on SQLite."""
    if connection.vendor != "postgresql":
        return
    marks, fixtures = ("django_db", "both_databases"), {"db", "transactional_db"}
    chosen = [
        item
        for item in items
        if any(map(item.get_closest_marker, marks)) or fixtures & {*item.fixturenames}
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture(autouse=True)
def nothing_known_from_an_earlier_test():
    lifecycle.forget_process()
    calibration.forget()


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
