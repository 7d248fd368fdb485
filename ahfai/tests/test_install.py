"""Phones and computers can put AhFai among their programs."""

import json
import re
import struct

import pytest
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.same_everywhere


def test_the_manifest_says_what_a_phone_asks_for(nobody):
    page = nobody.get("/account/sign-up/")
    address = re.search(r'rel="manifest" href="([^"]+)"', page.content.decode())[1]
    answer = nobody.get(address)
    assert answer["Content-Type"] == "application/manifest+json"
    said = json.loads(answer.getvalue())
    assert (said["name"], said["start_url"], said["display"]) == ("AhFai", "/", "standalone")
    assert {icon["purpose"] for icon in said["icons"]} == {"any", "maskable"}
    for icon in said["icons"]:
        if icon["type"] == "image/png":
            assert _size(icon["src"]) == icon["sizes"]


def test_each_icon_is_light():
    for name in ("app-192", "app-maskable", "app-touch"):
        with open(finders.find(f"icons/{name}.png"), "rb") as file:
            assert len(file.read()) < 25_000


def _size(name: str) -> str:
    """As the first block of a PNG says."""
    with open(finders.find(name), "rb") as file:
        return "{}x{}".format(*struct.unpack(">II", file.read(24)[16:]))
