"""The API: what the apps offer to programs, by the same rows, forms and verbs as their pages."""

import json
import re
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from accounts.api import router as me
from accounts.api_settings import router as profile
from accounts.api_tags import router as tags
from accounts.programs import idempotency
from accounts.programs.api_access import Allowed, pace_headers
from accounts.programs.api_token import router as token
from accounts.requests import SignedInRequest
from ahfai import api_docs, etags, faults, openapi, problems
from ahfai.access import for_programs, open_to_all
from ahfai.api_export import router as export
from ahfai.api_retention import router as kept
from ahfai.api_search import router as search
from ahfai.crypto import SealError
from ahfai.problems import Refused
from ahfai.webhook_api import router as webhooks
from chats.api import router as chats
from chats.api_facts import router as facts
from chats.api_files import router as message_files
from chats.api_messages import router as messages
from chats.api_presets import router as presets
from chats.api_settings import router as answers
from chats.api_temporary import router as temporary
from notes.api import router as notes
from notes.api_files import router as note_files
from notes.api_revisions import router as revisions
from reminders.api import router as reminders
from reminders.api_acts import router as acts
from reminders.api_days import router as days
from reminders.api_deliveries import router as deliveries
from reminders.api_lists import router as lists
from reminders.api_notices import router as notices
from reminders.api_settings import router as telling


class HoldsNoText(ValueError):
    """NUL, or half a character, which JSON can say and no text holds."""


class SaidTwice(ValueError):
    """One member, of which readers take the first or the last (RFC 8259, 4)."""


class Json(Parser):
    """Objects in UTF-8 alone (RFC 8259, 8.1), as every body here is one."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Raises ValueError, among them HoldsNoText and SaidTwice, and RecursionError for what is
        nested too deeply."""
        text = request.body.decode()
        said = json.loads(text, object_pairs_hook=_members)
        if not isinstance(said, dict):
            # Of another type ninja would read its attributes: a string has a `title`.
            raise ValueError
        if _NUL.search(text):
            raise HoldsNoText
        if "\\u" in text:
            try:
                json.dumps(said, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                raise HoldsNoText from None
        return said


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise SaidTwice
    return found


# Said as it is, it is no JSON; and after a backslash that is one itself, these are five letters.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


api = NinjaAPI(
    title="AhFai",
    version="1",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    parser=Json(),
)
api.add_router("", me)
api.add_router("tags", tags)
api.add_router("chats", chats)
api.add_router("chats/presets", presets)
api.add_router("chats/temporary", temporary)
api.add_router("", messages)
api.add_router("", message_files)
api.add_router("search", search)
api.add_router("token", token)
api.add_router("notes", notes)
api.add_router("notes", revisions)
api.add_router("notes", note_files)
api.add_router("reminders", reminders)
api.add_router("reminders", acts)
api.add_router("reminders", days)
api.add_router("reminders/lists", lists)
api.add_router("notices", notices)
api.add_router("deliveries", deliveries)
api.add_router("webhooks", webhooks)
api.add_router("settings", profile)
api.add_router("settings", telling)
api.add_router("settings", answers)
api.add_router("settings", facts)
api.add_router("settings", kept)
api.add_router("export", export)


# As ninja tells it, by the name that each view has for its body.
_NO_BODY = ("body", "said", "missing")

elsewhere = Router()
# After all others, so that a program isn't answered with a page.
api.add_router("", elsewhere)


@elsewhere.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "{path:url}", auth=Allowed(), include_in_schema=False
)
def nothing(request: HttpRequest, url: str) -> None:
    raise Http404


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return problems.answer(error.status, error.sentence, error.headers, **error.more)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.answer(404, _("There is nothing here."))


@api.exception_handler(HttpError)
def not_json(request: HttpRequest, error: HttpError) -> HttpResponse:
    match error.__cause__:
        case HoldsNoText():
            sentence = _("No text holds the character NUL, or half of a character: leave it out.")
        case SaidTwice():
            sentence = _("One member is said twice: say it once.")
        case _:
            sentence = _no_object()
    return problems.answer(error.status_code, sentence)


@api.exception_handler(MultiPartParserError)
@api.exception_handler(SuspiciousOperation)
def no_form(request: HttpRequest, error: Exception) -> HttpResponse:
    return problems.answer(400, _("This form can't be read."))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problems.answer(413, _("That is too much at once."))


