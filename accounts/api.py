"""The person, for programs."""

import uuid

from ninja import Router, Schema

from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest

router = Router()


class Me(Schema):
    id: uuid.UUID
    email: str
    name: str
    time_zone: str


@router.get("me", auth=Allowed(), response=Me, url_name="me")
def me(request: SignedInRequest) -> Me:
    """Whose token this is; any token may ask."""
    person = request.user
    return Me(id=person.pk, email=person.email, name=person.name, time_zone=person.time_zone)
