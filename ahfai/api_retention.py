"""How long things are kept, for programs: as on the page, after it was seen what would go."""

from collections.abc import Iterable
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import WithJsonSchema

from accounts.api_settings import READING, WRITING
from accounts.models import Retention, Scope
from accounts.programs.api_access import may
from accounts.requests import SignedInRequest
from ahfai import problems, retention
from ahfai.bodies import Change, TrueOrFalse
from ahfai.problems import Refused
from ahfai.retention_views import CHATS, TRASH, KeptForm

router = Router()
_CHATS = (Scope.CHATS_WRITE,)
_TRASH = (Scope.CHATS_WRITE, Scope.NOTES_WRITE, Scope.REMINDERS_WRITE)


def _days(choices: Iterable[tuple[str, Any]]) -> WithJsonSchema:
    days = [int(value) for value, _label in choices if value]
    return WithJsonSchema({"anyOf": [{"type": "integer", "enum": days}, {"type": "null"}]})


class Kept(Schema):
    # For how many days after they were used last; null for ever. Pinned ones stay in any case.
    chats: int | None
    # For how many days what lies in the trash stays there; null as everywhere, for 30.
    trash: int | None


class ChangedKept(Change):
    """What isn't said stays as it is."""

    chats: Annotated[int | None, _days(CHATS)] = None
    trash: Annotated[int | None, _days(TRASH)] = None
    # Whether somebody has seen what would go.
    is_sure: TrueOrFalse = False


@router.get("kept", auth=READING, response=Kept, url_name="settings_kept")
def read(request: SignedInRequest) -> Kept:
    return _now(request)


@router.patch("kept", auth=WRITING, response=Kept, url_name="settings_kept")
def change(request: SignedInRequest, said: ChangedKept) -> Kept:
    """Where it deletes, the token has to be one that may. The first answer then is 409 with how
    many chats, and things in the trash, `would_go`: `is_sure` does it."""
    before = retention.of(request.user)
    wanted = {"chats": before.chats, "trash": before.trash} | said.dict(exclude_unset=True)
    form = KeptForm({name: "" if days is None else days for name, days in wanted.items()})
    if not form.is_valid():
        raise problems.of_form(form)
    kept = Retention(
        owner=request.user, chats=form.cleaned_data["chats"], trash=form.cleaned_data["trash"]
    )
    if retention.is_shorter(kept, before):
        _check_scopes(request, kept, before)
        if not form.cleaned_data["is_sure"]:
            raise _unseen(kept)
    retention.keep(request.user, kept.chats, kept.trash, request)
    return _now(request)


def _check_scopes(request: SignedInRequest, kept: Retention, before: Retention) -> None:
    needed = {
        *(_CHATS if kept.chats != before.chats else ()),
        *(_TRASH if kept.trash != before.trash else ()),
    }
    lacking = sorted(scope.value for scope in needed if not may(request, scope))
    if lacking:
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(lacking)}"'
        sentence = _("That deletes what is older, which this token may not: it lacks %(scopes)s.")
        said = sentence % {"scopes": ", ".join(lacking)}
        raise Refused(403, said, {"WWW-Authenticate": challenge})


def _unseen(kept: Retention) -> Refused:
    old = retention.outdated(kept)
    sentence = _(
        "What is older goes for good: see in would_go how much that is, and send is_sure with it."
    )
    return Refused(409, sentence, would_go={"chats": old.chats, "trash": old.trash})


def _now(request: SignedInRequest) -> Kept:
    kept = retention.of(request.user)
    return Kept(chats=kept.chats, trash=kept.trash)
