"""Chats and their messages: a tree of rows, one reply's life in each answer's row."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connections, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import changes
from accounts.constraints import SameOwner
from accounts.fields import Sealed, SealedQuerySet, SealedTextField, sealed_for
from accounts.models import Tag
from ahfai import addresses
from ahfai.crypto import SealError
from ahfai.models import Heartbeat
from chats.engines.failures import failed
from notes.models import Note


class ChatQuerySet(SealedQuerySet):
    def living(self):
        """Without those in the trash."""
        return self.filter(trashed=None)

    def kept(self):
        """What a list shows that is neither the archive nor the trash."""
        return self.living().in_archive(False)

    def in_archive(self, is_there: bool = True):
        # Of a bare boolean, SQLite wouldn't know that it stands in the index.
        return self.filter(archived__in=[is_there])

    def newest_first(self):
        return self.order_by("-changed", "-id")

    def in_order(self):
        return self.order_by("-pinned", "-changed", "-id")


class Think(models.TextChoices):
    """Whether a model that can think does so before it answers, and how long."""

    EVERYWHERE = "", _("As everywhere")
    OFF = "off", _("No")
    ON = "on", _("Yes")
    LOW = "low", _("A little")
    MEDIUM = "medium", _("Some")
    HIGH = "high", _("A lot")


class Steered(models.Model):
    """What steers the model; what is empty is as everywhere. `longest` and `reads` are tokens."""

    # The checker knows no sealed column that may be empty.
    instructions = SealedTextField(  # type: ignore[misc]
        _("instructions"), max_length=8000, null=True, blank=True
    )
    temperature = models.FloatField(null=True, blank=True)
    longest = models.PositiveIntegerField(null=True, blank=True)
    # How much of a chat the model reads at most; its whole window where it is empty.
    reads = models.PositiveIntegerField(null=True, blank=True)
    think = models.CharField(max_length=6, choices=Think, blank=True, default=Think.EVERYWHERE)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(temperature=None) | Q(temperature__gte=0, temperature__lte=2),
                name="%(class)s_temperature_in_range",
            ),
            models.CheckConstraint(
                condition=Q(think__in=Think.values), name="%(class)s_think_is_known"
            ),
        ]

    @property
    def is_steered(self) -> bool:
        """Whether anything here isn't as everywhere; nothing is opened for it."""
        numbers = (self.temperature, self.longest, self.reads, self.think or None)
        is_told = type(self)._meta.get_field("instructions").held(self) is not None
        return is_told or any(number is not None for number in numbers)

    def steer(self, instructions: str | None, **numbers) -> bool:
        """False where the row was deleted meanwhile."""
        sealed = sealed_for(self, "instructions", instructions) if instructions else None
        rows = type(self)._default_manager.filter(pk=self.pk)
        return bool(rows.update(instructions=sealed, **numbers))


class UsesNotes(models.TextChoices):
    """Whether the model gets passages of the person's notes to read with a question."""

    OFF = "off", _("Off")
    USEFUL = "useful", _("When useful")
    ALWAYS = "always", _("Always")


