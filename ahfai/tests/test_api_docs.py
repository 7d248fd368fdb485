"""The page about the API, for people."""

import pytest

from ahfai import api_docs

pytestmark = pytest.mark.same_everywhere


def test_everybody_reads_there_what_the_api_can_do_without_a_script(nobody):
    answer = nobody.get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in ("/api/notes/{note_id}", "notes:write", "If-Match", "Idempotency-Key", "429"):
        assert words in page
    assert 'href="#thing-WholeNote"' in page
    assert 'id="thing-WholeNote"' in page
    assert "as ?tag=" in page
    assert "<script" not in page
    assert "//cdn" not in page


def test_who_asks_at_the_root_is_led_there(nobody):
    assert nobody.get("/api/").url == "/api/docs"


def test_each_request_has_a_line_for_a_shell(nobody, settings):
    subjects = api_docs.subjects(nobody.get("/api/openapi.json").json())
    lines = {f"{one.method} {one.path}": one.curl for about in subjects for one in about.requests}
    site = settings.SITE_URL
    token = '-H "Authorization: Bearer $TOKEN"'
    assert lines["GET /api/me"] == f'curl {token} "{site}/api/me"'
    assert lines["PATCH /api/notes/{note_id}"] == (
        f'curl -X PATCH {token} -H "If-Match: $ETAG" -H "Content-Type: application/json" '
        f"""-d '{{"title": "…", "body": "…"}}' "{site}/api/notes/$NOTE_ID\""""
    )
    # Also what has to be asked with.
    assert lines["GET /api/search"] == f'curl {token} "{site}/api/search?q=$Q"'
    assert lines["GET /api/reminders/days"].endswith('/days?first=$FIRST&last=$LAST"')
    assert (
        """-d '{"to": "10m", "day": "2026-12-01"}'"""
        in (lines["POST /api/reminders/{reminder_id}/snooze"])
    )
    assert """-d '{"address": "…", "events": ["chat.created"]}'""" in lines["POST /api/webhooks"]
    assert lines["POST /api/reminders/{reminder_id}/complete"].startswith("curl -X POST ")


def test_what_comes_with_the_package_for_this_is_not_served(nobody):
    for path in ("/static/ninja/swagger-ui-bundle.js", "/static/ninja/redoc.standalone.js"):
        assert nobody.get(path).status_code == 404


def test_only_what_is_sent_says_which_fields_are_needed(nobody):
    things = {one.name: one for one in api_docs.things(nobody.get("/api/openapi.json").json())}
    assert [one.name for one in things["SignIn"].fields if one.is_needed] == ["email", "password"]
    assert not any(one.is_needed for one in things["WholeNote"].fields)
