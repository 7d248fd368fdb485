"""Scripts and styles: a browser never goes on with old ones after an update."""

import os

import pytest
from django.test import Client


@pytest.fixture
def script(settings, tmp_path):
    settings.STATICFILES_DIRS = [tmp_path]
    settings.STATIC_ROOT = None
    script = tmp_path / "composer.js"
    script.write_text("old")
    os.utime(script, (1_700_000_000, 1_700_000_000))
    return script


def asked(server: Client, known: str = "") -> tuple[int, bytes, str]:
    """Status, body and ETag for a browser that has the version `known`."""
    headers = {"If-None-Match": known} if known else {}
    answer = server.get("/static/composer.js", headers=headers)
    assert answer.headers["Cache-Control"] == "max-age=0, public"
    return answer.status_code, answer.getvalue(), answer.headers["ETag"]


def test_a_browser_asks_each_time_and_is_told_that_nothing_changed(script):
    server = Client()
    status, body, version = asked(server)
    assert (status, body) == (200, b"old")
    assert asked(server, version) == (304, b"", version)


def test_a_reload_after_an_update_brings_the_new_file(script):
    _, _, version = asked(Client())
    script.write_text("new")
    # A client of its own loads the application anew, as the start after an update does.
    status, body, _ = asked(Client(), version)
    assert (status, body) == (200, b"new")


def test_the_icon_is_there_for_browsers_that_guess_its_address(nobody):
    assert nobody.get("/favicon.ico").url == "/static/icons/mark.svg"
