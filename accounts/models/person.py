"""People, and who owns the installation."""

import uuid
import zoneinfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.sealing import keys


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
    # When they last sent a change, of whatever kind; only where there is a replica to fall behind.
    wrote = models.DateTimeField(null=True, editable=False)

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
