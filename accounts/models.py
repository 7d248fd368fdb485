"""People, the keys of their words, and their sessions."""

import uuid
import zoneinfo
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import keys
from accounts.constraints import SameOwner
from accounts.fields import SealedBytesField, SealedQuerySet, SealedTextField
from ahfai.models import Heartbeat


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        return self.register(user)

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        fields.setdefault("is_staff", True)
        fields.setdefault("is_superuser", True)
        return self.create_user(email, password, **fields)

    def register(self, user: "User") -> "User":
        """Save a new person together with the key that seals their words.

        Whoever is first becomes the owner of this installation.
        """
        user.email = self.normalize_email(user.email).lower()
        with transaction.atomic():
            user.save(force_insert=True)
            keys.create_user_key(user)
            if Ownership.claim(user):
                user.is_staff = user.is_superuser = True
                user.save(update_fields=["is_staff", "is_superuser"])
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").lower())


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in with e-mail and password."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    theme = models.CharField(_("appearance"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may look at the admin pages"), default=False)
    joined = models.DateTimeField(default=timezone.now, editable=False)
    # How much all files together may be, in megabytes; what the settings say where there is none.
    quota_mb = models.PositiveIntegerField(_("room for files, in MB"), null=True, blank=True)
    # See accounts.changes.
    change_number = models.BigIntegerField(default=0, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="user_email_is_lower_case",
                violation_error_message="One person, one address, whatever its letter case.",
            ),
            models.CheckConstraint(
                condition=models.Q(theme__in=Theme.values), name="user_theme_is_known"
            ),
        ]

    def __str__(self) -> str:
        # An id, never the name: Django's admin log copies this text.
        return str(self.pk)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[0] if self.name else ""

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The person's time zone; the installation's where this machine doesn't know that one."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return zoneinfo.ZoneInfo(settings.TIME_ZONE)


class Tombstone(models.Model):
    """Word that a row is gone, for search indexes in the memory of other processes."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField()
    change_number = models.BigIntegerField()
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["owner", "change_number"], name="tombstone_by_number")]

    def __str__(self) -> str:
        return str(self.pk)


class Ownership(models.Model):
    """The one row that says who owns this installation: the first to insert it wins."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="ownership")
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(only=1), name="ownership_has_one_row"),
        ]

    def __str__(self) -> str:
        return f"owner {self.user_id}"

    @classmethod
    def claim(cls, user: User) -> bool:
        """Make `user` the owner, and say whether that was still possible."""
        try:
            with transaction.atomic():
                cls.objects.create(user=user)
        except IntegrityError:
            return False
        return True


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        return self.filter(used=None, until__gt=timezone.now())


