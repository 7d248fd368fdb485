"""Front ends on other origins: those that the settings name may use the API with tokens."""

import pytest
from django.test import Client

from accounts.tests.programs import Program
from ahfai.testing import PASSWORD, signed_in

pytestmark = pytest.mark.same_everywhere

ORIGIN, OTHER = "https://app.example", "https://evil.example"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def front_end(settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def preflight(path: str, origin: str):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,if-match",
    }
    return Client().options(path, headers=headers)


def foreign(origin: str = ORIGIN) -> dict[str, str]:
    return {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}


def test_a_browser_is_told_what_its_page_may_ask(owner):
    answer = preflight("/api/notes", ORIGIN)
    assert answer.status_code == 200
    assert answer[ALLOWED] == ORIGIN
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
    assert {"authorization", "if-match", "idempotency-key"} <= {
        *answer["Access-Control-Allow-Headers"].split(", ")
    }
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/api/notes", OTHER),
        ("/api/notes", "null"),
        ("/api/notes", f"{ORIGIN}.evil.example"),
        ("/api/notes", "http://app.example"),
        ("/notes/", ORIGIN),
        ("/account/sign-in/", ORIGIN),
    ],
)
def test_no_other_origin_and_no_page_is_opened(owner, path, origin):
    assert ALLOWED not in preflight(path, origin)
    assert ALLOWED not in signed_in(owner).get(path, headers=foreign(origin))


def test_a_page_there_reads_and_writes_with_a_token(owner):
    program = Program(owner, "notes:read", "notes:write")
    program.headers |= foreign()
    made = program.post("/api/notes", {"title": "Soup"})
    assert made.status_code == 201
    assert made[ALLOWED] == ORIGIN
    exposed = made["Access-Control-Expose-Headers"]
    for name in ("etag", "location", "ratelimit", "retry-after"):
        assert name in exposed
    # Also what is refused can be read there.
    program.headers["Authorization"] = "Bearer wrong"
    assert program.get("/api/notes")[ALLOWED] == ORIGIN


def test_people_sign_in_there(owner):
    sent = {"email": owner.email, "password": PASSWORD}
    answer = Client().post("/api/token", sent, "application/json", headers=foreign())
    assert answer.status_code == 200
    assert answer[ALLOWED] == ORIGIN
    refused = Client().post("/api/token", sent, "application/json", headers=foreign(OTHER))
    assert refused.status_code == 403


def test_a_cookie_changes_nothing_from_there(owner, client):
    answer = client.post("/api/notes", {"title": "x"}, "application/json", headers=foreign())
    assert answer.status_code == 403
    assert client.post("/notes/new", headers=foreign()).status_code == 403
    program = Program(owner, "notes:write")
    program.headers |= foreign(OTHER)
    assert program.post("/api/notes", {"title": "x"}).status_code == 403
    program.headers |= foreign()
    assert program.post("/notes/new").status_code == 403


def test_where_the_settings_name_none_there_is_none(owner, settings):
    settings.CORS_ALLOWED_ORIGINS = []
    assert ALLOWED not in preflight("/api/notes", ORIGIN)
