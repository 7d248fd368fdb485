"""What may be read from a replica, and what never is."""

import pytest
from django.db import transaction

from accounts.models import Session, Tag, User, UserKey
from ahfai import replica
from ahfai.models import RateCount
from chats.models import Chat
from notes.models import Note

pytestmark = pytest.mark.same_everywhere
router = replica.Router()


@pytest.fixture
def reading(monkeypatch):
    """As in a marked view whose replica serves."""
    monkeypatch.setattr(replica._this_thread, "reads", True, raising=False)


@pytest.mark.usefixtures("reading")
def test_content_is_read_there_and_nothing_that_decides():
    assert {router.db_for_read(model) for model in (Chat, Note, Tag)} == {"replica"}
    decide = (Session, User, UserKey, RateCount)
    assert {router.db_for_read(model) for model in decide} == {"default"}


@pytest.mark.usefixtures("reading")
def test_what_was_read_there_is_saved_where_all_is_saved():
    note = Note()
    note._state.db = "replica"
    assert router.db_for_write(Note, instance=note) == "default"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("reading")
def test_in_a_transaction_all_is_read_where_it_is_written():
    assert router.db_for_read(Note) == "replica"
    with transaction.atomic():
        assert router.db_for_read(Note) == "default"


def test_elsewhere_nothing_is_read_there():
    note = Note()
    note._state.db = "replica"
    assert router.db_for_read(Chat) == "default"
    assert router.db_for_read(Chat, instance=note) == "default"


def test_no_table_is_ever_made_there():
    assert router.allow_migrate("replica", "notes") is False
    assert router.allow_migrate("default", "notes") is None


def test_without_one_nobody_is_asked(db, owner):
    assert not replica.serves(owner)