class Invitation(models.Model):
    """A link with which one person can make an account; see `accounts.invitations`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # SHA-256 in hex of what stands in the link.
    secret_hash = models.CharField(max_length=64, unique=True)
    # None for one that was made by a command.
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="invitations")
    made = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField()
    used = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.pk)


class UserKey(models.Model):
    """One generation of a person's data key, wrapped by the master key that `master_id` names."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="keys"
    )
    generation = models.PositiveSmallIntegerField(default=1)
    master_id = models.CharField(max_length=16)
    wrapped = models.BinaryField()
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "generation"], name="userkey_one_per_generation"
            ),
            models.CheckConstraint(
                condition=models.Q(generation__gte=1), name="userkey_generation_from_one"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ErasedPerson(models.Model):
    """The id of somebody who was erased, and nothing else of them: see `accounts.erased`."""

    id = models.UUIDField(primary_key=True, editable=False)
    when = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return str(self.pk)


class LookupKey(models.Model):
    """A person's own secret, for the keyed hashes by which their sealed names are found.

    A row of its own, and sealed: it stays the same when the data key gets a successor, and is gone
    with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    # 32 bytes in hexadecimal.
    secret = SealedTextField()

    objects = SealedQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class Tag(models.Model):
    """A name that a person gives to their things; see `accounts.tags`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags"
    )
    name = SealedTextField(_("name"), max_length=80)
    # Keyed, so that it tells nothing about the name.
    name_hash = models.CharField(max_length=64)

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name_hash"], name="tag_once_per_owner"),
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="tag_of_owner"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class FileKind(models.TextChoices):
    """What the bytes of a file say that it is; its name can say anything."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"
    PDF = "application/pdf"
    TEXT = "text/plain"
    OTHER = "application/octet-stream"


PICTURES = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.GIF, FileKind.WEBP})


class SealedFile(models.Model):
    """A file that a person gave, in sealed parts; see `accounts.files`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="files"
    )
    name = SealedTextField(_("name"), max_length=150)
    kind = models.CharField(max_length=32, choices=FileKind, default=FileKind.OTHER)
    # In bytes, before sealing.
    size = models.PositiveBigIntegerField(default=0)
    made = models.DateTimeField(default=timezone.now)
    # Until when something is known to have needed it.
    needed = models.DateTimeField(default=timezone.now)

    objects = SealedQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["needed"], name="file_by_needed")]
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="file_of_owner"),
            models.CheckConstraint(
                condition=models.Q(kind__in=FileKind.values), name="file_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("accounts:file", args=[self.pk])

    @property
    def is_picture(self) -> bool:
        return self.kind in PICTURES


class FilePart(models.Model):
    """A piece of a file. It opens only as the part of its number of its file, and as the last one
    only where it was: none can be exchanged, left out or put behind the last one unnoticed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file = models.ForeignKey(SealedFile, on_delete=models.CASCADE, related_name="parts")
    # From 0.
    number = models.PositiveIntegerField()
    is_last = models.BooleanField()
    data = SealedBytesField(bound_to=["file", "number", "is_last"])

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="filepart_once_per_number"),
            SameOwner(to="file", name="filepart_file_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class FileText(models.Model):
    """What can be read in a file, taken out of it once, when it came. It goes with its file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file = models.OneToOneField(SealedFile, on_delete=models.CASCADE, related_name="text")
    words = SealedTextField()
    # In characters.
    length = models.PositiveIntegerField()
    # False where the file says more than was taken out.
    is_whole = models.BooleanField()

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [SameOwner(to="file", name="filetext_file_is_the_owners")]

    def __str__(self) -> str:
        return str(self.pk)


class SecondFactorSecret(models.Model):
    """What a second factor knows of its person: the key of an app, the seed of recovery codes, the
    name of a passkey. The factor's own row holds the id of this one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = SealedTextField()

    objects = SealedQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class Letter(models.Model):
    """A mail about an account that the worker has to send; gone when it is sent. Its words are made
    then, so that no row holds a link that opens anything."""

    class Kind(models.TextChoices):
        RESET = "reset"
        # To the new address, and to the one before.
        EMAIL_NEW = "email_new"
        EMAIL_OLD = "email_old"
        # The way in is another one than before.
        WAY_IN = "way_in"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Nobody where only the worker looks whose address it is.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    to = models.EmailField()
    asked = models.DateTimeField(default=timezone.now)
    next_try = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["reset", "email_new", "email_old", "way_in"]),
                name="letter_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Session(AbstractBaseSession):
    """A signed-in browser. `session_key` is the SHA-256 of the cookie, so that a copy of this
    table signs nobody in."""

    # For addresses of pages.
    id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions"
    )
    session_key = models.CharField(primary_key=True, max_length=64)
    started = models.DateTimeField(default=timezone.now, editable=False)
    # Written every few minutes; see accounts.middleware.
    seen = models.DateTimeField(default=timezone.now)
    # What it says that it is, and the network that it came from last.
    browser = models.CharField(max_length=60, default="")
    address = models.CharField(max_length=45, default="")

    objects: ClassVar[BaseSessionManager] = BaseSessionManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(session_key__regex=r"^[0-9a-f]{64}$"),
                name="session_key_is_a_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"session of {self.user_id}"

    @classmethod
    def get_session_store_class(cls):
        from accounts.sessions import SessionStore

        return SessionStore


class AuditEntry(models.Model):
    """Something that happened to an account; see `accounts.audit`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="audit_entries"
    )
    # One of accounts.audit.Event.
    event = models.CharField(max_length=32)
    at = models.DateTimeField(default=timezone.now, editable=False)
    # Who did it, where it was somebody else.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # JSON, or empty.
    details = SealedTextField(blank=True)

    objects = SealedQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["owner", "at"], name="auditentry_by_owner"),
            models.Index(fields=["at"], name="auditentry_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Leaving(models.Model):
    """That a person wants their account to be gone, with all in it; see `accounts.leaving`."""

    # Of the receipt, too.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="leaving"
    )
    asked = models.DateTimeField(default=timezone.now, editable=False)
    # From when on it is to be erased, and when that was begun: there is no way back then.
    due = models.DateTimeField()
    begun = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("account to be erased")
        verbose_name_plural = _("accounts to be erased")

    def __str__(self) -> str:
        return str(self.pk)


class Receipt(models.Model):
    """What an erasure has deleted: numbers, and nothing that says whose it was."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    made = models.DateTimeField(default=timezone.now, editable=False)
    # How many rows of each model, by its label.
    counts = models.JSONField()
    # When what the database keeps beside its tables was emptied, too.
    swept = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("receipt of an erasure")
        verbose_name_plural = _("receipts of erasures")

    def __str__(self) -> str:
        return str(self.pk)


class Retention(models.Model):
    """How long a person wants things to be kept that they don't use; see `ahfai.retention`."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    # In days, since they were used; for ever where it is empty.
    chats = models.PositiveSmallIntegerField(null=True)
    # In days, since they were put into the trash; as long as everywhere where it is empty.
    trash = models.PositiveSmallIntegerField(null=True)
    # When the worker looked last, and found nothing more to delete.
    applied = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retentions")
        indexes = [models.Index(fields=["applied"], name="retention_by_applied")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(chats=None) | models.Q(chats__gte=1),
                name="retention_of_chats_from_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(trash=None) | models.Q(trash__gte=1),
                name="retention_of_trash_from_a_day",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Export(models.Model):
    """Everything that a person has, in one ZIP that is made, or waits to be fetched; see
    `accounts.exports`."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # How many things there are, once that is known, and how many of them are in it.
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # In bytes, before sealing.
    size = models.PositiveBigIntegerField(default=0)
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    asked = models.DateTimeField(default=timezone.now, editable=False)
    ended = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = [
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="export_of_owner"),
            models.UniqueConstraint(fields=["owner"], name="export_one_each"),
            models.CheckConstraint(
                condition=models.Q(ended=None, state__in=["waiting", "running"])
                | models.Q(ended__isnull=False, state__in=["done", "failed"]),
                name="export_ended_says_when",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ExportPart(models.Model):
    """A piece of the ZIP, bound to its place as a part of a file is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    of = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    # From 0.
    number = models.PositiveIntegerField()
    data = SealedBytesField(bound_to=["of", "number"])

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "number"], name="exportpart_once_per_number"),
            SameOwner(to="of", name="exportpart_export_is_the_owners"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
