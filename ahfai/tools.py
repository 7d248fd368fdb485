"""Tools for a model: typed functions that it may ask for, and the check of what it asks.

    def read_note(user, note: Annotated[str, Said("the id that a search shows", 40)]) -> Found:
        \"\"\"Read one of the person's notes.\"\"\"

    Tool.of(read_note).call(user, {"note": "0f3a9c21"})

The person comes first, and never from the model. What the model is told (the name, what the tool is
for, a JSON Schema) is derived from the function, so it can't say something else than the code.

A tool looks something up and returns what it `Found`, or proposes a change and returns a
`Proposal`: it never writes by itself.
"""

import inspect
import json
import types
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

# Characters: of a text whose parameter says nothing else, and of all arguments together, as JSON.
MOST = 1000
MOST_IN_ALL = 300_000
MOST_ITEMS = 50
# What a model gets to read of an id, and gives back: short, since small models lose long ones.
SHORT_ID = 8


class Unfit(Exception):
    """A call that can't be done as it was asked; the sentence is for the model."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Said(NamedTuple):
    """What the model is told of a parameter, and the most characters of a text."""

    about: str
    most: int = MOST


class Link(NamedTuple):
    title: str
    address: str


@dataclass(frozen=True)
class Found:
    """What was looked up: `text` for the model; `sentence` for the person, with the words `about`
    that it was about, the `number` of things and the ways to them. `is_foreign`: others may have
    written it, or the person at another time."""

    text: str
    sentence: str
    about: str = ""
    number: int = 0
    links: tuple[Link, ...] = ()
    is_foreign: bool = True


@dataclass(frozen=True)
class Proposal:
    """A change that the person is asked about: `kind` says who does it, and `payload`, which is
    JSON, what exactly. `text` tells the model what stands there; `is_foreign` where it repeats what
    was there before, which others may have written."""

    kind: str
    payload: dict[str, Any]
    text: str
    is_foreign: bool = False


@dataclass(frozen=True)
class Tool:
    name: str
    about: str
    function: Callable[..., Found | Proposal]
    parameters: dict[str, "_Parameter"] = field(default_factory=dict)

    @classmethod
    def of(cls, function: Callable[..., Found | Proposal]) -> "Tool":
        """The tool that this function is. Raises TypeError for what no model can be told."""
        hints = get_type_hints(function, include_extras=True)
        signature = inspect.signature(function)
        _person, *others = (
            one for one in signature.parameters.values() if one.kind is not one.KEYWORD_ONLY
        )
        about = " ".join((function.__doc__ or "").split())
        if not about:
            raise TypeError(f"{function.__name__} doesn't say what it is for.")
        found = {one.name: _Parameter.of(hints[one.name], one.default) for one in others}
        return cls(function.__name__, about, function, found)

    @cached_property
    def writes(self) -> bool:
        return get_type_hints(self.function)["return"] is Proposal

    @cached_property
    def schema(self) -> dict[str, Any]:
        """Of its arguments: JSON Schema as both wires take it."""
        return {
            "type": "object",
            "properties": {name: one.schema for name, one in self.parameters.items()},
            "required": [name for name, one in self.parameters.items() if one.is_required],
        }

    def call(self, user: Any, arguments: dict[str, Any], **known: Any) -> Found | Proposal:
        """Raises Unfit where the arguments don't fit, or for the function's own reasons.

        Of what is `known` about the call, the function gets what it has keyword-only parameters
        for: no model is told of those.
        """
        own = [
            one.name
            for one in inspect.signature(self.function).parameters.values()
            if one.kind is one.KEYWORD_ONLY
        ]
        around = {name: known[name] for name in own if name in known}
        return self.function(user, **self.check(arguments), **around)

    def check(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments as the function takes them. Raises Unfit, which names all that is wrong.

        What can only mean one thing is taken for it: models write 3 as "3".
        """
        if size(arguments) > MOST_IN_ALL:
            raise Unfit(f"That is too much: all arguments together may have {MOST_IN_ALL} letters.")
        faults, fit = [], {}
        for name in arguments:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                faults.append(f"There is no argument {name[:40]!r}; there is: {known}.")
        for name, parameter in self.parameters.items():
            given = arguments.get(name)
            if given is None and name in arguments and not parameter.is_required:
                given = parameter.default
            elif name not in arguments:
                if parameter.is_required:
                    faults.append(f"The argument {name!r} is missing.")
                    continue
                given = parameter.default
            if given is parameter.default and not parameter.is_required:
                fit[name] = given
                continue
            try:
                fit[name] = parameter.fit(given)
            except ValueError as fault:
                faults.append(f"The argument {name!r} {fault}.")
        if faults:
            raise Unfit(" ".join(faults))
        return fit


