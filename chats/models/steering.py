"""How a model is steered: in a chat, by a preset, everywhere."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField, sealed_for


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
