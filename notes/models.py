"""Notes, the tags that they carry, their earlier versions, their files, and what they link to."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import SameOwner
from accounts.fields import SealedBytesField, SealedQuerySet, SealedTextField
from accounts.models import SealedFile, Tag
from ahfai import addresses
from ahfai.models import Heartbeat

MAX_TITLE = 200
MAX_BODY = 200_000
_DIGEST = r"^[0-9a-f]{64}$"


class NoteQuerySet(SealedQuerySet):
    def living(self):
        """Without those in the trash."""
        return self.filter(trashed=None)

    def kept(self):
        """What a list shows that is neither the archive nor the trash."""
        return self.living().filter(archived=False)

    def in_trash(self):
        return self.filter(trashed__isnull=False)

    def listed(self):
        """Without the columns that no list shows: a body is long."""
        return self.defer("body")


class Note(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notes"
    )
    title = SealedTextField(_("title"), max_length=MAX_TITLE, blank=True)
    body = SealedTextField(_("text"), max_length=MAX_BODY, blank=True)
    # How the body begins, so that a list needs to open no body.
    excerpt = SealedTextField(blank=True, editable=False)
    # Keyed, so that it tells nothing about the title; empty where there is none.
    title_hash = models.CharField(max_length=64, blank=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)
    # When the title or the body was saved last.
    changed = models.DateTimeField(default=timezone.now, editable=False)
    # Raised with each change of title or body; who comes with an older one has not seen it.
    version = models.PositiveIntegerField(default=1, editable=False)
    # The page that it was written in: what is sent again because the answer got lost is no twin.
    made_by = models.UUIDField(null=True, editable=False)
    # Of a note that was imported: keyed with its owner's secret, of where it came from and what it
    # said there, so that it comes in once.
    source_hash = models.CharField(  # noqa: DJ001 (many have none, and no two the same)
        max_length=64, null=True, unique=True, editable=False
    )
    pinned = models.BooleanField(default=False)
    archived = models.BooleanField(default=False)
    # When it was put into the trash.
    trashed = models.DateTimeField(null=True)
    change_number = models.BigIntegerField(default=0, editable=False)
    tags: models.ManyToManyField = models.ManyToManyField(
        Tag, through="Tagging", blank=True, related_name="notes"
    )

    objects = NoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [
            # Partial ones: SQLite uses no index for what a query says as "NOT archived".
            models.Index(
                fields=["owner", "-pinned", "-changed", "-id"],
                condition=Q(trashed=None, archived=False),
                name="note_kept_by_changed",
            ),
            models.Index(
                fields=["owner", "-pinned", "-created", "-id"],
                condition=Q(trashed=None, archived=False),
                name="note_kept_by_created",
            ),
            models.Index(
                fields=["owner", "-pinned", "-changed", "-id"],
                condition=Q(trashed=None, archived=True),
                name="note_archived_by_changed",
            ),
            models.Index(
                fields=["owner", "-pinned", "-created", "-id"],
                condition=Q(trashed=None, archived=True),
                name="note_archived_by_created",
            ),
            models.Index(
                fields=["owner", "-pinned", "-trashed", "-id"],
                condition=Q(trashed__isnull=False),
                name="note_trash_newest_first",
            ),
            models.Index(fields=["owner", "change_number"], name="note_by_change"),
            models.Index(fields=["owner", "title_hash"], name="note_by_title"),
            models.Index(
                fields=["trashed"], condition=Q(trashed__isnull=False), name="note_trash_by_age"
            ),
        ]
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="note_of_owner"),
            models.CheckConstraint(condition=Q(version__gte=1), name="note_version_from_one"),
            models.CheckConstraint(
                condition=Q(title_hash="") | Q(title_hash__regex=_DIGEST),
                name="note_title_hash_is_a_digest",
            ),
            models.CheckConstraint(
                condition=Q(source_hash=None) | Q(source_hash__regex=_DIGEST),
                name="note_source_hash_is_a_digest",
            ),
            # A pin holds a note at the top of the list, which what was put away isn't in.
            models.CheckConstraint(
                condition=Q(pinned=False) | Q(archived=False, trashed__isnull=True),
                name="note_pinned_is_in_the_list",
            ),
            models.UniqueConstraint(
                fields=["owner", "made_by"],
                condition=Q(made_by__isnull=False),
                name="note_made_once_per_page",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return addresses.of_row("notes:detail", self.pk)


class Tagging(models.Model):
    """A tag on a note."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    note = models.ForeignKey(Note, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["note", "tag"], name="tagging_once_per_note"),
            SameOwner(to="note", name="tagging_note_is_the_owners"),
            SameOwner(to="tag", name="tagging_tag_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Revision(models.Model):
    """A note as it was before it was changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="note_revisions"
    )
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="revisions")
    title = SealedTextField(blank=True)
    body = SealedTextField(blank=True)
    # The version of the note that this was, and since when.
    version = models.PositiveIntegerField()
    written = models.DateTimeField()
    # When it was kept, right before it was changed.
    made = models.DateTimeField(default=timezone.now)

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["note", "version"], name="revision_once_per_version"),
            SameOwner(to="note", name="revision_note_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class NoteVectors(models.Model):
    """What a note's passages mean, in the numbers of one embedder: one vector for each, in order.

    It holds for the version that it was made of.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    note = models.OneToOneField(Note, on_delete=models.CASCADE, related_name="vectors")
    version = models.PositiveIntegerField()
    # The embedder's name; vectors of two can't be compared.
    embedder = models.CharField(max_length=200)
    # Of one vector, a byte each.
    length = models.PositiveIntegerField()
    vectors = SealedBytesField()

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [SameOwner(to="note", name="notevectors_note_is_the_owners")]

    def __str__(self) -> str:
        return str(self.pk)


class Link(models.Model):
    """That a note's body says `[[Title]]`. It leads to whichever living note has that title."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="links")
    # As Note.title_hash.
    title_hash = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["owner", "title_hash"], name="link_by_title")]
        constraints = [
            models.UniqueConstraint(fields=["note", "title_hash"], name="link_once_per_note"),
            models.CheckConstraint(
                condition=Q(title_hash__regex=_DIGEST), name="link_title_hash_is_a_digest"
            ),
            SameOwner(to="note", name="link_note_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Attachment(models.Model):
    """That a note's body, or the one of an earlier version of it, refers to a file."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="attachments")
    # Empty for the note as it stands.
    revision = models.ForeignKey(
        Revision, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    file = models.ForeignKey(SealedFile, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["note", "file"],
                condition=Q(revision=None),
                name="attachment_once_per_note",
            ),
            models.UniqueConstraint(
                fields=["revision", "file"],
                condition=Q(revision__isnull=False),
                name="attachment_once_per_revision",
            ),
            SameOwner(to="note", name="attachment_note_is_the_owners"),
            SameOwner(to="file", name="attachment_file_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Import(models.Model):
    """An archive of notes that is being taken in, or was; see `notes.transfer`."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"
        FAILED = "failed"

    OPEN = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imports"
    )
    # Of the file.
    name = SealedTextField()
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    # A code of `notes.transfer.reasons` where it failed.
    reason = models.CharField(max_length=32, blank=True)
    stop_asked = models.BooleanField(default=False)
    # How many notes there are, once that is known, and what became of the first of them.
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    present = models.PositiveIntegerField(default=0)
    broken = models.PositiveIntegerField(default=0)
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    started = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="import_of_owner"),
            models.UniqueConstraint(
                fields=["owner"],
                condition=Q(state__in=["waiting", "running"]),
                name="import_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "cancelled", "failed"]),
                name="import_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(done=F("added") + F("present") + F("broken")),
                name="import_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(ended=None, state__in=["waiting", "running"])
                | Q(ended__isnull=False, state__in=["done", "cancelled", "failed"]),
                name="import_ended_says_when",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ImportPiece(models.Model):
    """A part of the archive itself, in base64, until all of it was taken in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveSmallIntegerField()
    content = SealedTextField()

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "number"], name="importpiece_once"),
            SameOwner(to="of", name="importpiece_import_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ImportRemark(models.Model):
    """Which file did not come in, and why; or what is to be known of one that did."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="remarks")
    number = models.PositiveIntegerField()
    name = SealedTextField()
    # A code of `notes.transfer.reasons`.
    code = models.CharField(max_length=32)
    note = models.ForeignKey(Note, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = SealedQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["of", "number"], name="importremark_once"),
            SameOwner(to="of", name="importremark_import_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