@dataclass(frozen=True)
class _Parameter:
    kind: Any
    said: Said
    is_optional: bool
    default: Any

    @classmethod
    def of(cls, hint: Any, default: Any) -> "_Parameter":
        said = Said("")
        if get_origin(hint) is Annotated:
            hint, said = get_args(hint)
        is_optional = get_origin(hint) in (Union, types.UnionType)
        if is_optional:
            kinds = [one for one in get_args(hint) if one is not type(None)]
            hint = kinds[0] if len(kinds) == 1 else None
        if hint not in (str, int, bool, list[str]) and get_origin(hint) is not Literal:
            raise TypeError(f"No model can be told of {hint}.")
        return cls(hint, said, is_optional, default)

    @property
    def is_required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def schema(self) -> dict[str, Any]:
        told: dict[str, Any] = {"description": self.said.about} if self.said.about else {}
        if get_origin(self.kind) is Literal:
            return {"type": "string", "enum": list(get_args(self.kind)), **told}
        if self.kind == list[str]:
            items = {"type": "string", "maxLength": self.said.most}
            return {"type": "array", "items": items, "maxItems": MOST_ITEMS, **told}
        if self.kind is str:
            return {"type": "string", "maxLength": self.said.most, **told}
        return {"type": {int: "integer", bool: "boolean"}[self.kind], **told}

    def fit(self, given: Any) -> Any:
        """Raises ValueError, whose words go on after "The argument …"."""
        if get_origin(self.kind) is Literal:
            choices = get_args(self.kind)
            if given not in choices:
                raise ValueError(f"is one of {', '.join(choices)}")
            return given
        if self.kind is bool:
            words = {"true": True, "false": False}
            given = words.get(given.lower(), given) if isinstance(given, str) else given
            if not isinstance(given, bool):
                raise ValueError("is true or false")
            return given
        if self.kind is int:
            return _number(given)
        if self.kind is str:
            return self._text(given, "is a text")
        if not isinstance(given, list):
            raise ValueError("is a list of texts")
        if len(given) > MOST_ITEMS:
            raise ValueError(f"has at most {MOST_ITEMS} texts")
        return [self._text(one, "is a list of texts") for one in given]

    def _text(self, given: Any, is_what: str) -> str:
        if isinstance(given, int | float) and not isinstance(given, bool):
            given = str(given)
        if not isinstance(given, str):
            raise ValueError(is_what)
        if len(given) > self.said.most:
            raise ValueError(f"has at most {self.said.most} letters")
        return given


def _number(given: Any) -> int:
    if isinstance(given, str) and given.strip().lstrip("-").isdigit() and len(given) < 12:
        given = int(given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or abs(given) >= 2**31:
        raise ValueError("is a whole number")
    return given


def size(arguments: dict[str, Any]) -> int:
    """In characters, as JSON."""
    return len(json.dumps(arguments, ensure_ascii=False))


def short(key: uuid.UUID) -> str:
    """An id as a model gets to read it."""
    return key.hex[:SHORT_ID]


def between(said: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The first and the last id that a model can mean by the beginning of one, or by all of it;
    None where it is none."""
    digits = said.strip().strip("#[]()").replace("-", "").lower()
    if not SHORT_ID <= len(digits) <= 32 or any(one not in "0123456789abcdef" for one in digits):
        return None
    return uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
