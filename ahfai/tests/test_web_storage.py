"""What a browser keeps for this site holds no words: only a server that answers can clear it."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.same_everywhere

SCRIPTS = sorted(Path(settings.BASE_DIR, "static", "js").glob("*.js"))
# Whoever adds one says what is in it.
KEPT = {
    ("shortcuts.js", "KEPT"): "that single keys are off",
    ("notify.js", "TITLES"): "that this browser may show titles of reminders",
    ("on-its-way.js", "MARK"): "the id and the version of a note that is being saved",
}


def test_only_these_are_put_into_web_storage():
    put = {
        (script.name, name)
        for script in SCRIPTS
        for name in re.findall(r"\b\w+Storage\.setItem\((\w+)", script.read_text())
    }
    assert put == KEPT.keys()


def test_nothing_else_that_lasts_is_written():
    lasting = r"\bindexedDB\b|\bcaches\.|\bdocument\.cookie\b|\bcookieStore\b|Storage\["
    for script in SCRIPTS:
        assert not re.search(lasting, script.read_text()), script.name
