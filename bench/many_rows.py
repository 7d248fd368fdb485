"""A million sealed messages of ten thousand people, for `flat.py`, in a minute or two.

As AhFai writes them: each value is sealed with its owner's key for its own row, each person has a
key. What takes too long at this number is left out: Django's instances, and the database's looking
whether each row's owner is there.
"""

import contextlib
import os
import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection, models
from django.utils import timezone

from accounts.models import Session, User, UserKey
from accounts.sealing import keys
from accounts.sessions import digest
from ahfai import crypto
from chats.models import Chat, Message, Role
from notes.models import Note
from reminders.models import Reminder

MESSAGES_IN_CHAT, NOTES, REMINDERS = 10, 5, 5
# Of messages and of notes, in characters.
QUESTION, ANSWER, BODY = 100, 700, 1500
# As many chats as a list shows.
A_PAGE = 40
AT_ONCE = 20_000
MODEL = "llama3.1:8b"


class Owner(NamedTuple):
    id: uuid.UUID
    key: bytes
    cookie: str


class Shape:
    """A model's row as the database takes it, made like an example but for what is said."""

    def __init__(self, example: models.Model) -> None:
        self.model = type(example)
        self.table = example._meta.db_table
        fields = example._meta.concrete_fields
        self.columns = [field.column for field in fields]
        self.places = {field.name: place for place, field in enumerate(fields)}
        self.fields = {field.name: field for field in fields}
        self.values = [self.stored(field.name, field.pre_save(example, True)) for field in fields]
        self.sealed = [field.name for field in fields if hasattr(field, "opener")]

    def stored(self, name: str, value: Any) -> Any:
        return self.fields[name].get_db_prep_save(value, connection)

    def row(self, owner: Owner, key: uuid.UUID, words: dict[str, bytes], **said: Any) -> list:
        """`said` are values as the database has them; `words` are sealed here, all others empty."""
        values = self.values.copy()
        values[self.places["id"]] = as_stored(key)
        values[self.places["owner"]] = as_stored(owner.id)
        for name in self.sealed:
            place = (self.model._meta.label, name, key.bytes, owner.id.bytes)
            values[self.places[name]] = crypto.seal(owner.key, 1, words.get(name, b""), place)
        for name, value in said.items():
            values[self.places[name]] = value
        return values


def as_stored(key: uuid.UUID) -> str | uuid.UUID:
    """SQLite has no type for it."""
    return key if connection.features.has_native_uuid_field else key.hex


