"""Times on the clock of a wall, as programs send them and are told them."""

import datetime
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from ahfai import faults


def _in_words(at: Any) -> Any:
    """Pydantic takes seconds since midnight, too, and puts them into UTC."""
    if isinstance(at, str | datetime.time):
        return at
    raise faults.of(_("It has to be a time of the day, as in 09:00."))


def _without_zone(at: datetime.time) -> datetime.time:
    if at.tzinfo is None:
        return at
    raise faults.of(_("It is a time on the person's clock, without a zone."))


WallTime = Annotated[
    datetime.time,
    BeforeValidator(_in_words),
    AfterValidator(_without_zone),
    # What OpenAPI calls a time has a zone (RFC 3339).
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$",
            "examples": ["09:00"],
        }
    ),
]
