"""What programs send."""

import datetime
import re
from collections.abc import Iterable
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Strict, WithJsonSchema

from ahfai import faults

# Pydantic takes "no" and 0 for one, too, which in other languages are true.
TrueOrFalse = Annotated[bool, Strict()]


def _is_written_out(day: Any) -> Any:
    """Pydantic takes seconds since 1970, too, where they happen to be midnight in UTC."""
    if isinstance(day, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        return day
    raise faults.of(_("It has to be a day, as in 2026-12-01."))


Day = Annotated[datetime.date, BeforeValidator(_is_written_out)]


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
