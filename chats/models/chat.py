"""Chats, and the notes that they keep to."""

import uuid

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import changes
from accounts.constraints import SameOwner
from accounts.fields import SealedQuerySet, SealedTextField, sealed_for
from accounts.models import Tag
from accounts.programs import webhooks
from ahfai import addresses
from ahfai.models import Heartbeat
from chats.models.steering import Steered
from notes.models import Note

_DIGEST = r"^[0-9a-f]{64}$"


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
    # The name of the model server where it does (`chats.hosts`).
    titling_server = models.CharField(
        max_length=200, blank=True, default="", db_default="", editable=False
    )
    uses_notes = models.CharField(max_length=6, choices=UsesNotes, default=UsesNotes.OFF)
    pinned = models.BooleanField(default=False)
    archived = models.BooleanField(default=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="chats")
    # When it was put into the trash.
    trashed = models.DateTimeField(null=True)
    # Of a chat that was imported, keyed with its owner's secret: of where it came from; and of that
    # with what was said in it, so that it comes in once.
    source = models.CharField(max_length=64, blank=True, editable=False)
    source_hash = models.CharField(  # noqa: DJ001 (many have none, and no two the same)
        max_length=64, null=True, unique=True, editable=False
    )
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
            models.Index(fields=["owner", "source"], name="chat_by_source"),
            models.Index(
                fields=["trashed"], condition=Q(trashed__isnull=False), name="chat_trash_by_age"
            ),
        ]
        constraints = [
            *Steered.Meta.constraints,
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="chat_of_owner"),
            models.CheckConstraint(
                condition=Q(uses_notes__in=UsesNotes.values), name="chat_uses_notes_is_known"
            ),
            models.CheckConstraint(
                condition=Q(source="", source_hash=None)
                | Q(source__regex=_DIGEST, source_hash__regex=_DIGEST),
                name="chat_source_is_a_digest",
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
            webhooks.happened(self.owner_id, "chat.changed", [self.pk])
        return True


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
            SameOwner(to="chat", name="pin_chat_is_the_owners"),
            SameOwner(to="note", name="pin_note_is_the_owners"),
            SameOwner(to="tag", name="pin_tag_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
