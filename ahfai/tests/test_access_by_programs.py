"""Every request that the API describes, tried by programs of others and by those that may not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Scope
from accounts.programs import jwts, tokens
from ahfai import openapi
from ahfai.api import api
from ahfai.testing import make_person
from ahfai.tests.test_access_matrix import CANARY, things_of

pytestmark = pytest.mark.same_everywhere
ALL = list(Scope)
JSON, FORM = "application/json", "multipart/form-data; boundary=x"
BODIES = {JSON: "{}", FORM: "--x--\r\n"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    scopes: list[str]
    takes: str

    def by(self, token: str, things: dict):
        path = re.sub(r"{(\w+)}", lambda found: str(things[found[1]]), self.path)
        headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
        # None of them does anything for the next one.
        before = transaction.savepoint()
        answer = Client().generic(
            self.method, path, BODIES[self.takes], self.takes, headers=headers
        )
        transaction.savepoint_rollback(before)
        return answer

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _described() -> Iterator[Request]:
    for path, methods in openapi.written(api)["paths"].items():
        for method, details in methods.items():
            if details["security"]:
                takes = next(iter(details.get("requestBody", {}).get("content", [JSON])))
                kind = FORM if takes == "multipart/form-data" else takes
                yield Request(method.upper(), path, details["security"][0]["token"], kind)


REQUESTS = list(_described())


@pytest.fixture
def things(owner) -> dict:
    return things_of(owner)


def token_of(person, scopes) -> str:
    return tokens.make(person, "p", scopes, 30)[1]


def by_session(person, rf) -> str:
    return jwts.begin(person, rf.get("/")).access


def test_a_token_without_the_scope_is_refused_before_anything_is_looked_at(owner, things):
    wrong = {}
    without = {scope: token_of(owner, {*ALL} - {scope}) for scope in ALL}
    for request in REQUESTS:
        for scope in request.scopes:
            answer = request.by(without[Scope(scope)], things)
            if (answer.status_code, scope in answer.get("WWW-Authenticate", "")) != (403, True):
                wrong[str(request)] = answer.status_code
    assert wrong == {}
    # Any token may ask whose it is; the search looks at the scope of each kind by itself.
    assert {str(one) for one in REQUESTS if not one.scopes} <= {"GET /api/me", "GET /api/search"}


def test_after_the_session_has_ended_its_token_opens_nothing(owner, things, rf):
    access = by_session(owner, rf)
    owner.sessions.filter(refresh__isnull=False).delete()
    answers = {request.by(access, things).status_code for request in REQUESTS}
    assert answers == {401}


@pytest.mark.parametrize("who", ["a stranger with every scope", "staff"])
def test_nobody_elses_program_finds_anything_of_the_owners(owner, stranger, things, rf, who):
    if who == "staff":
        token = by_session(make_person(is_staff=True), rf)
    else:
        token = token_of(stranger, ALL)
    wrong = {}
    for request in REQUESTS:
        answer = request.by(token, things)
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content
        # What lacks something isn't looked up.
        nothing = "{" not in request.path or answer.status_code in (404, 422)
        if answer.status_code >= 500 or CANARY in said.decode() or not nothing:
            wrong[str(request)] = answer.status_code
    assert wrong == {}
