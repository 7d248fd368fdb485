"""Where somebody without a session is led, and where the way goes on from there."""

from urllib.parse import parse_qs, urlsplit

import pytest

from ahfai.testing import PASSWORD

pytestmark = pytest.mark.same_everywhere
OURS = "http://testserver"


def _next(address: str) -> str:
    assert address.startswith("/account/sign-in/?")
    return parse_qs(urlsplit(address).query)["next"][0]


def test_a_page_is_opened_after_the_sign_in(nobody):
    assert _next(nobody.get("/chats/?page=2").url) == "/chats/?page=2"


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        (f"{OURS}/chats/", "/chats/"),
        (f"{OURS}/chats/?page=2#end", "/chats/?page=2"),
        (OURS, "/"),
        ("", "/"),
        ("https://elsewhere.example/chats/", "/"),
        ("javascript:alert(1)", "/"),
        ("http://[", "/"),
    ],
)
def test_after_a_form_the_way_leads_to_the_page_it_was_on(nobody, referer, page):
    answer = nobody.post("/chats/start", {"text": "Hello"}, headers={"Referer": referer})
    assert _next(answer.url) == page


def test_signing_in_after_a_form_opens_a_page(owner, nobody):
    door = nobody.post("/chats/start", {"text": "Hello"}).url
    answer = nobody.post(door, {"login": owner.email, "password": PASSWORD}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == "/"


@pytest.mark.parametrize(
    ("current", "page"),
    [
        (f"{OURS}/chats/?page=2", "/chats/?page=2"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/chats/", "/"),
        ("", "/"),
    ],
)
def test_what_is_sent_from_a_piece_of_a_page_takes_the_whole_page_to_the_sign_in(
    nobody, current, page
):
    headers = {"HX-Request": "true", "HX-Current-URL": current}
    answer = nobody.post("/model/status", headers=headers)
    assert answer.status_code == 401
    assert not answer.content
    assert _next(answer.headers["HX-Redirect"]) == page


def test_a_piece_that_asks_by_itself_leaves_the_page_where_somebody_may_be_writing(nobody):
    answer = nobody.get("/model/status", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert not answer.content
    assert "HX-Redirect" not in answer.headers


def test_whoever_is_signed_in_gets_the_piece(client):
    answer = client.get("/model/status", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "HX-Redirect" not in answer.headers
