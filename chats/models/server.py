"""Model servers: places in line, the models, and what is known of them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ahfai.models import Heartbeat
from chats.engines.failures import failed
from chats.models.message import State


class TemporaryPlace(models.Model):
    """The place in line, or at the model server, of a reply in a temporary chat: no words, and gone
    when the reply is over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="temporary_places"
    )
    model = models.CharField(max_length=200)
    server = models.CharField(max_length=200, blank=True, default="", db_default="")
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
    model = models.CharField(max_length=200)
    # The name of the model server that fetches it, where there are several (`chats.hosts`).
    server = models.CharField(max_length=200, blank=True, default="", db_default="")
    done_bytes = models.BigIntegerField(default=0)
    # Of the parts that the server has told of so far.
    total_bytes = models.BigIntegerField(default=0)
    is_checking = models.BooleanField(default=False)
    # A code of `chats.engines.failures` once it has failed.
    reason = models.CharField(max_length=32, blank=True)
    stop_asked = models.BooleanField(default=False)
    process = models.ForeignKey(Heartbeat, null=True, on_delete=models.SET_NULL, related_name="+")
    started = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "server"], name="pull_once_per_server"),
        ]

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
