"""What programs send."""

from ninja import Schema
from pydantic import ConfigDict


class Body(Schema):
    """The members of a request. One that isn't known is refused: who misspells a member is told so,
    and not that all went well."""

    model_config = ConfigDict(extra="forbid")
