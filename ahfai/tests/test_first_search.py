"""The first search after a start, while the person's words are still being read."""

import os
import subprocess
import sys
import threading

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from ahfai import search
from ahfai.tests.house import House
from ahfai.tests.tables import ROOT
from ahfai.tests.test_browser import chromium, new_page, pytestmark, sign_up
from ahfai.textindex import part
from chats.models import Chat, Message
from chats.tests.conftest import wait_until

__all__ = ["chromium", "pytestmark"]

# Few rows, but much to read: letters that few languages have are cut one by one.
MANY_WORDS = """
from accounts.models import User
from chats.models import Chat, Message

words = " ".join(f"ż{number}" for number in range(30_000))
texts = ["The Walrus", *[" ".join([words] * 20)] * 6, "The carpenter"]
for person in User.objects.all():
    for number, text in enumerate(texts):
        chat = Chat.objects.create(owner=person, title="A talk", model="m", change_number=number)
        Message.objects.create(
            owner=person, chat=chat, role="user", content=text, change_number=number
        )
"""


def test_the_page_says_that_words_are_being_read_and_then_shows_what_was_found(chromium):
    with House() as house:
        pages = {
            email: new_page(chromium, house, java_script_enabled=has_scripts)
            for email, has_scripts in (("ada@example.org", True), ("noscript@example.org", False))
        }
        for email, page in pages.items():
            sign_up(page, email)
        subprocess.run(
            [sys.executable, "manage.py", "shell", "-v0", "-c", MANY_WORDS],
            cwd=ROOT,
            env=os.environ | house.environment,
            check=True,
        )
        for page in pages.values():
            first = page.goto("/search?q=walrus")
            address = page.url
            assert "reads your words" in first.text()
            expect(page.locator("mark")).to_have_text("Walrus", timeout=60_000)
            expect(page.locator("#results")).not_to_contain_text("reads your words")
            expect(page.locator("#results")).not_to_contain_text("newest words")
            assert page.url == address
            assert page.faults == []
            page.context.close()


@pytest.mark.django_db(transaction=True)
def test_whoever_opens_the_search_finds_their_words_read_when_they_have_typed(
    owner, client, monkeypatch
):
    search.forget()
    chat = Chat.objects.create(owner=owner, title="Heating", model="m", change_number=1)
    client.get(reverse("search"))
    for thread in threading.enumerate():
        if thread.name == "search-index":
            thread.join()
    monkeypatch.setattr(search, "_fill_beside", None)
    assert chat.get_absolute_url() in client.get(reverse("search"), {"q": "heat"}).content.decode()
    search.forget()


@pytest.mark.django_db(transaction=True)
def test_what_is_new_is_found_before_all_is_read(owner, client, monkeypatch):
    """The page shows it, says that it isn't all, and has it all at the end."""
    monkeypatch.setattr(part, "DOCUMENTS_AT_ONCE", 2)
    monkeypatch.setattr(search, "PATIENCE_S", 0.05)
    search.forget()
    chat = Chat.objects.create(owner=owner, title="Heating", model="m")
    for number in range(6):
        Message.objects.create(
            owner=owner, chat=chat, role="user", content=f"boiler {number}", change_number=number
        )
    go_on, write = threading.Event(), part.Part.add

    def slowly(part, some):
        if any("boiler 2" in one.body for one in some):
            assert go_on.wait(20)
        write(part, some)

    monkeypatch.setattr(part.Part, "add", slowly)
    address = reverse("search") + "?q=boiler"
    wait_until(lambda: "newest words" in client.get(address).content.decode())
    partly = client.get(address).content.decode()
    assert [f"</mark> {number}" in partly for number in range(6)] == [False] * 3 + [True] * 3
    go_on.set()
    wait_until(lambda: "newest words" not in client.get(address).content.decode())
    assert client.get(address).content.decode().count('class="where"') == 6
    search.forget()
