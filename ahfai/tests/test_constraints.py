"""Each constraint of the database, and somebody who tries to break it."""

import contextlib
import datetime
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, Model, UniqueConstraint
from django.utils import timezone

from accounts.models import Ownership, Session, User, UserKey
from ahfai.models import Heartbeat, RateCount
from ahfai.testing import make_person
from chats.models import BuiltinServer, Chat, Line, Message

OURS = ("ahfai", "accounts", "chats", "notes", "reminders")
CONSTRAINTS = {
    constraint.name: (model, constraint)
    for label in OURS
    for model in apps.get_app_config(label).get_models()
    for constraint in model._meta.constraints
}
# The database makes these up for `unique=True` and for one-to-one relations.
UNIQUE_COLUMNS = {
    f"{model.__name__}.{field.name}": (model, field.column)
    for label in OURS
    for model in apps.get_app_config(label).get_models()
    for field in model._meta.local_concrete_fields
    if field.unique and not field.primary_key
}


class House:
    """A person with a chat, one question in it and one reply that is being written."""

    def __init__(self) -> None:
        self.person = make_person()
        self.chat = Chat.objects.create(owner=self.person, title="t", model="m")
        self.asked = self.message(role="user", request_id=uuid.uuid4())
        self.reply = self.message(role="assistant", parent=self.asked, state="running")

    def message(self, **fields) -> Message:
        fields = {"owner": self.person, "chat": self.chat, "content": "words"} | fields
        return Message.objects.create(**fields)

    def change(self, row, **fields) -> None:
        type(row).objects.filter(pk=row.pk).update(**fields)


def twice(create: Callable, **fields) -> None:
    create(**fields)
    create(**fields)


NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

BREAKERS: dict[str, Callable[[House], object]] = {
    "heartbeat_kind_is_known": lambda house: Heartbeat.objects.create(
        kind="cron", host="here", pid=1
    ),
    "ratecount_one_per_window": lambda house: twice(RateCount.objects.create, key="k", window=NOW),
    "user_email_is_lower_case": lambda house: house.change(house.person, email="Ada@example.org"),
    "user_theme_is_known": lambda house: house.change(house.person, theme="pink"),
    "ownership_has_one_row": lambda house: Ownership.objects.create(only=2, user=make_person()),
    "userkey_one_per_generation": lambda house: UserKey.objects.create(
        owner=house.person, generation=1, master_id="m", wrapped=b"w"
    ),
    "userkey_generation_from_one": lambda house: UserKey.objects.create(
        owner=house.person, generation=0, master_id="m", wrapped=b"w"
    ),
    "session_key_is_a_digest": lambda house: Session.objects.create(
        session_key="thecookieitself", session_data="", expire_date=NOW
    ),
    "chat_temperature_in_range": lambda house: house.change(house.chat, temperature=2.5),
    "chat_think_is_known": lambda house: house.change(house.chat, think="hard"),
    "message_role_is_known": lambda house: house.change(house.reply, role="system"),
    "message_state_is_known": lambda house: house.change(house.reply, state="thinking"),
    "message_of_person_is_done": lambda house: house.message(role="user", state="stopped"),
    "message_reply_has_a_parent": lambda house: house.change(house.reply, parent=None),
    "message_closed_says_when": lambda house: house.change(house.reply, state="done"),
    "message_one_open_reply": lambda house: house.message(
        role="assistant", parent=house.asked, state="waiting"
    ),
    "message_request_once_per_owner": lambda house: house.message(
        role="user", request_id=house.asked.request_id
    ),
    "builtinserver_has_one_row": lambda house: BuiltinServer.objects.create(only=2),
    "line_has_one_row": lambda house: Line.objects.create(only=2),
}

TWINS: dict[str, Callable[[House], object]] = {
    "User.email": lambda house: User.objects.create_user(house.person.email, name="Twin"),
    "Ownership.user": lambda house: Ownership.objects.create(only=2, user=house.person),
}


def test_each_constraint_has_somebody_who_tries_to_break_it():
    assert CONSTRAINTS.keys() == BREAKERS.keys()
    assert UNIQUE_COLUMNS.keys() == TWINS.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("name", BREAKERS)
def test_the_database_refuses(name):
    model, constraint = CONSTRAINTS[name]
    drop_other_checks(model, name)
    house = House()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        BREAKERS[name](house)
    if isinstance(constraint, CheckConstraint) or name in str(refused.value):
        assert name in str(refused.value)
    else:
        # SQLite names the columns of a unique constraint, not its name.
        assert isinstance(constraint, UniqueConstraint)
        for field in constraint.fields:
            column = model._meta.get_field(field).column
            assert f"{model._meta.db_table}.{column}" in str(refused.value)


@pytest.mark.django_db
@pytest.mark.parametrize("name", TWINS)
def test_the_database_refuses_a_twin(name):
    model, column = UNIQUE_COLUMNS[name]
    with without_checks(model):
        house = House()
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            TWINS[name](house)
    said = str(refused.value)
    assert f"{model._meta.db_table}.{column}" in said or f"Key ({column})=" in said


@contextlib.contextmanager
def without_checks(model: type[Model]) -> Iterator[None]:
    """A check could refuse the row before the database looks for its twin."""
    if connection.vendor == "postgresql":
        drop_other_checks(model, "")
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield
        finally:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def drop_other_checks(model: type[Model], name: str) -> None:
    """Leave the check `name` alone in its table, until the test is rolled back.

    Of several broken checks PostgreSQL names the first in the order of the alphabet. SQLite takes
    the order in which they were made, and can't drop one.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for other in model._meta.constraints:
            if isinstance(other, CheckConstraint) and other.name != name:
                cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {other.name}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "user", "closed": NOW},
        {"role": "assistant", "state": "waiting", "closed": NOW},
        {"role": "assistant", "state": "failed", "closed": None},
    ],
)
def test_a_message_is_closed_when_and_only_when_its_reply_is(wrong):
    house = House()
    house.change(house.reply, state="done", closed=timezone.now())
    parent = house.asked if wrong["role"] == "assistant" else None
    with pytest.raises(IntegrityError, match="message_closed_says_when"), transaction.atomic():
        house.message(parent=parent, **wrong)


@pytest.mark.django_db
def test_a_closed_reply_leaves_room_for_the_next_one():
    house = House()
    house.change(house.reply, state="failed", closed=timezone.now())
    house.message(role="assistant", parent=house.asked, state="waiting")


@pytest.mark.django_db
def test_two_people_may_send_the_same_request_id():
    house, other = House(), House()
    other.message(role="user", request_id=house.asked.request_id)


@pytest.mark.django_db
def test_the_owner_of_the_installation_is_not_deleted_by_the_way():
    house = House()
    assert Ownership.objects.get().user == house.person
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=house.person.pk).delete()
