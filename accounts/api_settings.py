"""What a person can set about themselves, for programs; nothing of how they sign in."""

from typing import Annotated

from ninja import Router, Schema

from accounts.forms import ProfileForm
from accounts.models import Scope, Theme
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Change, one_of

router = Router()
READING, WRITING = Allowed(Scope.SETTINGS_READ), Allowed(Scope.SETTINGS_WRITE)


class Profile(Schema):
    name: str
    # By its name in the IANA database.
    time_zone: str
    # "system", "light" or "dark".
    theme: str


class ChangedProfile(Change):
    """What isn't said stays as it is."""

    name: str = ""
    time_zone: str = ""
    theme: Annotated[str, one_of(Theme.values)] = ""


@router.get("profile", auth=READING, response=Profile, url_name="settings_profile")
def read(request: SignedInRequest) -> Profile:
    return Profile(**_now(request))


@router.patch("profile", auth=WRITING, response=Profile, url_name="settings_profile")
def change(request: SignedInRequest, said: ChangedProfile) -> Profile:
    """With another time zone, what goes by the person's clock goes by that one."""
    form = ProfileForm(_now(request) | said.dict(exclude_unset=True), instance=request.user)
    if not form.is_valid():
        raise problems.of_form(form)
    form.save()
    return Profile(**_now(request))


def _now(request: SignedInRequest) -> dict[str, str]:
    person = request.user
    return {"name": person.name, "time_zone": person.time_zone, "theme": person.theme}