@api.exception_handler(SealError)
def not_opened(request: HttpRequest, error: SealError) -> HttpResponse:
    return problems.answer(409, _("What is saved there can't be opened, so it stays as it is."))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Which member is wrong and why, without what was sent."""
    if any(
        tuple(one["loc"]) == ("body", "said") and one["type"] == "missing" for one in error.errors
    ):
        return problems.answer(400, _no_object())
    found = [
        {"field": _field(one["loc"]), "sentence": faults.sentence(one)} for one in error.errors
    ]
    said = " ".join(f"{one['field']}: {one['sentence']}" for one in found)
    return problems.answer(422, said, errors=found)


def _no_object() -> str:
    return _("Send one JSON object, in UTF-8.")


def _field(place: tuple[Any, ...]) -> str:
    """Without where it was read from, which is the body but for numbers of pages."""
    return ".".join(str(part) for part in place[1:] if part != "said")[:200] or "body"


@open_to_all("it says what the API can do, the same to everybody, and nothing of anybody")
@require_safe
def described(request: HttpRequest) -> HttpResponse:
    """For programs that make programs, or try out this one (OpenAPI 3.1)."""
    return JsonResponse(openapi.written(api))


@open_to_all("it says what the API can do, as the description for programs does")
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The same for people."""
    said = openapi.written(api)
    shown = {"subjects": api_docs.subjects(said), "things": api_docs.things(said)}
    return render(request, "api_docs.html", shown)


@open_to_all("it leads to the page about the API")
@require_safe
def root(request: HttpRequest) -> HttpResponse:
    return redirect("api:docs")


def _once(operation: Operation) -> None:
    """A request that is sent twice by the same `Idempotency-Key` does once what it asks for."""
    view = operation.view_func

    @wraps(view)
    def answered_once(request: SignedInRequest, **values: Any) -> HttpResponseBase:
        answer = values.get(operation.signature.response_arg or "")
        if answer is None:
            answer = api.create_temporal_response(request)
        return idempotency.once(
            request,
            lambda: operation._result_to_response(request, view(request, **values), answer),
        )

    operation.view_func = answered_once


def _goes_on(operation: Operation) -> None:
    """What a list says in `next` stands in `Link`, too (RFC 8288)."""
    view = operation.view_func

    @wraps(view)
    def answered(request: HttpRequest, **values: Any) -> Any:
        answer = view(request, **values)
        if (follows := getattr(answer, "next", None)) is not None:
            asked = request.GET.copy()
            asked[openapi.goes_on_by(operation)] = str(follows)
            request.link = f'<{request.path}?{asked.urlencode()}>; rel="next"'  # type: ignore[attr-defined]
        return answer

    operation.view_func = answered


def _route(route: Any) -> Any:
    """What all answers have in common: how many requests are left, how a list goes on, HEAD
    wherever there is GET, 304 for what is known, and 405 with what is allowed instead (RFC 9110,
    9.3.2, 13.1.2 and 15.5.6)."""
    view = route.callback

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        method = request.method
        request.method = "GET" if method == "HEAD" else method
        try:
            response = view(request, *args, **named)
        finally:
            request.method = method
        if method in ("GET", "HEAD"):
            if link := getattr(request, "link", ""):
                response["Link"] = link
            response = etags.shortened(request, response)
        if response.status_code == 405:
            allowed = {one.strip() for one in response["Allow"].split(",")}
            allowed |= {"HEAD"} if "GET" in allowed else set()
            headers = {"Allow": ", ".join(sorted(allowed))}
            response = problems.answer(405, _("This can't be asked for in that way."), headers)
        elif method == "HEAD" and response.streaming:
            response.close()
            response = HttpResponse(status=response.status_code, headers=response.headers)
        for name, text in pace_headers(request).items():
            response[name] = text
        return response

    route.callback = answer
    return for_programs(route)


for _operation in openapi.operations(api):
    if openapi.takes_key(_operation):
        _once(_operation)
    elif openapi.goes_on_by(_operation):
        _goes_on(_operation)

# Without the page at its root, which says nothing.
_routes = [entry for entry in api.urls[0] if getattr(entry, "name", "") != "api-root"]
urlpatterns = [
    path("", root, name="root"),
    path("openapi.json", described, name="openapi"),
    path("docs", docs, name="docs"),
    *map(_route, _routes),
]