class Chat(Steered):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chats"
    )
    title = SealedTextField(_("title"))
    model = models.CharField(_("model"), max_length=200)
    created = models.DateTimeField(default=timezone.now, editable=False)
    changed = models.DateTimeField(default=timezone.now, editable=False)
    # Whether the title is settled, by the person or the model; and the process that has the model
    # make one just now.
    titled = models.BooleanField(default=False)
    titling = models.ForeignKey(
        Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    uses_notes = models.CharField(max_length=6, choices=UsesNotes, default=UsesNotes.OFF)
    pinned = models.BooleanField(default=False)
    archived = models.BooleanField(default=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="chats")
    # When it was put into the trash.
    trashed = models.DateTimeField(null=True)
    change_number = models.BigIntegerField(default=0, editable=False)
    # The end of the branch that is shown; the newest one where it is empty.
    current = models.ForeignKey(
        "Message", null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    objects = ChatQuerySet.as_manager()

    class Meta(Steered.Meta):
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        indexes = [
            models.Index(fields=["owner", "-changed"], name="chat_newest_of_owner"),
            models.Index(
                fields=["owner", "trashed", "archived", "-pinned", "-changed", "-id"],
                name="chat_kept_in_order",
            ),
            models.Index(fields=["owner", "change_number"], name="chat_by_change"),
            models.Index(fields=["owner", "id"], name="chat_of_owner"),
            models.Index(
                fields=["trashed"], condition=Q(trashed__isnull=False), name="chat_trash_by_age"
            ),
        ]
        constraints = [
            *Steered.Meta.constraints,
            models.CheckConstraint(
                condition=Q(uses_notes__in=UsesNotes.values), name="chat_uses_notes_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return addresses.of_row("chats:detail", self.pk)

    def use_notes(self, how: str) -> None:
        if how != self.uses_notes:
            self.uses_notes = how
            self.save(update_fields=["uses_notes"])

    def rename(self, title: str) -> bool:
        """False where the chat was deleted meanwhile."""
        with transaction.atomic():
            if not Chat.objects.select_for_update().filter(pk=self.pk).exists():
                return False
            number = changes.next_number(self.owner_id)
            sealed = sealed_for(self, "title", title)
            Chat.objects.filter(pk=self.pk).update(title=sealed, titled=True, change_number=number)
        return True


class PresetQuerySet(SealedQuerySet):
    def named(self):
        """Without the row that stands for everywhere."""
        return self.filter(is_default=False)


class Preset(Steered):
    """A named way to steer chats; the one without a name counts in all chats of its person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presets"
    )
    name = SealedTextField(_("name"), max_length=80, null=True)  # type: ignore[misc]
    is_default = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = PresetQuerySet.as_manager()

    class Meta(Steered.Meta):
        constraints = [
            *Steered.Meta.constraints,
            models.CheckConstraint(
                condition=Q(is_default=True, name__isnull=True)
                | Q(is_default=False, name__isnull=False),
                name="preset_has_a_name_or_is_the_default",
            ),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_default=True), name="preset_one_default_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def change(self, name: str, **steering) -> bool:
        """False where it was deleted meanwhile."""
        return self.steer(name=sealed_for(self, "name", name), **steering)


class Fact(models.Model):
    """One thing that a person wants the model to know about them; see `chats.facts`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="facts"
    )
    text = SealedTextField(_("fact"), max_length=300)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = SealedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "-created", "-id"], name="fact_newest_of_owner")]

    def __str__(self) -> str:
        return str(self.pk)


class FactsTold(models.Model):
    """Whether the model is told the facts about its owner; it is where there is no row."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="facts_told",
    )
    is_on = models.BooleanField()

    def __str__(self) -> str:
        return str(self.pk)


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
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    stop_asked = models.BooleanField(default=False)
    # A code of `chats.sentences`, never the server's own words.
    reason = models.CharField(max_length=32, blank=True)
    # How many older messages no longer fitted into the model's window.
    left_out = models.PositiveIntegerField(default=0)
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


class Source(models.Model):
    """A passage of a note that the model had to read for a reply; the reply says its number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sources"
    )
    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="sources")
    number = models.PositiveSmallIntegerField()
    # Empty where the note was deleted since.
    note = models.ForeignKey(Note, null=True, on_delete=models.SET_NULL, related_name="+")
    # The note's title with the headings above the passage, and the passage, as they were; empty
    # some time after the note was deleted.
    title = SealedTextField(null=True)  # type: ignore[misc]
    text = SealedTextField(null=True)  # type: ignore[misc]

    objects = SealedQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="source_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="source_number_from_one"),
            SameOwner(to="note", name="source_note_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Pin(models.Model):
    """A note, or a tag of notes, that a chat keeps to: the model gets passages of no others."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="pins")
    note = models.ForeignKey(Note, null=True, on_delete=models.CASCADE, related_name="+")
    tag = models.ForeignKey(Tag, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(note__isnull=True, tag__isnull=False)
                | Q(note__isnull=False, tag__isnull=True),
                name="pin_is_a_note_or_a_tag",
            ),
            models.UniqueConstraint(fields=["chat", "note"], name="pin_note_once_per_chat"),
            models.UniqueConstraint(fields=["chat", "tag"], name="pin_tag_once_per_chat"),
            SameOwner(to="note", name="pin_note_is_the_owners"),
            SameOwner(to="tag", name="pin_tag_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ToolUse(models.Model):
    """What the model asked for on the way to its answer, and what it got to read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tool_uses"
    )
    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="uses")
    # In the order of the reply; several of one round were asked for together.
    number = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField()
    # Empty where there is no such tool: what the model wrote is among the arguments then.
    name = models.CharField(max_length=40, blank=True)
    # JSON, and what the person sees of it, also JSON: `chats.tooluse` reads them.
    arguments = SealedTextField()
    result = SealedTextField()
    shown = SealedTextField()
    found = models.PositiveIntegerField(default=0)
    # Of the card that came of it.
    card_number = models.PositiveSmallIntegerField(null=True)
    # Others may have written what was read, or the person at another time.
    is_foreign = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="tooluse_once_per_number"),
            SameOwner(to="reply", name="tooluse_reply_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Card(models.Model):
    """A change that the person is asked about under a reply, and what became of it: it is made at
    most once."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        DONE = "done"
        DISMISSED = "dismissed"
        EXPIRED = "expired"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cards"
    )
    reply = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="cards")
    number = models.PositiveSmallIntegerField()
    # As in `chats.cards.KINDS`.
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    # JSON: what is to be stored, and what Undo needs to know once it was.
    payload = SealedTextField()
    outcome = SealedTextField(null=True)  # type: ignore[misc]
    created = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField()
    decided = models.DateTimeField(null=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["expires"], condition=Q(state="proposed"), name="card_proposed_by_end"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="card_once_per_number"),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "done", "dismissed", "expired", "undone"]),
                name="card_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided=None)
                | (~Q(state="proposed") & Q(decided__isnull=False)),
                name="card_decided_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "undone"], outcome__isnull=False)
                | (~Q(state__in=["done", "undone"]) & Q(outcome__isnull=True)),
                name="card_done_says_what",
            ),
            SameOwner(to="reply", name="card_reply_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Leave(models.Model):
    """What a person lets a model do without asking them."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="leave"
    )
    # New reminders and notes, never changes: see `chats.leave`.
    may_create = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.pk)


