"""What each answer tells the browser to refuse."""

import pytest
from django.test import Client

PAGES = ("/", "/notes/", "/chats/", "/reminders/", "/you/settings/", "/search", "/no/such/page")


@pytest.mark.same_everywhere
@pytest.mark.parametrize("path", PAGES)
def test_a_private_page_may_do_little_and_is_kept_nowhere(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in headers


def test_so_may_the_sign_in_page(nobody):
    headers = nobody.get("/account/sign-in/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.same_everywhere
@pytest.mark.parametrize(
    "path", ["/static/icons/mark.svg", "/static/joined/0/ahfai.css", "/health"]
)
def test_so_may_what_pages_are_made_of(nobody, path):
    answer = nobody.get(path)
    answer.close()
    headers = answer.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert headers["Content-Type"] == "image/svg+xml" or "charset=utf-8" in headers["Content-Type"]


def test_so_may_what_is_refused_or_led_on_before_any_page(settings, db):
    refused = Client().post("/notes/", headers={"Sec-Fetch-Site": "cross-site"})
    settings.SECURE_SSL_REDIRECT = True
    led_on = Client().get("/notes/")
    assert (refused.status_code, led_on.status_code) == (403, 301)
    for answer in (refused, led_on):
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/notes/?tag=%00", "/search?q=a%00b", "/chats/a%00b/", "/%00"])
def test_an_address_with_what_no_text_holds_is_refused(client, path):
    answer = client.get(path)
    assert answer.status_code == 400
    assert "That didn't make sense" in answer.content.decode()


def test_signing_out_clears_what_the_browser_kept(client):
    assert client.post("/account/sign-out/")["Clear-Site-Data"] == '"cache", "storage"'


def test_each_answer_has_a_number_of_its_own(client):
    numbers = {client.get("/notes/")["X-Request-ID"] for _ in range(3)}
    assert len(numbers) == 3


def test_the_number_of_a_trusted_proxy_is_taken(client, settings):
    said = {"HTTP_X_REQUEST_ID": "from-the-proxy-7"}
    assert client.get("/notes/", **said)["X-Request-ID"] != "from-the-proxy-7"
    settings.TRUSTED_PROXIES = 1
    assert client.get("/notes/", **said)["X-Request-ID"] == "from-the-proxy-7"
    strange = {"HTTP_X_REQUEST_ID": 'x" onload="1'}
    assert client.get("/notes/", **strange)["X-Request-ID"] != strange["HTTP_X_REQUEST_ID"]


def test_behind_tls_browsers_are_told_to_stay_with_it(settings, owner):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    answer = Client().get("/account/sign-in/", secure=True)
    sent = answer["Strict-Transport-Security"]
    assert sent == "max-age=31536000; includeSubDomains; preload"


def test_behind_tls_the_sentence_for_the_next_page_is_bound_to_the_host(client, settings):
    settings.IS_HTTPS = settings.SESSION_COOKIE_SECURE = True
    said = {"name": "Olivia", "theme": "dark", "time_zone": "UTC"}
    client.post("/you/settings/", said, secure=True)
    cookie = client.cookies["__Host-messages"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert "Your settings are saved." in client.get("/you/settings/", secure=True).content.decode()


def test_under_a_name_that_is_not_ours_nothing_is_answered(client):
    """Nor where another site's name leads to this machine (DNS rebinding)."""
    answer = client.get("/notes/", headers={"host": "rebound.example"})
    assert answer.status_code == 400
    assert "Olivia" not in answer.content.decode()


def test_nothing_that_was_sent_is_echoed(nobody):
    answer = nobody.trace("/account/sign-in/", headers={"X-Token": "sent-along"})
    assert answer.status_code == 405
    assert b"sent-along" not in answer.content


def test_a_folder_is_not_listed(nobody):
    for path in ("/static/", "/static/js/"):
        assert nobody.get(path).status_code == 404
