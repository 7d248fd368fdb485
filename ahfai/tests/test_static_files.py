"""Scripts and styles: a browser never goes on with old ones after an update."""

import os
import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from ahfai import static_versions

pytestmark = pytest.mark.same_everywhere


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
    address = nobody.get("/favicon.ico").url
    assert re.fullmatch("/static/[0-9a-f]{16}/icons/mark.svg", address)
    assert kept(nobody, address) == "public, max-age=31536000, immutable"


def test_what_a_page_names_is_kept_for_good_and_so_is_what_that_names(nobody):
    address = staticfiles_storage.url("js/attach.js")
    beside = re.search(r'from "\./([\w-]+\.js)"', nobody.get(address).getvalue().decode())[1]
    for one in (address, address.replace("attach.js", beside)):
        assert kept(nobody, one) == "public, max-age=31536000, immutable"


def test_a_changed_file_changes_the_addresses(script):
    before = static_versions.version.__wrapped__()
    assert static_versions.version.__wrapped__() == before
    script.write_text("new")
    assert static_versions.version.__wrapped__() != before


def test_a_page_from_before_an_update_gets_the_new_file_and_doesnt_keep_it(nobody):
    assert kept(nobody, "/static/0000000000000000/icons/mark.svg") == "public, no-cache"


@pytest.mark.parametrize("name", ["icons/mark.svg", "joined/{}/ahfai.css"])
def test_who_wants_one_version_alone_is_told_that_it_isnt_here(nobody, name):
    path = "/static/" + (name if "{}" in name else "{}/" + name).format("0" * 16)
    answer = nobody.get(path, headers={"X-Only-This-Version": "yes"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_what_isnt_there_is_not_found_under_any_version(nobody):
    assert nobody.get(staticfiles_storage.url("js/nothing.js")).status_code == 404


def kept(server: Client, address: str) -> str:
    answer = server.get(address)
    answer.close()
    assert answer.status_code == 200
    return answer.headers["Cache-Control"]
