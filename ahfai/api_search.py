"""The search for programs: what its page finds, of what they may read."""

import datetime
import uuid
from typing import Annotated

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema

from accounts.models import Scope
from accounts.programs.api_access import MINUTE, Allowed, at_most, may
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.asked import Asked
from ahfai.problems import Refused
from ahfai.search import Result
from ahfai.search import search as find
from ahfai.textindex.queries import MAX_QUERY

router = Router()
_KINDS = {
    "chats": ("chat", Scope.CHATS_READ),
    "notes": ("note", Scope.NOTES_READ),
    "reminders": ("reminder", Scope.REMINDERS_READ),
}
MOST_PAGES = 9999


class Piece(Schema):
    text: str
    # Whether these words were sought.
    sought: bool


class Hit(Schema):
    # "chat", "note" or "reminder".
    kind: str
    id: uuid.UUID
    # Of a chat, where words of a message were found.
    message: uuid.UUID | None
    # Null where it can't be opened.
    title: str | None
    # Of the text around what was found: plain words, no HTML.
    pieces: list[Piece]
    # Whether the title alone has it.
    by_title: bool
    when: datetime.datetime
    # Of its page.
    address: str


class Hits(Schema):
    hits: list[Hit]
    # What `page` is for those that follow; null at the end.
    next: int | None
    # False while the words are still being read, after a start: ask again in a moment.
    complete: bool
    # What begins as a condition does, and was sought as words.
    not_understood: list[str]


@router.get("", auth=Allowed(), response=Hits, url_name="search")
def search(
    request: SignedInRequest,
    answer: HttpResponse,
    q: str,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> Hits:
    """The best first, of the kinds that the token may read. `q` holds words, and conditions as on
    the page: tag:house in:notes after:2026-05 before:2026-06-15 in:archive in:trash."""
    among = [room for room, (_kind, scope) in _KINDS.items() if may(request, scope)]
    if not among:
        scopes = " ".join(scope.value for _kind, scope in _KINDS.values())
        headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scopes}"'}
        raise Refused(403, _("This token may read nothing that can be searched."), headers)
    at_most(request, 240, MINUTE, "search")
    if not q.strip():
        raise problems.of_field("q", _("Say what you look for."))
    if len(q) > MAX_QUERY:
        sentence = _("At most %(most)d characters can be searched for.")
        raise problems.of_field("q", sentence % {"most": MAX_QUERY})
    found = find(request.user, q, page, among)
    if found and found.needs_word:
        raise problems.of_field("q", _("Say also what you look for, beside what to leave out."))
    is_complete = found is not None and not found.is_partial
    if not is_complete:
        answer["Retry-After"] = "1"
    return Hits(
        hits=[_hit(one) for one in found.results] if found else [],
        next=page + 1 if found and found.has_more and page < MOST_PAGES else None,
        complete=is_complete,
        not_understood=list(Asked.parse(q).not_understood),
    )


def _hit(found: Result) -> Hit:
    return Hit(
        kind=_KINDS[found.room][0],
        id=found.key,
        message=found.part,
        title=found.title,
        pieces=[Piece(text=text, sought=is_match) for text, is_match in found.pieces],
        by_title=found.is_by_title,
        when=found.when,
        address=found.address,
    )
