"""The search page: what is found, for whom, and that it keeps up with every change."""

import re
from html import escape, unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ahfai import search
from ahfai.tests.test_access_matrix import CANARY
from ahfai.worker import Worker
from chats import pages
from chats.lifecycle import closing, storing
from chats.models import Chat, Message, State
from chats.tests.conftest import wait_until
from chats.tests.test_reply_life import closed_reply, reply_of, start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def fresh_indexes():
    search.forget()
    yield
    search.forget()


def ask(owner, *texts: str) -> Chat:
    chat = storing.start(owner, texts[0], "m", None)[0].chat
    closing.close(reply_of(chat), State.DONE)
    for text in texts[1:]:
        closing.close(storing.ask(chat, text, "m", None)[0], State.DONE)
    return chat


def found(client, text: str) -> str:
    """The list of the page, once the index is there."""

    def read() -> bool:
        answer = client.get(reverse("search"), {"q": text})
        assert answer.status_code == 200
        page = answer.content.decode()
        read.page = page[page.index('id="results"') : page.index("</main>")]
        return 'class="waiting"' not in read.page

    wait_until(read)
    return read.page


def test_a_word_in_a_message_leads_to_it_with_the_word_marked(client, owner):
    chat = ask(owner, "About the house", "The boiler in the cellar leaks, says Zoë")
    page = found(client, "BOIL zoe")
    message = next(one for one in chat.messages.all() if "boiler" in one.content)
    address = f"{chat.get_absolute_url()}?at={message.pk}&q=BOIL+zoe#message-{message.pk}"
    assert escape(address) in page
    assert "<mark>boiler</mark>" in page
    assert "<mark>Zoë</mark>" in page
    opened = client.get(address).content.decode()
    assert f'id="message-{message.pk}"' in opened
    assert "The <mark>boiler</mark> in the cellar leaks, says <mark>Zoë</mark></div>" in opened


def test_the_words_are_marked_in_an_answer_too_and_only_in_what_was_found(client, owner):
    chat = ask(owner, "Boilers?")
    reply = reply_of(chat)
    reply.content = "A **boiler** heats"
    reply.save(update_fields=["content"])
    opened = client.get(f"{chat.get_absolute_url()}?at={reply.pk}&q=boiler").content.decode()
    assert "A <strong><mark>boiler</mark></strong> heats" in opened
    assert opened.count("<mark>") == 1


def test_places_are_shown_without_the_marks_of_markdown(client, owner):
    table = "| a | b |\n|---|:-:|"
    ask(owner, f"# The *old* **boiler**\n\n> `hums` 2*3 at C# 5\n\n{table}\n\nsnake_case")
    page = found(client, "boil")
    where = page[page.rindex('class="where"') :]
    where = where[: where.index("</a>")]
    assert "The old <mark>boiler</mark>" in where
    assert "\n\nhums 2*3 at C# 5\n" in where
    assert "---" not in where
    assert "snake_case" in where


def test_a_chat_found_by_its_title_has_the_words_marked_there_beside_its_newest(client, owner):
    chat = ask(owner, "What does a boiler cost?")
    reply = reply_of(chat)
    reply.content = "Too <much>"
    reply.save(update_fields=["content"])
    closing.close(storing.try_again(reply, "m")[0], State.FAILED)
    chat.rename("The boiler & I")
    page = found(client, "BOIL -cost")
    address = f"{chat.get_absolute_url()}?q=BOIL+-cost#main"
    assert f'href="{address}"' in page
    assert "The <mark>boiler</mark> &amp; I</strong> <small>title of a chat" in page
    assert "title of a chat" not in found(client, "much")
    assert "title of a chat" not in found(client, "in:chats")
    assert ">Too &lt;much&gt;</span>" in page
    opened = client.get(address).content.decode()
    assert re.search('<h1 id="title".*>The <mark>boiler</mark> &amp; I</h1>', opened)
    assert "What does a <mark>boiler</mark> cost?" in opened


def test_words_are_marked_on_the_whole_page_where_no_place_is_named(client, owner):
    chat = ask(owner, *(f"Boiler {number}" for number in range(pages.MOST)))
    reply = reply_of(chat)
    reply.content = "A *boiler*"
    reply.save(update_fields=["content"])
    for at in ("", f"&at={chat.pk}", "&at=x"):
        opened = client.get(f"{chat.get_absolute_url()}?q=boiler{at}").content.decode()
        assert f"<mark>Boiler</mark> {pages.MOST - 1}</div>" in opened
        assert "<em><mark>boiler</mark></em>" in opened
    more = re.search(r'href="(\?[^"]*before=[^"]*)"', opened)[1]
    earlier = client.get(chat.get_absolute_url() + unescape(more)).content.decode()
    assert "<mark>Boiler</mark> 1</div>" in earlier
    assert "<mark>" not in client.get(chat.get_absolute_url()).content.decode()


