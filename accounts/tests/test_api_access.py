"""Who may use the API, and what whoever may not is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, Scope, Session
from accounts.programs import api_access, tokens
from ahfai.models import RateCount
from notes import writing

ME = "/api/me"


@pytest.fixture
def text(owner) -> str:
    return tokens.make(owner, "script", ["notes:read"], 30)[1]


def ask(text: str, browser=None, scheme="Bearer", path=ME, **more):
    return (browser or Client()).get(path, headers={"Authorization": f"{scheme} {text}"}, **more)


def is_problem(answer, status: int) -> bool:
    said = answer.json()
    return (
        answer.status_code == said["status"] == status
        and answer["Content-Type"] == "application/problem+json"
        and len(said["detail"]) > 10
    )


def test_a_token_says_whose_it_is_without_a_session(owner, text):
    answer = ask(text)
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(owner.pk),
        "email": owner.email,
        "name": owner.name,
        "time_zone": owner.time_zone,
    }
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert not Session.objects.exists()
    assert ApiToken.objects.get().last_used


def test_a_signed_in_browser_needs_no_token(client, owner):
    assert client.get(ME).json()["email"] == owner.email


def test_what_a_browser_shows_to_a_proxy_in_front_is_not_taken_for_a_token(client, owner):
    assert ask("b2xpdmlhOnB3", client, scheme="Basic").json()["email"] == owner.email


@pytest.mark.parametrize("length", ["", "0"])
def test_what_needs_no_words_needs_no_type_of_them(client, owner, length):
    note = writing.create(owner, "Soup", "leek")
    sent = {"CONTENT_LENGTH": length, "CONTENT_TYPE": ""}
    assert client.generic("POST", f"/api/notes/{note.pk}/archive", **sent).status_code == 200
    as_a_form = {"CONTENT_TYPE": "text/plain"}
    refused = client.generic("POST", f"/api/notes/{note.pk}/trash", "x=1", **as_a_form)
    assert is_problem(refused, 415)


def test_nobody_is_told_how_to_come_in(nobody):
    answer = nobody.get(ME)
    assert is_problem(answer, 401)
    assert answer["WWW-Authenticate"] == "Bearer"


def test_what_does_not_work_is_always_answered_alike(owner, text, client):
    wrong = ask(tokens.PREFIX + "x" * 43)
    assert is_problem(wrong, 401)
    assert wrong["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    for odd in ("", "ahfai_", "\xff", "x" * 5000, text[:-1], text.upper()):
        assert ask(odd).json() == wrong.json()
    assert ask(text, scheme="Basic").json() == wrong.json()
    assert ask(text, scheme="bearer").status_code == 200
    # Not even who is signed in comes in with a wrong one.
    assert ask("wrong", client).status_code == 401
    now = timezone.now()
    ApiToken.objects.update(made=now - timedelta(days=2), expires=now - timedelta(seconds=1))
    assert ask(text).json() == wrong.json()
    ApiToken.objects.update(expires=now + timedelta(days=1))
    assert ask(text).status_code == 200
    owner.is_active = False
    owner.save()
    assert ask(text).json() == wrong.json()
    owner.is_active = True
    owner.save()
    ApiToken.objects.all().delete()
    assert ask(text).json() == wrong.json()


def test_who_tries_tokens_has_to_wait_and_others_do_not(text, monkeypatch):
    monkeypatch.setattr(api_access, "WRONG_PER_HOUR", 2)
    assert [ask("wrong").status_code for _try in range(3)] == [401, 401, 429]
    refused = ask("wrong")
    assert is_problem(refused, 429)
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert ask("wrong", REMOTE_ADDR="192.0.2.7").status_code == 401
    assert ask(text).status_code == 200


def test_one_person_asks_so_often_a_minute(text, client, monkeypatch):
    monkeypatch.setattr(api_access, "REQUESTS_PER_MINUTE", 2)
    assert [ask(text).status_code, client.get(ME).status_code] == [200, 200]
    refused = ask(text)
    assert is_problem(refused, 429)
    assert refused["RateLimit"].startswith('"requests";r=0;t=')
    RateCount.objects.all().delete()
    assert ask(text).status_code == 200


def test_each_answer_says_how_many_requests_are_left(text, nobody):
    answers = [ask(text), ask(text), ask(text, path="/api/no/such/thing")]
    for answer, left in zip(answers, ("299", "298", "297"), strict=True):
        assert answer["RateLimit"].startswith(f'"requests";r={left};t=')
        assert answer["RateLimit-Policy"] == '"requests";q=300;w=60, "wrong-tokens";q=60;w=3600'
    assert ask("wrong")["RateLimit"].startswith('"wrong-tokens";r=59;t=')
    assert "RateLimit-Policy" in nobody.get(ME)


def test_what_can_not_be_asked_for_in_that_way_says_how_it_can(text, client):
    refused = client.delete("/api/notes")
    assert is_problem(refused, 405)
    assert refused["Allow"] == "GET, HEAD, POST"
    headers = {"Authorization": f"Bearer {text}"}
    whole, head = ask(text), Client().head(ME, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == whole["Content-Length"]


def test_what_no_page_may_ask_for_is_refused_to_programs_in_json(client):
    assert is_problem(client.get(f"{ME}?a=%00"), 400)
    refused = client.post("/api/notes", headers={"Sec-Fetch-Site": "cross-site"})
    assert is_problem(refused, 403)


def test_a_token_that_lacks_what_is_asked_for_is_told_which(text, rf):
    request = rf.get("/", headers={"Authorization": f"Bearer {text}"})
    with pytest.raises(api_access.Refused) as refused:
        api_access.Allowed(Scope.NOTES_WRITE)(request)
    assert refused.value.status == 403
    assert 'scope="notes:write"' in refused.value.headers["WWW-Authenticate"]
    assert api_access.Allowed(Scope.NOTES_READ)(request)


def test_where_a_second_factor_is_needed_a_token_does_not_go_round_it(text, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    assert is_problem(ask(text), 403)


def test_behind_tls_a_token_is_neither_taken_nor_led_on_in_clear(text, settings):
    settings.IS_HTTPS = True
    answer = ask(text)
    assert is_problem(answer, 403)
    assert "Location" not in answer
    assert ask(text, secure=True).status_code == 200


def test_its_time_zone_is_over_with_the_request(owner, text):
    owner.time_zone = "Asia/Tokyo"
    owner.save()
    before = timezone.get_current_timezone_name()
    assert ask(text).json()["time_zone"] == "Asia/Tokyo"
    assert timezone.get_current_timezone_name() == before
