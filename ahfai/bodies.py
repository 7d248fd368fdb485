"""What programs send."""

from collections.abc import Iterable
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, WithJsonSchema


class Body(Schema):
    """The members of a request. One that isn't known is refused: who misspells a member is told so,
    and not that all went well."""

    model_config = ConfigDict(extra="forbid")


def _say_no_defaults(schema: dict[str, Any]) -> None:
    for member in schema["properties"].values():
        member.pop("default", None)


class Change(Body):
    """A body in which a member that is said is another thing than one that isn't. So the
    description has no defaults: programs that are made from it would send them."""

    model_config = ConfigDict(json_schema_extra=_say_no_defaults)


def one_of(values: Iterable[Any]) -> WithJsonSchema:
    """That a member is one of these, for the description. The form says what is wrong with it."""
    choices = list(values)
    return WithJsonSchema({"type": "integer" if choices[0] == 0 else "string", "enum": choices})
