"""The first search after a start, while the person's words are still being read."""

import os
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from ahfai.tests.house import ROOT, House
from ahfai.tests.test_browser import chromium, new_page, pytestmark, sign_up

__all__ = ["chromium", "pytestmark"]

# Few rows, but much to read: 40 MB take seconds.
MANY_WORDS = """
from accounts.models import User
from chats.models import Chat, Message

ada = User.objects.get(email="ada@example.org")
words = " ".join(f"w{number}" for number in range(30_000))
texts = [*[" ".join([words] * 20)] * 10, "The Walrus and the carpenter"]
for text in texts:
    chat = Chat.objects.create(owner=ada, title="A talk", model="m")
    Message.objects.create(owner=ada, chat=chat, role="user", content=text)
"""


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_page_says_that_words_are_being_read_and_then_shows_what_was_found(
    chromium, has_scripts
):
    with House() as house:
        page = new_page(chromium, house, java_script_enabled=has_scripts)
        sign_up(page, "ada@example.org")
        subprocess.run(
            [sys.executable, "manage.py", "shell", "-v0", "-c", MANY_WORDS],
            cwd=ROOT,
            env=os.environ | house.environment,
            check=True,
        )
        page.goto("/search?q=walrus")
        address = page.url
        expect(page.locator("#results")).to_contain_text("reads your words")
        expect(page.locator("mark")).to_have_text("Walrus", timeout=60_000)
        expect(page.locator("#results")).not_to_contain_text("reads your words")
        assert page.url == address
        assert page.faults == []
        page.context.close()