def test_it_keeps_up_with_new_words_titles_and_deletions(client, owner):
    chat = ask(owner, "First question")
    assert "Nothing found" in found(client, "zanzibar")
    closing.close(storing.ask(chat, "Where is Zanzibar?", "m", None)[0], State.DONE)
    assert "Zanzibar" in found(client, "zanzibar")
    client.post(reverse("chats:rename", args=[chat.pk]), {"title": "Ptarmigans"})
    assert "Ptarmigans" in found(client, "ptarmigan")
    assert "Nothing found" in found(client, "first -question")
    client.post(reverse("chats:delete", args=[chat.pk]))
    assert "Nothing found" in found(client, "zanzibar")
    with search._indexes.of(owner.pk) as index:
        assert len(index) == 0


def test_an_answer_is_found_while_it_grows_and_when_it_is_done(client, owner, ollama):
    assert "Nothing found" in found(client, "lighthouse")
    ollama.play("story")
    closed_reply(start(client, "Tell me something"), 30)
    assert "<mark>lighthouse</mark>" in found(client, "lighthouse")


def test_a_deleted_version_is_forgotten(client, owner):
    chat = ask(owner, "Old words")
    old = chat.messages.get(role="user")
    closing.close(storing.edit(old, "New wording", "m", None)[0], State.DONE)
    page = found(client, "old")
    assert f"?at={old.pk}" in page
    assert (
        "earlier version" in client.get(f"{chat.get_absolute_url()}?at={old.pk}").content.decode()
    )
    client.post(reverse("chats:delete_version", args=[old.pk]))
    assert f"?at={old.pk}" not in found(client, "old")


def test_what_is_in_the_trash_is_not_found_until_it_is_back(client, owner):
    chat = ask(owner, "Find me")
    where = {"chat": chat.pk, "back_to": "list"}
    client.post(reverse("chats:move"), {"to": "trash", **where})
    assert "Nothing found" in found(client, "find")
    client.post(reverse("chats:move"), {"to": "restore", **where})
    assert "Find" in found(client, "find")


def test_nobody_finds_anothers_words(strangers_client, owner):
    ask(owner, CANARY)
    assert "Nothing found" in found(strangers_client, "canary")


def test_twice_as_many_chats_and_finds_need_no_more_queries(client, owner):
    counts = []
    for _ in range(2):
        for _ in range(3):
            ask(owner, "The boiler leaks", "Which boiler?")
        assert found(client, "boiler").count("<li>") == 9 * (len(counts) + 1)
        with CaptureQueriesContext(connection) as queries:
            found(client, "boiler")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("text", ["-boiler", ' -"the boiler" -leaks', "in:chats -boiler"])
def test_who_only_leaves_something_out_is_told_that_a_word_is_missing(client, owner, text):
    ask(owner, "The boiler leaks", "Water")
    page = found(client, text)
    assert "Add at least one word to look for." in page
    assert "Nothing found" not in page
    assert "<li>" not in page
    assert "Water</mark>" in found(client, f"{text} water")


@pytest.mark.parametrize("text", ['"', "AND NOT (", "-boiler", "*", "a" * 10_000, "東"])
def test_no_query_breaks_the_page(client, owner, text):
    ask(owner, "boiler")
    found(client, text)


def test_a_nul_is_refused_in_words(client):
    assert client.get("/search", {"q": "boiler\0"}).status_code == 400


def test_a_chat_put_into_the_trash_for_good_is_forgotten(client, owner):
    chat = ask(owner, "Find me")
    assert "Find" in found(client, "find")
    Chat.objects.filter(pk=chat.pk).update(trashed="2020-01-01T00:00:00Z")
    Worker().work()
    found(client, "find")
    assert not Message.objects.exists()
    with search._indexes.of(owner.pk) as index:
        assert len(index) == 0


def test_more_than_a_page_of_places_stands_on_the_next_ones(client, owner):
    chat = Chat.objects.create(owner=owner, title="Heating", model="m")
    for number in range(search.PER_PAGE + 3):
        Message.objects.create(owner=owner, chat=chat, role="user", content=f"boiler {number}")
    first = found(client, "boiler")
    assert first.count("<li>") == search.PER_PAGE
    assert "Better matches" not in first
    assert "?q=boiler&amp;page=2" in first
    rest = client.get(reverse("search"), {"q": "boiler", "page": "2"}).content.decode()
    assert rest.count('<span class="where"') == 3
    assert "?q=boiler&amp;page=1" in rest
    assert "page=3" not in rest
    for nonsense in ("0", "-1", "x", "9" * 50):
        assert client.get(reverse("search"), {"q": "boiler", "page": nonsense}).status_code == 200
