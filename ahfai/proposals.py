"""What an app says of a change that was proposed and that it can make: how it is shown before the
person decides, how it is made, told of from what is stored then, and taken back.

The payload and the outcome are JSON, kept sealed by whoever asks the person. Nothing in them names
whose it is: every verb takes the person first, and what isn't theirs is gone.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

Json = dict[str, Any]


class Stale(Exception):
    """What it was about is gone, or was changed since; the sentence is for the person."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Fact(NamedTuple):
    """A chip: when it is, where it goes."""

    label: str
    is_of_time: bool = False
    icon: str = ""


class Change(NamedTuple):
    label: str
    before: str
    after: str


class Form(NamedTuple):
    """A form of the app's own that can be opened with the proposal in it: where it is posted to
    without saving anything, and what; a field may have several values."""

    address: str
    fields: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Shown:
    """What precisely will be stored. `version` is the one of the thing that it will be made of;
    `lines` are a diff (`notes.differences`), `warning` what the person should know before."""

    title: str
    facts: Sequence[Fact] = ()
    changes: Sequence[Change] = ()
    text: str = ""
    lines: Sequence[Any] = ()
    warning: str = ""
    version: int = 0
    address: str = ""
    form: Form | None = None


@dataclass(frozen=True)
class Told:
    """What was done, as it stands in the database by now; `may_be_undone` while nothing was done to
    it since."""

    sentence: str
    title: str = ""
    address: str = ""
    may_be_undone: bool = False
    facts: Sequence[Fact] = field(default_factory=tuple)


class Listener(Protocol):
    def __call__(self, user: Any, page: uuid.UUID, thing: uuid.UUID) -> None: ...


_listeners: list[Listener] = []


def when_saved(listener: Listener) -> None:
    """Have somebody told of what forms save that were opened with a proposal in them."""
    if listener not in _listeners:
        _listeners.append(listener)


def saved(user: Any, page: uuid.UUID | None, thing: uuid.UUID) -> None:
    """The form of `page` has changed this thing: whoever proposed it there is told."""
    if page:
        for listener in _listeners:
            listener(user, page, thing)


class Kind(Protocol):
    """`label` is what it is called, `verb` what the button says that does it, `creates` whether it
    only adds something new."""

    label: Any
    verb: Any
    icon: str
    creates: bool

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        """Raises Stale where there is nothing left to be changed. `page` is who asks: a form that
        was opened from there makes no second one."""

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        """Do it to this version of the thing, inside the caller's transaction, and return what
        `tell` and `undo` need to know. Raises Stale."""

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        """What a form has stored that was opened from there."""

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told: ...

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        """Let everything be as it was, inside the caller's transaction. Raises Stale."""
