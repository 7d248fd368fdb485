"""What a file in here offers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django import forms

from accounts.models import User
from reminders.channels.message import Answer, Message

Kept = Mapping[str, Any]


class Target(ABC):
    """Where a channel leads; a dataclass, so that it can be kept in JSON, sealed."""

    @classmethod
    def read(cls, kept: Kept, owner: User) -> Self:
        """From what was kept. Raises TypeError and ValueError where it doesn't fit."""
        return cls(**kept)

    @property
    @abstractmethod
    def place(self) -> str:
        """Where that is, as its person knows it again."""

    @abstractmethod
    def send(self, message: Message) -> Answer:
        """Within a few seconds. Raises Temporary and Permanent."""


class TargetForm(forms.Form):
    """What a person has to say of a channel of a kind. A `secret` field is never shown again: left
    empty it stays as it was, as long as the field `bound_to` does, so that nobody can have it sent
    elsewhere."""

    secret = bound_to = ""

    def kept(self, before: Kept) -> dict[str, Any]:
        """For JSON; `before` is what was kept until now."""
        said = dict(self.cleaned_data)
        if self.secret and not said[self.secret] and self._is_bound_as(before):
            said[self.secret] = before.get(self.secret, "")
        return said

    def _is_bound_as(self, before: Kept) -> bool:
        return before.get(self.bound_to) == self.cleaned_data[self.bound_to]


@dataclass(frozen=True)
class Way:
    """A kind of channel. One without a form isn't made by one. `new_secret` makes what is kept as
    "secret" and shown to the person once. What one carries that is `sealed` only the receiver can
    read."""

    target: type[Target]
    form: type[TargetForm] | None = TargetForm
    new_secret: Callable[[], str] | None = None
    sealed: bool = False
