"""What the page about the API shows, made of its OpenAPI description."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

Schema = dict[str, Any]
_ORDER = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    # What else of it is on the page, "" where there is nothing.
    of: str
    is_needed: bool
    text: str = ""


@dataclass(frozen=True)
class Answer:
    status: str
    phrase: str
    of: str
    headers: list[str]

    @property
    def is_problem(self) -> bool:
        return self.status >= "400"


@dataclass(frozen=True)
class Request:
    id: str
    method: str
    path: str
    text: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    answers: list[Answer]
    curl: str

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """Of the text, and whether each is code."""
        return [(one, place % 2 == 1) for place, one in enumerate(self.text.split("`"))]

    @property
    def good(self) -> list[Answer]:
        return [one for one in self.answers if not one.is_problem]

    @property
    def problems(self) -> list[Answer]:
        return [one for one in self.answers if one.is_problem]


@dataclass(frozen=True)
class Subject:
    name: str
    requests: list[Request]


@dataclass(frozen=True)
class Thing:
    name: str
    text: str
    fields: list[Field]


def subjects(said: Schema) -> list[Subject]:
    """Requests that are about the same, in the order of the description."""
    found: dict[str, list[Request]] = {}
    for path, methods in said["paths"].items():
        for method in sorted(methods, key=_ORDER.index):
            request = _request(said, method, path, methods[method])
            found.setdefault(methods[method]["tags"][0], []).append(request)
    return [Subject(name, requests) for name, requests in found.items()]


def things(said: Schema) -> list[Thing]:
    """What is sent and answered, by name."""
    schemas = sorted(said["components"]["schemas"].items())
    return [Thing(name, one.get("description", ""), _fields_of(one)) for name, one in schemas]


def _fields_of(schema: Schema) -> list[Field]:
    """What is answered has all its fields, so only of what is sent it is told which are needed."""
    is_sent = schema.get("additionalProperties") is False
    return [replace(one, is_needed=one.is_needed and is_sent) for one in _fields(schema)]


def _request(said: Schema, method: str, path: str, details: Schema) -> Request:
    content = details.get("requestBody", {}).get("content", {})
    body_type = next(iter(content), "")
    body = _resolved(said, content[body_type].get("schema", {})) if content else {}
    return Request(
        id=details["operationId"],
        method=method.upper(),
        path=path,
        text=details.get("description", ""),
        scope=", ".join(_scopes(details)),
        parameters=[_parameter(one) for one in details["parameters"]],
        body=_fields(body),
        answers=[_answer(status, one) for status, one in details["responses"].items()],
        curl=_curl(said, method.upper(), path, details, body_type, body),
    )


def _scopes(details: Schema) -> list[str]:
    return [scope for one in details["security"] for scope in one.get("token", [])]


def _parameter(said: Schema) -> Field:
    kind, of = _kind(said["schema"])
    places = {
        "path": _("in the address"),
        "query": _("as ?%(name)s=") % {"name": said["name"]},
        "header": _("header"),
    }
    kind = f"{kind}, {places.get(said['in'], said['in'])}"
    return Field(said["name"], kind, of, said["required"], said.get("description", ""))


def _answer(status: str, said: Schema) -> Answer:
    schemas = [one.get("schema", {}) for one in said.get("content", {}).values()]
    of = _kind(schemas[0])[1] if schemas else ""
    headers = [name for name in said.get("headers", {}) if not name.startswith("RateLimit")]
    return Answer(status, HTTPStatus(int(status)).phrase, of, headers)


def _fields(schema: Schema) -> list[Field]:
    needed = schema.get("required", [])
    found = []
    for name, one in schema.get("properties", {}).items():
        kind, of = _kind(one)
        found.append(Field(name, kind, of, name in needed, one.get("description", "")))
    return found


def _kind(schema: Schema) -> tuple[str, str]:
    """In words, and which thing it is."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return name, name
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        kinds = [_kind(one) for one in choices]
        of = next((of for _words, of in kinds if of), "")
        return _(" or ").join(words for words, _of in kinds), of
    if "enum" in schema:
        return _(" or ").join(json.dumps(one) for one in schema["enum"]), ""
    if schema.get("type") == "array":
        words, of = _kind(schema.get("items", {}))
        return _("list of %(what)s") % {"what": words}, of
    return schema.get("format") or schema.get("type") or _("anything"), ""


def _resolved(said: Schema, schema: Schema) -> Schema:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return said["components"]["schemas"].get(name, schema)


def _curl(
    said: Schema, method: str, path: str, details: Schema, body_type: str, body: Schema
) -> str:
    """A line for a shell, with variables where something has to be filled in."""
    parts = ["curl"]
    if method != "GET" and not (method == "POST" and body):
        parts.append(f"-X {method}")
    if details["security"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if any(one["name"] == "If-Match" for one in details["parameters"]):
        parts.append('-H "If-Match: $ETAG"')
    if body_type == "multipart/form-data":
        parts += [f'-F "{name}={value}"' for name, value in _form(body)]
    elif body:
        example = json.dumps(_example(said, body), ensure_ascii=False).replace("'", "’")
        parts += [f'-H "Content-Type: {body_type}"', f"-d '{example}'"]
    filled = re.sub(r"{(\w+)}", lambda found: "$" + found[1].upper(), path)
    asked = "&".join(
        f"{one['name']}=${one['name'].upper()}"
        for one in details["parameters"]
        if one["in"] == "query" and one["required"]
    )
    address = f"{settings.SITE_URL}{filled}" + (f"?{asked}" if asked else "")
    return " ".join([*parts, f'"{address}"'])


def _form(schema: Schema) -> Iterator[tuple[str, str]]:
    for name, one in schema.get("properties", {}).items():
        yield name, "@picture.png" if one.get("format") == "binary" else "…"


def _example(said: Schema, schema: Schema) -> Any:
    schema = _resolved(said, schema)
    if choices := schema.get("anyOf") or schema.get("allOf"):
        return _example(said, choices[0])
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return next(one for one in schema["enum"] if one != "")
    if schema.get("format") == "date":
        return "2026-12-01"
    if "enum" in schema.get("items", {}):
        return [_example(said, schema["items"])]
    if "properties" in schema:
        needed = schema.get("required") or list(schema["properties"])[:2]
        return {name: _example(said, schema["properties"][name]) for name in needed}
    kinds: Schema = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return kinds.get(schema.get("type", ""), "…")