class Filler:
    """Fills an empty database in steps."""

    def __init__(self) -> None:
        self.dice = random.Random(8)
        self.owners: list[Owner] = []
        self.messages = 0
        self.numbers: dict[uuid.UUID, int] = {}
        self.now = timezone.now().replace(microsecond=0)
        # Django's own way first: whoever is first owns the installation.
        ada = User.objects.create_user("ada@example.org", None, name="Ada")
        self.owners.append(self._known(ada.pk, keys.data_key(ada.pk)[1]))
        syllables = ["ba", "co", "di", "fu", "ge", "ha", "lo", "mi", "nu", "re", "sa", "to"]
        self.words = ["".join(self.dice.choices(syllables, k=4)) for _ in range(5000)]
        self.texts = {size: [self._text(size) for _ in range(500)] for size in (30, 100, 700, 1500)}
        self.shapes = self._examples(ada)

    @property
    def ada(self) -> Owner:
        """Who has a tenth of all messages, and a full page of them from the beginning."""
        return self.owners[0]

    @property
    def bob(self) -> Owner:
        """One of all the others, who has what he had from the beginning."""
        return self.owners[1]

    def fill(self, people: int, messages: int) -> None:
        """Until there are so many; Ada's part of them first."""
        with without_checks():
            new = self._people(people - len(self.owners))
            chats = (messages - self.messages) // MESSAGES_IN_CHAT
            hers = max(chats // 10, A_PAGE) if not self.messages else chats // 10
            self._insert(self._things([*new, *[self.ada] * (hers // NOTES)]))
            self._insert(self._chats([self.ada] * hers))
            self._insert(self._chats([new[turn % len(new)] for turn in range(chats - hers)]))
            self.messages = messages
            self._write_numbers()
        self._look_at_tables()

    def _people(self, number: int) -> list[Owner]:
        made = []
        users, wrapped, sessions = [], [], []
        for _ in range(number):
            user_id, key = uuid.uuid4(), crypto.new_key()
            owner = self._known(user_id, key)
            made.append(owner)
            users.append(
                User(id=user_id, email=f"p{len(self.owners) + len(made)}@example.org", name="P")
            )
            master_id, sealed = keys.wrap(key, user_id, 1)
            wrapped.append(
                UserKey(owner_id=user_id, generation=1, master_id=master_id, wrapped=sealed)
            )
            sessions.append(
                Session(
                    session_key=digest(owner.cookie),
                    session_data="x" * 200,
                    user_id=user_id,
                    expire_date=self.now + timedelta(days=20),
                )
            )
        for model, rows in ((User, users), (UserKey, wrapped), (Session, sessions)):
            model.objects.bulk_create(rows, batch_size=500)
        self.owners += made
        return made

    def _known(self, user_id: uuid.UUID, key: bytes) -> Owner:
        return Owner(user_id, key, uuid.uuid4().hex)

    def _examples(self, ada: User) -> dict[type, Shape]:
        chat = Chat(owner=ada, title="", model=MODEL, titled=True)
        due = self.now + timedelta(days=3)
        times = {"day": due.date(), "at": due.time(), "due": due, "next_fire_at": due}
        return {
            Chat: Shape(chat),
            Message: Shape(Message(owner=ada, chat=chat, role=Role.PERSON)),
            Note: Shape(Note(owner=ada, title="", body="")),
            Reminder: Shape(Reminder(owner=ada, title="", **times)),
        }

    def _chats(self, owners: Sequence[Owner]) -> Iterator[tuple[Shape, list]]:
        """A chat of ten messages for each."""
        chat_shape, message_shape = self.shapes[Chat], self.shapes[Message]
        for turn, owner in enumerate(owners):
            began = self.now - timedelta(minutes=turn % 500_000 + 60)
            moments = [
                message_shape.stored("created", began + timedelta(seconds=20 * number))
                for number in range(MESSAGES_IN_CHAT)
            ]
            chat, ids = uuid.uuid4(), [uuid.uuid4() for _ in range(MESSAGES_IN_CHAT)]
            for number, key in enumerate(ids):
                is_answer = bool(number % 2)
                yield (
                    message_shape,
                    message_shape.row(
                        owner,
                        key,
                        {"content": self._some(ANSWER if is_answer else QUESTION)},
                        chat=as_stored(chat),
                        parent=as_stored(ids[number - 1]) if number else None,
                        role="assistant" if is_answer else "user",
                        created=moments[number],
                        closed=moments[number] if is_answer else None,
                        model=MODEL if is_answer else "",
                        change_number=self._next(owner),
                    ),
                )
            yield (
                chat_shape,
                chat_shape.row(
                    owner,
                    chat,
                    {"title": self._some(30)},
                    created=moments[0],
                    changed=moments[-1],
                    current=as_stored(ids[-1]),
                    change_number=self._next(owner),
                ),
            )

    def _things(self, owners: Sequence[Owner]) -> Iterator[tuple[Shape, list]]:
        """Notes and reminders of each."""
        note_shape, reminder_shape = self.shapes[Note], self.shapes[Reminder]
        for turn, owner in enumerate(owners):
            for number in range(NOTES):
                body = self._some(BODY)
                words = {"title": self._some(30), "body": body, "excerpt": body[:150]}
                moment = note_shape.stored("changed", self.now - timedelta(minutes=turn + number))
                yield (
                    note_shape,
                    note_shape.row(
                        *(owner, uuid.uuid4(), words),
                        created=moment,
                        changed=moment,
                        title_hash=os.urandom(32).hex(),
                        change_number=self._next(owner),
                    ),
                )
            for number in range(REMINDERS):
                due = self.now + timedelta(minutes=turn % 20_000 + 60, days=number)
                moment = reminder_shape.stored("due", due)
                yield (
                    reminder_shape,
                    reminder_shape.row(
                        *(owner, uuid.uuid4(), {"title": self._some(30)}),
                        day=reminder_shape.stored("day", due.date()),
                        at=reminder_shape.stored("at", due.time()),
                        due=moment,
                        next_fire_at=moment,
                        change_number=self._next(owner),
                    ),
                )

    def _next(self, owner: Owner) -> int:
        self.numbers[owner.id] = self.numbers.get(owner.id, 0) + 1
        return self.numbers[owner.id]

    def _write_numbers(self) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE accounts_user SET change_number = %s WHERE id = %s",
                [(number, as_stored(owner)) for owner, number in self.numbers.items()],
            )

    def _insert(self, rows: Iterator[tuple[Shape, list]]) -> None:
        waiting: dict[Shape, list[list]] = {}
        for shape, row in rows:
            these = waiting.setdefault(shape, [])
            these.append(row)
            if len(these) == AT_ONCE:
                insert(shape, these)
                these.clear()
        for shape, these in waiting.items():
            insert(shape, these)

    def _look_at_tables(self) -> None:
        """As autovacuum does it after a while. SQLite isn't told by AhFai, so not here either."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")

    def _some(self, size: int) -> bytes:
        return self.dice.choice(self.texts[size])

    def _text(self, size: int) -> bytes:
        return " ".join(self.dice.choices(self.words, k=size // 8)).encode()[:size]


def insert(shape: Shape, rows: list[list]) -> None:
    names = ", ".join(f'"{name}"' for name in shape.columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {shape.table} ({names}) FROM STDIN") as copying:
                for row in rows:
                    copying.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(shape.columns))
            cursor.execute("BEGIN")
            cursor.executemany(f"INSERT INTO {shape.table} ({names}) VALUES ({marks})", rows)
            cursor.execute("COMMIT")


@contextlib.contextmanager
def without_checks() -> Iterator[None]:
    """The owner and chat of each row are there, since they were made here; and what a power cut
    would lose here is no loss."""
    _say(
        ["SET session_replication_role = replica", "SET synchronous_commit = off"],
        ["PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF"],
    )
    yield
    _say(
        ["SET session_replication_role = DEFAULT", "SET synchronous_commit = on"],
        ["PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL"],
    )


def _say(to_postgres: list[str], to_sqlite: list[str]) -> None:
    with connection.cursor() as cursor:
        for said in to_postgres if connection.vendor == "postgresql" else to_sqlite:
            cursor.execute(said)
