"""When a person is told outside AhFai, for programs; by which channels is set on the pages."""

from ninja import Router, Schema

from accounts.api_settings import READING, WRITING
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Change
from reminders import telling
from reminders.api_times import WallTime
from reminders.channel_forms import TellingForm

router = Router()


class Telling(Schema):
    """On the person's clock."""

    # Nothing is sent from the one to the other, which may be on the next day.
    quiet_from: WallTime | None
    quiet_until: WallTime | None
    # When one message a day says what is overdue and what is to come.
    digest_at: WallTime | None


class ChangedTelling(Change):
    """What isn't said stays as it is."""

    quiet_from: WallTime | None = None
    quiet_until: WallTime | None = None
    digest_at: WallTime | None = None


@router.get("telling", auth=READING, response=Telling, url_name="settings_telling")
def read(request: SignedInRequest) -> Telling:
    return _now(request)


@router.patch("telling", auth=WRITING, response=Telling, url_name="settings_telling")
def change(request: SignedInRequest, said: ChangedTelling) -> Telling:
    """Quiet hours have a beginning and an end, or neither."""
    form = TellingForm(_now(request).dict() | said.dict(exclude_unset=True))
    if not form.is_valid():
        raise problems.of_form(form)
    telling.save(request.user, **form.cleaned_data)
    return _now(request)


def _now(request: SignedInRequest) -> Telling:
    chosen = telling.of(request.user)
    return Telling(**{name: getattr(chosen, name) for name in Telling.model_fields})
