"""The lists that a person keeps reminders in."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.fields import SealedQuerySet, SealedTextField

MAX_LIST_NAME = 80


class Colour(models.TextChoices):
    """Each is a token of the style sheets, `--list-…`."""

    JADE = "jade", _("Jade")
    SKY = "sky", _("Sky")
    IRIS = "iris", _("Iris")
    PLUM = "plum", _("Plum")
    ROSE = "rose", _("Rose")
    AMBER = "amber", _("Amber")
    MOSS = "moss", _("Moss")
    STONE = "stone", _("Stone")


class List(models.Model):
    """A list with a name and a colour; see `reminders.own_lists`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminder_lists"
    )
    name = SealedTextField(_("name"), max_length=MAX_LIST_NAME)
    # Keyed, so that it tells nothing about the name.
    name_hash = models.CharField(max_length=64)
    colour = models.CharField(max_length=8, choices=Colour, default=Colour.JADE)
    # Where it stands among the person's lists, from the top.
    place = models.PositiveSmallIntegerField(default=0)

    objects = SealedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name_hash"], name="list_once_per_owner"),
            # For accounts.constraints.SameOwner.
            models.UniqueConstraint(fields=["owner", "id"], name="list_of_owner"),
            models.CheckConstraint(
                condition=Q(colour__in=Colour.values), name="list_colour_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
