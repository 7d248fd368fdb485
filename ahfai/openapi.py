"""What the API can do, in OpenAPI 3.1: what ninja reads from the views, and what they share.

Which headers a view reads and sets is read from its code, so that no view has to say it twice.
"""

import inspect
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from types import CodeType
from typing import Any

from django.conf import settings
from ninja import NinjaAPI
from ninja.operation import Operation

from accounts.programs import idempotency
from accounts.programs.api_access import Allowed
from ahfai.middleware import SAFE

PREFIX = "/api/"
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for a person."},
        "errors": {
            "type": "array",
            "description": "What is wrong in which field.",
            "items": {
                "type": "object",
                "required": ["field", "sentence"],
                "properties": {"field": {"type": "string"}, "sentence": {"type": "string"}},
            },
        },
    },
}
HEADERS = {
    "ETag": "The version, for If-Match; W/ and a digest of what is said, for If-None-Match.",
    "Link": "Where a list goes on.",
    "Location": "The address of what was made.",
    "Retry-After": "Seconds to wait.",
    "RateLimit": "How many requests are left, and the seconds until all are again.",
    "RateLimit-Policy": "How many requests there are in how many seconds.",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The version that is changed: the ETag that came with it, or *.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an answer that is there already: where it is still the same, 304.",
    "schema": {"type": "string"},
}
IDEMPOTENCY_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "A request that comes twice with the same key does once what it asks for.",
    "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY},
}


@cache
def written(api: NinjaAPI) -> dict[str, Any]:
    """Made once, since everybody may ask for it and it takes a tenth of a second. Change nothing in
    it."""
    said: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=PREFIX))
    found = {api.get_openapi_operation_id(one): one for one in operations(api)}
    for path, methods in said["paths"].items():
        for method, details in methods.items():
            operation = found[details["operationId"]]
            methods[method] = _completed(details, operation, method.upper(), path)
    components = said["components"]
    return said | {
        "components": components
        | {
            "schemas": components["schemas"] | {"Problem": PROBLEM},
            "headers": {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "browser": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
            },
        },
        "security": [{"token": []}, {"browser": []}],
    }


def operations(api: NinjaAPI) -> Iterator[Operation]:
    """With those that aren't described."""
    for router in api._get_bound_routers():
        for place in router.path_operations.values():
            yield from place.operations


def takes_key(operation: Operation) -> bool:
    """Whether what it does is done once by an `Idempotency-Key`, without its view knowing."""
    by_itself = getattr(operation.view_func, "reads_idempotency_key", False)
    is_done_once = not (operation.stream_format or by_itself)
    return "POST" in operation.methods and is_done_once and is_private(operation)


def goes_on_by(operation: Operation) -> str:
    """The parameter by which a list is asked for what follows; "" for what is no list."""
    [model, *_others] = operation.response_models.values()
    answer = getattr(model, "model_fields", {}).get("response")
    if "next" not in getattr(answer and answer.annotation, "model_fields", {}):
        return ""
    taken = inspect.signature(inspect.unwrap(operation.view_func)).parameters
    return next(name for name in ("after", "before", "page") if name in taken)


def is_private(operation: Operation) -> bool:
    return all(isinstance(rule, Allowed) for rule in operation.auth_callbacks)


def _completed(
    details: dict[str, Any], operation: Operation, method: str, path: str
) -> dict[str, Any]:
    names, texts = _in_code(operation.view_func)
    asks_version = {"etags", "asked"} <= names
    parameters = list(details.get("parameters", []))
    parameters += [IF_MATCH] * asks_version
    shortened = method == "GET" and "ETag" not in texts and _says_json(details)
    parameters += [IF_NONE_MATCH] * shortened
    by_key = not getattr(operation.view_func, "takes_no_key", False)
    parameters += [IDEMPOTENCY_KEY] * (method == "POST" and is_private(operation) and by_key)
    scopes = [scope for one in operation.auth_callbacks if (scope := getattr(one, "scope", None))]
    responses = {str(status): dict(answer) for status, answer in details["responses"].items()}
    for status, answer in responses.items():
        sets = {
            "ETag": shortened or "ETag" in texts,
            "Location": "Location" in texts,
            "Link": bool(goes_on_by(operation)),
        }
        answer["headers"] = _headers(
            *(name for name, is_set in sets.items() if is_set)
        ) | answer.get("headers", {})
        if status == "204":
            answer.pop("content", None)
    statuses = _problems(
        has_body="requestBody" in details,
        has_input=len(parameters) > 0,
        is_sought="{" in path or bool({"Http404", "get_object_or_404"} & names),
        changes=method not in SAFE,
        asks_version=asks_version,
        is_private=is_private(operation),
    )
    if shortened:
        responses["304"] = {"description": "Still the same", "headers": _headers("ETag")}
    responses = {str(status): _problem(status) for status in statuses} | responses
    return details | {
        "tags": details.get("tags") or [path.removeprefix(PREFIX).split("/")[0]],
        "parameters": parameters,
        "responses": dict(sorted(responses.items())),
        "security": [{"token": [str(scope) for scope in scopes]}, {"browser": []}]
        if is_private(operation)
        else [],
    }


def _problems(
    *,
    has_body: bool,
    has_input: bool,
    is_sought: bool,
    changes: bool,
    asks_version: bool,
    is_private: bool,
) -> set[int]:
    """What may go wrong, whatever it is about."""
    found = {429}
    # Nobody is told more than 401 of what opens nothing, whatever it is.
    found |= {401, 403} | ({409} if is_private else set())
    found |= {400, 422} if has_input or has_body else set()
    found |= {404} if is_sought else set()
    found |= {400, 411, 413, 415} if has_body else set()
    found |= {415, 507} if changes else set()
    return found | ({412, 428} if asks_version else set())


def _problem(status: int) -> dict[str, Any]:
    more = {401: ["WWW-Authenticate"], 412: ["ETag"], 429: ["Retry-After"]}.get(status, [])
    return {
        "description": HTTPStatus(status).phrase,
        "headers": _headers(*(name for name in more if name in HEADERS)),
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def _says_json(details: dict[str, Any]) -> bool:
    return "application/json" in details["responses"].get(200, {}).get("content", {})


def _headers(*names: str) -> dict[str, Any]:
    every = (*names, "RateLimit", "RateLimit-Policy")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in every}


def _in_code(view: Any) -> tuple[set[str], set[str]]:
    """The names and the texts in a view and in what it calls of its own module; and those in what
    these call of others."""
    names: set[str] = set()
    texts: set[str] = set()
    left, beyond = [inspect.unwrap(view)], list[Any]()
    seen = set[Any]()
    while left:
        function = left.pop()
        if function in seen:
            continue
        seen.add(function)
        for code in _codes(function.__code__):
            names.update(code.co_names)
            texts.update(one for one in code.co_consts if isinstance(one, str))
        called = [function.__globals__.get(name) for name in names]
        for one in filter(inspect.isfunction, called):
            if one.__module__ == function.__module__:
                left.append(inspect.unwrap(one))
            else:
                beyond.append(inspect.unwrap(one))
    for function in beyond:
        names.update(function.__code__.co_names)
        texts.update(one for one in function.__code__.co_consts if isinstance(one, str))
    return names, texts


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)