class TemporaryPlace(models.Model):
    """The place in line, or at the model server, of a reply in a temporary chat: no words, and gone
    when the reply is over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="temporary_places"
    )
    model = models.CharField(max_length=200)
    state = models.CharField(max_length=11, choices=State, default=State.WAITING)
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    stop_asked = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"]), name="temporaryplace_is_open"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TokenRatio(models.Model):
    """How many tokens of a model one estimated token is: learned from what servers count."""

    model = models.CharField(max_length=200, primary_key=True)
    # The largest one, by which prompts are planned.
    ratio = models.FloatField()
    # The smallest one of an answer, by which a prompt is surely too long; none before the first.
    least = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ratio__gt=0), name="tokenratio_is_positive"),
        ]

    def __str__(self) -> str:
        return self.model


class Draft(models.Model):
    """Words in the message box of a chat, or of a new one (no chat), that aren't sent yet."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    chat = models.OneToOneField(Chat, null=True, on_delete=models.CASCADE, related_name="draft")
    text = SealedTextField()
    version = models.PositiveIntegerField()

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(chat=None), name="draft_one_for_a_new_chat"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class DefaultModel(models.Model):
    """The model that new chats begin with, where the owner has chosen one: one row."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    model = models.CharField(max_length=200)
    chosen = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(only=1), name="defaultmodel_has_one_row"),
        ]

    def __str__(self) -> str:
        return self.model

    @classmethod
    def choose(cls, model: str) -> None:
        now = {"model": model, "chosen": timezone.now()}
        cls.objects.update_or_create(only=1, defaults=now)


class Pull(models.Model):
    """A model that is being fetched, or could not be; the row is gone when it is there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.CharField(max_length=200, unique=True)
    done_bytes = models.BigIntegerField(default=0)
    # Of the parts that the server has told of so far.
    total_bytes = models.BigIntegerField(default=0)
    is_checking = models.BooleanField(default=False)
    # A code of `chats.engines.failures` once it has failed.
    reason = models.CharField(max_length=32, blank=True)
    stop_asked = models.BooleanField(default=False)
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    started = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.model

    @property
    def sentence(self) -> str:
        """Why it failed."""
        return failed(self.reason, model=self.model).sentence


class BuiltinServer(models.Model):
    """What the built-in model is doing: one row, written by its keeper, read by the pages."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    state = models.CharField(max_length=12, default="installing")
    sentence = models.CharField(max_length=500, blank=True)
    done_bytes = models.BigIntegerField(default=0)
    total_bytes = models.BigIntegerField(default=0)
    restart_wanted = models.BooleanField(default=False)
    # Where its server listens on the loopback address; 0 while none is ready.
    port = models.PositiveIntegerField(default=0)
    seen = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(only=1), name="builtinserver_has_one_row"),
        ]

    def __str__(self) -> str:
        return self.state


class Line(models.Model):
    """The line in front of the models: its one row is the lock under which places are given out."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(only=1), name="line_has_one_row"),
        ]

    def __str__(self) -> str:
        return str(self.only)
