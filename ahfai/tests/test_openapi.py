"""What the API can do, for programs to read."""

import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from ninja import Schema

from accounts.models import Scope
from accounts.programs.api_access import Allowed, OpenToAll
from accounts.tests.programs import Program
from ahfai import openapi
from ahfai.api import api
from notes import order, pages, writing

pytestmark = pytest.mark.same_everywhere


@pytest.fixture(scope="module")
def said() -> dict:
    return openapi.written(api)


def test_everybody_reads_there_what_the_api_can_do(nobody):
    answer = nobody.get("/api/openapi.json")
    assert answer.status_code == 200
    said = answer.json()
    assert said["openapi"].startswith("3.1")
    assert said["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {"/api/me", "/api/notes", "/api/reminders", "/api/tags"} < {*said["paths"]}
    assert {*said["paths"]["/api/notes/{note_id}"]} == {"get", "patch", "delete"}
    assert "NewWords" in said["components"]["schemas"]
    # Loading it takes two seconds, which those who run other tests needn't wait.
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

    assert [*OPENAPI_31_VALIDATOR.iter_errors(said)] == []


def test_it_says_what_may_go_wrong_and_which_headers_there_are(said):
    change = said["paths"]["/api/notes/{note_id}"]["patch"]
    assert {*change["responses"]} >= {"200", "401", "403", "404", "412", "415", "422", "428", "429"}
    [version] = [one for one in change["parameters"] if one["name"] == "If-Match"]
    assert version["required"]
    assert "ETag" in change["responses"]["200"]["headers"]
    assert change["security"] == [{"token": ["notes:write"]}, {"browser": []}]
    create = said["paths"]["/api/notes"]["post"]
    assert "Location" in create["responses"]["201"]["headers"]
    assert "Idempotency-Key" in [one["name"] for one in create["parameters"]]
    assert "507" in create["responses"]
    problem = create["responses"]["422"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/Problem"}
    read = said["paths"]["/api/notes/{note_id}"]["get"]
    assert not {"304", "412", "428", "507"} & {*read["responses"]}
    for path in ("/api/reminders/{reminder_id}", "/api/chats/{chat_id}"):
        assert "ETag" in said["paths"][path]["get"]["responses"]["200"]["headers"]
        assert "304" not in said["paths"][path]["get"]["responses"]
    listed = said["paths"]["/api/notes"]["get"]
    assert {"ETag", "Link"} <= {*listed["responses"]["200"]["headers"]}
    assert "304" in listed["responses"]
    assert "If-None-Match" in [one["name"] for one in listed["parameters"]]


def test_it_says_how_a_reply_streams_and_goes_on(said):
    def headers(path, method):
        asked = said["paths"][path][method].get("parameters", [])
        return {one["name"] for one in asked if one["in"] == "header"}

    for path in ("/api/chats", "/api/messages/{message_id}/retry", "/api/chats/temporary"):
        streamed = said["paths"][path]["post"]["responses"]["200"]
        assert [*streamed["content"]] == ["text/event-stream"]
    assert "Last-Event-ID" in headers("/api/messages/{message_id}/stream", "get")
    assert "Range" in headers("/api/notes/{note_id}/files/{file_id}", "get")
    assert headers("/api/chats/temporary", "post") == set()


def test_the_documents_say_what_each_refusal_means(said):
    text = Path(settings.BASE_DIR, "docs/api.md").read_text()
    rows = re.findall(r"^\| ([0-9, ]+) \|", text, re.MULTILINE)
    told = {status for row in rows for status in row.split(", ")}
    operations = [one for methods in said["paths"].values() for one in methods.values()]
    assert {status for one in operations for status in one["responses"] if status >= "4"} <= told


def test_each_body_refuses_members_that_it_doesnt_know(said):
    schemas = said["components"]["schemas"]
    for path, methods in said["paths"].items():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            for schema in content.get("application/json", {}).values():
                kinds = [one for one in schema.get("anyOf", [schema]) if "$ref" in one]
                for kind in kinds:
                    body = schemas[kind["$ref"].rsplit("/", 1)[-1]]
                    assert body["additionalProperties"] is False, path
                assert kinds


def test_what_a_change_leaves_out_has_no_default_that_programs_made_from_it_would_send(said):
    schemas = said["components"]["schemas"]
    for name in ("ChangedChat", "ChangedList", "ChangedProfile", "ChangedWords", "Fields", "Said"):
        assert not [one for one in schemas[name]["properties"].values() if "default" in one]
        assert not schemas[name].get("required")
    for name, schema in schemas.items():
        for member, one in schema.get("properties", {}).items():
            # Whatever is sent has to be one of the choices.
            if {"default", "enum"} <= one.keys():
                assert one["default"] in one["enum"], (name, member)


def test_each_name_stands_for_one_thing():
    ours = [one for one in _below(Schema) if one.__name__ != "NinjaResponseSchema"]
    assert len(ours) > 50
    assert [
        name for name, times in Counter(one.__name__ for one in ours).items() if times > 1
    ] == []


def _below(kind: type) -> set[type]:
    return {kind}.union(*(_below(one) for one in kind.__subclasses__()))


def test_it_says_what_may_be_chosen(said):
    schemas = said["components"]["schemas"]
    for name, member, value in (
        ("NewList", "colour", "jade"),
        ("PutOff", "to", "10m"),
        ("ChangedProfile", "theme", "dark"),
        ("ChangedChat", "uses_notes", "useful"),
        ("Fields", "priority", 3),
    ):
        assert value in schemas[name]["properties"][member]["enum"]
    assert "note.created" in schemas["NewWebhook"]["properties"]["events"]["items"]["enum"]


def test_each_operation_has_a_name_of_its_own_and_asks_who_it_is(said):
    names = [one["operationId"] for methods in said["paths"].values() for one in methods.values()]
    assert len(names) == len({*names})
    open_to_all = set()
    for operation in openapi.operations(api):
        [rule] = operation.auth_callbacks
        if isinstance(rule, OpenToAll):
            assert len(rule.reason) > 10
            open_to_all.add(operation.view_func.__name__)
        else:
            assert isinstance(rule, Allowed)
            # Any token may ask whose it is; the search looks at each kind's scope by itself.
            assert rule.scope or operation.view_func.__name__ in ("me", "search", "nothing")
    # Whoever opens another one to all adds it here.
    assert open_to_all == {"sign_in", "refresh", "revoke"}


def test_a_page_that_no_list_has_is_refused_and_not_read_from_the_beginning(said, owner):
    program = Program(owner, *Scope)
    lists = [
        path
        for path, methods in said["paths"].items()
        for one in methods.get("get", {}).get("parameters", [])
        if one["name"] == "after" and one["schema"].get("type") == "string"
    ]
    assert len(lists) >= 11
    for path in lists:
        answer = program.get(f"{path}?after=20260101")
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["field"] == "after"
        assert program.get(f"{path}?after=").status_code == 200


def test_a_list_says_where_it_goes_on_and_whether_it_is_still_the_same(owner, monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 1)
    program = Program(owner, *Scope)
    for title in ("Elm", "Oak"):
        order.set_tags(writing.create(owner, title, ""), ["a"])
    path = "/api/notes?sort=created&tag=a"
    first = program.get(path)
    address = re.fullmatch('<(.+)>; rel="next"', first["Link"])[1]
    assert address == f"{path}&after={first.json()['next']}"
    last = program.get(address)
    assert [one["title"] for one in last.json()["notes"]] == ["Elm"]
    assert "Link" not in last
    for ask in (program.get, partial(program.ask, "HEAD")):
        same = ask(path, If_None_Match=f'"x", {first["ETag"]}')
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
        assert {"Link", "RateLimit"} <= {*same.headers}
    assert program.get(address, If_None_Match=first["ETag"]).status_code == 200


def test_a_request_for_another_host_is_a_problem_for_programs_and_a_page_for_people(nobody):
    elsewhere = {"Host": "elsewhere.example"}
    program = nobody.get("/api/me", headers=elsewhere)
    assert (program.status_code, program["Content-Type"]) == (400, "application/problem+json")
    person = nobody.get("/notes/", headers=elsewhere)
    assert person.status_code == 400
    assert "That didn't make sense" in person.text.replace("&#x27;", "'")
