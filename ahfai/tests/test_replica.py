"""What may be read from a replica, and what never is."""

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import Session, Tag, User, UserKey
from accounts.tests.programs import Program
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


def test_whoever_changes_something_reads_where_it_was_written_for_a_while(
    owner, client, monkeypatch
):
    monkeypatch.setattr(replica, "is_there", lambda: True)
    program = Program(owner, "notes:read", "notes:write")

    def has_written() -> bool:
        written = User.objects.filter(pk=owner.pk, wrote__isnull=False)
        return bool(written.update(wrote=None))

    program.get("/api/me")
    client.get("/api/me")
    assert not has_written()
    program.post("/api/notes", {"title": "Soup"})
    assert has_written()
    client.post("/notes/new", {"title": "Stew"})
    assert has_written()


def test_nobody_who_is_not_signed_in_is_noted(nobody, owner, monkeypatch):
    monkeypatch.setattr(replica, "is_there", lambda: True)
    nobody.post("/notes/new", {"title": "Soup"})
    assert not User.objects.filter(wrote__isnull=False).exists()


def test_what_was_changed_is_changed_though_that_can_not_be_noted(owner, client, monkeypatch):
    monkeypatch.setattr(replica, "is_there", lambda: True)
    refused = []

    def refuse_to_note_it(execute, sql, *arguments):
        if '"wrote" = ' in sql:
            refused.append(sql)
            raise OperationalError
        return execute(sql, *arguments)

    with connection.execute_wrapper(refuse_to_note_it):
        assert client.post("/notes/new", {"title": "Soup"}).status_code == 302
    assert len(refused) == 1
    # There it would be no part of a transaction, and here Django has marked that of the test.
    transaction.set_rollback(False)
    assert Note.objects.get().title == "Soup"
