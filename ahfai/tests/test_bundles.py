"""Styles and scripts joined into few files: nothing is lost, and browsers keep them for good."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from ahfai import bundles
from ahfai.bundles import BUNDLES, bundle, join_modules

pytestmark = pytest.mark.same_everywhere
STATIC = Path(django_settings.BASE_DIR) / "static"


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_is_sent_compressed_and_kept_for_good(nobody, name):
    plain = nobody.get(bundle(name).address)
    packed = nobody.get(bundle(name).address, headers={"Accept-Encoding": "br, gzip"})
    assert plain.content == gzip.decompress(packed.content) == bundle(name).body
    assert len(packed.content) < len(plain.content) / 2
    for answer in (plain, packed):
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["Vary"] == "Accept-Encoding"
        kind = "css" if name.endswith(".css") else "javascript"
        assert answer["Content-Type"] == f"text/{kind}; charset=utf-8"
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert packed["Content-Encoding"] == "gzip"


def test_an_address_from_before_an_update_gives_the_new_file_and_is_not_kept(nobody):
    answer = nobody.get("/static/joined/0000000000000000/ahfai.css")
    assert answer.content == bundle("ahfai.css").body
    assert answer["Cache-Control"] == "public, no-cache"


def test_a_bundle_that_does_not_exist_is_not_found(nobody):
    assert nobody.get("/static/joined/0/nothing.js").status_code == 404


def test_a_changed_file_changes_the_address(settings, monkeypatch):
    settings.DEBUG = True
    before = bundle("house.js").address
    text = bundles._text
    monkeypatch.setattr(bundles, "_text", lambda part: text(part) + "\n")
    assert bundle("house.js").address != before


def test_each_style_is_in_the_one_sheet_and_each_script_is_used():
    styles = {f"css/{path.name}" for path in (STATIC / "css").iterdir()}
    assert styles - {*BUNDLES["ahfai.css"]} == {"css/styleguide.css", "css/manual.css"}
    pages = "".join(page.read_text() for page in Path("templates").rglob("*.html"))
    used = {part for parts in BUNDLES.values() for part in parts} | set(
        re.findall(r"'(js/[\w-]+\.js)'", pages)
    )
    assert {f"js/{path.name}" for path in (STATIC / "js").iterdir()} <= used


def test_modules_are_joined_with_scopes_of_their_own():
    first = "const hidden = 1;\nexport function shown() {\n  return hidden;\n}\n"
    second = 'import { shown } from "./first.js";\nconst hidden = shown();\nexport class Two {}\n'
    joined = join_modules([("first.js", first), ("second.js", second)])
    assert 'const { shown } = modules["first.js"];' in joined
    assert "return { shown };" in joined
    assert "return { Two };" in joined
    assert not re.search(r"^(import|export)", joined, re.MULTILINE)


@pytest.mark.parametrize(
    "text",
    [
        'import "./other.js";',
        'import all from "./other.js";',
        'import * as all from "./other.js";',
        'import { a as b } from "./other.js";',
        'const later = await import("./other.js");',
        "export default class {}",
        "export let changing = 1;",
        "export { a };",
        'import { a } from "./missing.js";',
    ],
)
def test_a_module_in_another_form_is_refused(text):
    with pytest.raises(ValueError, match=r"one\.js imports"):
        join_modules([("other.js", "export const a = 1;"), ("one.js", text)])
