"""A chat's messages: a tree of rows, one reply's life in each answer's row."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connections, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import Sealed, SealedQuerySet, SealedTextField
from ahfai.crypto import SealError
from ahfai.models import Heartbeat
from chats.models.chat import Chat


class State(models.TextChoices):
    """Where a message is in its life. A person's own message is `DONE` from the start."""

    WAITING = "waiting", _("Waiting in line")
    RUNNING = "running", _("Being written")
    DONE = "done", _("Complete")
    STOPPED = "stopped", _("Stopped")
    CUT = "cut", _("Cut at the limit")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted")


OPEN = (State.WAITING, State.RUNNING)


class Role(models.TextChoices):
    PERSON = "user", _("You")
    ASSISTANT = "assistant", _("AhFai")


class MessageQuerySet(SealedQuerySet):
    def open(self):
        return self.filter(state__in=OPEN)

    def left_to_others(self):
        """In line, by a process that ended before it was their turn; see chats.generation."""
        return self.filter(state=State.WAITING, process=None, stop_asked=False)

    def in_order(self):
        return self.order_by("created", "id")

    def save_growing(self, words: Iterable[tuple[uuid.UUID, dict[str, Sealed]]]) -> None:
        """Write sealed columns of many replies, by their ids, where they are still running.

        In one statement for all that have the same columns. Django would build an update for each
        of them, which takes ten times as long as the database needs for it.
        """
        connection = connections[self.db]
        by_columns: dict[tuple[str, ...], list[list]] = {}
        for key, columns in words:
            wanted = [*columns.items(), ("id", key), ("state", State.RUNNING)]
            values = [
                self._column(name).get_db_prep_save(value, connection) for name, value in wanted
            ]
            by_columns.setdefault(tuple(columns), []).append(values)
        quote = connection.ops.quote_name
        for names, rows in by_columns.items():
            changes = ", ".join(f"{quote(self._column(name).column)} = %s" for name in names)
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"UPDATE {quote(self.model._meta.db_table)} SET {changes} "  # noqa: S608
                    f"WHERE {quote('id')} = %s AND {quote('state')} = %s",
                    rows,
                )

    def _column(self, name: str) -> Any:
        return self.model._meta.get_field(name)


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages"
    )
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="messages")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies"
    )
    role = models.CharField(max_length=9, choices=Role)
    content = SealedTextField(blank=True, default="")
    thinking = SealedTextField(blank=True, default="")
    state = models.CharField(max_length=11, choices=State, default=State.DONE)
    # Made by the browser: a resend of the same words finds the row that is there already.
    request_id = models.UUIDField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    change_number = models.BigIntegerField(default=0, editable=False)

    # The life of a reply; empty on a person's message.
    model = models.CharField(max_length=200, blank=True)
    # The name of the model server where it has its place, or was written (`chats.hosts`).
    server = models.CharField(max_length=200, blank=True, default="", db_default="")
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    stop_asked = models.BooleanField(default=False)
    # A code of `chats.sentences`, never the server's own words.
    reason = models.CharField(max_length=32, blank=True)
    # How many older messages no longer fitted into the model's window.
    left_out = models.PositiveIntegerField(default=0)
    # How much of the files' words the model got to read, in percent; empty where it was all.
    files_read = models.PositiveSmallIntegerField(null=True)
    # How many pictures it was not shown.
    pictures_left_out = models.PositiveSmallIntegerField(default=0)
    prompt_tokens = models.PositiveIntegerField(null=True)
    reply_tokens = models.PositiveIntegerField(null=True)
    reply_ms = models.PositiveIntegerField(null=True)
    # How much of what fits before older messages are summed up was in use after it, in percent.
    fullness = models.PositiveSmallIntegerField(null=True)
    closed = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["chat", "created"], name="message_order_in_chat"),
            models.Index(fields=["owner", "change_number"], name="message_by_change"),
            models.Index(fields=["owner", "state"], name="message_states_of_owner"),
            # Not a partial one: SQLite takes those only where the query has no parameters.
            models.Index(fields=["state", "model", "created"], name="message_line"),
        ]
        constraints = [
            # For accounts.constraints.SameOwner. Without it, too, SQLite looks at all of a person's
            # messages to find some of them.
            models.UniqueConstraint(fields=["owner", "id"], name="message_of_owner"),
            models.CheckConstraint(
                condition=Q(role__in=["user", "assistant"]), name="message_role_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*State.values]), name="message_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(role="assistant") | Q(state="done"), name="message_of_person_is_done"
            ),
            models.CheckConstraint(
                condition=Q(role="user") | Q(parent__isnull=False),
                name="message_reply_has_a_parent",
            ),
            models.CheckConstraint(
                condition=Q(role="user", closed__isnull=True)
                | Q(role="assistant", state__in=["waiting", "running"], closed__isnull=True)
                | (
                    Q(role="assistant", closed__isnull=False) & ~Q(state__in=["waiting", "running"])
                ),
                name="message_closed_says_when",
            ),
            # Two tabs that try again at once would start two replies to the same words.
            models.UniqueConstraint(
                fields=["parent"],
                condition=Q(state__in=["waiting", "running"]),
                name="message_one_open_reply",
            ),
            models.UniqueConstraint(
                fields=["owner", "request_id"],
                condition=Q(request_id__isnull=False),
                name="message_request_once_per_owner",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_mine(self) -> bool:
        return self.role == Role.PERSON

    @property
    def last_reply(self) -> "Message":
        """The newest answer to this message of a person."""
        return self.replies.in_order().last()

    @property
    def can_continue(self) -> bool:
        if self.state not in (State.CUT, State.STOPPED, State.INTERRUPTED):
            return False
        try:
            return bool(self.content)
        except SealError:
            return False

    @property
    def tokens_per_second(self) -> float | None:
        if not self.reply_tokens or not self.reply_ms:
            return None
        return self.reply_tokens / self.reply_ms * 1000

    @property
    def seconds(self) -> float | None:
        """How long the model wrote."""
        return None if self.reply_ms is None else self.reply_ms / 1000


class Summary(models.Model):
    """What stands for the older messages of a long talk, from its beginning to `upto`.

    It holds on every branch that has this message.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="summaries"
    )
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="summaries")
    upto = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="summary")
    text = SealedTextField()
    # How many messages it stands for.
    messages = models.PositiveIntegerField()
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = SealedQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)
