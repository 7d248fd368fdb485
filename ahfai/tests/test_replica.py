"""What may be read from a replica, and what never is."""

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction

from accounts.models import Session, Tag, User, UserKey
from accounts.tests.programs import Program
from ahfai import monitoring, replica
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


class Standby:
    """A replica that says of itself what a test wants."""

    ops = connections["default"].ops

    def __init__(self) -> None:
        # Whether it follows another, how far it is behind, and a person's changes that it knows.
        self.said: tuple[bool, float | None, int] = (True, 0.5, 0)
        self.connection = self

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        pass

    def execute(self, _statement, _values):
        pass

    def fetchone(self):
        return self.said

    def close(self):
        pass


class Connections(dict):
    settings = {"replica": {}}


@pytest.fixture
def standby(monkeypatch) -> Standby:
    made = Standby()
    known = Connections(default=connections["default"], replica=made)
    monkeypatch.setattr(replica, "connections", known)
    monkeypatch.setattr(replica, "_rests_until", 0.0)
    return made


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ((False, 0.5, 0), "it is no replica any more"),
        ((True, None, 0), "no worker has told yet how far it is behind"),
        ((True, 9.0, 0), "it is 9 s behind, or no worker is alive"),
    ],
)
def test_one_that_is_not_fit_is_left_alone_and_the_operator_reads_why(
    owner, standby, rf, said, fault
):
    assert replica.serves(owner)
    standby.said = said
    assert not replica.serves(owner)
    assert f"replica: {fault} (a note)" in monitoring.ready(rf.get("/ready")).content.decode()


def test_who_watches_reads_whether_it_is_used_and_how_far_it_is_behind(
    db, standby, rf, settings, monkeypatch
):
    settings.METRICS_TOKEN = "a-token-of-more-than-24-letters"
    asked = rf.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {settings.METRICS_TOKEN}")

    def numbers() -> list[str]:
        lines = monitoring.metrics(asked).getvalue().decode().splitlines()
        return [line for line in lines if line.startswith("ahfai_replica")]

    assert numbers() == ["ahfai_replica_used 1", "ahfai_replica_behind_seconds 0"]
    standby.said = (True, 9.0, 0)
    assert numbers() == ["ahfai_replica_used 0", "ahfai_replica_behind_seconds 9"]

    def away(*_asked):
        raise OperationalError

    monkeypatch.setattr(standby, "execute", away)
    assert numbers() == ["ahfai_replica_used 0"]


def read(owner, rf, cause: Exception | None) -> list[str]:
    """From where a page was read whose replica breaks in the middle of it."""
    places = []

    @replica.may_be_behind
    def page(_request) -> None:
        places.append(replica.where())
        if places[-1] == "replica":
            raise OperationalError from cause

    request = rf.get("/notes/")
    request.user = owner
    page(request)
    return places


def test_a_page_whose_replica_goes_away_comes_from_where_all_is_written(owner, standby, rf):
    gone = psycopg.OperationalError("gone")
    assert read(owner, rf, gone) == ["replica", "default"]
    assert read(owner, rf, gone) == ["default"], "it is left alone for a while"


def test_what_would_break_everywhere_is_not_tried_twice(owner, standby, rf):
    with pytest.raises(OperationalError):
        read(owner, rf, None)
    assert replica.where() == "default"
