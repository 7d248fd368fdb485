"""A chat of many messages opens at its end, and shows the rest part by part."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chats.models import Chat, Message
from chats.pages import MOST

pytestmark = pytest.mark.django_db


def talk(owner, turns: int) -> Chat:
    """A chat of so many questions and answers, numbered from 0."""
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    parent = None
    rows = []
    for number in range(turns):
        for role in ("user", "assistant"):
            parent = Message(
                id=uuid.UUID(int=len(rows) + 1000),
                owner=owner,
                chat=chat,
                parent=parent,
                role=role,
                content=f"{role} {number}.",
                closed="2026-01-01T00:00Z" if role == "assistant" else None,
            )
            rows.append(parent)
    Message.objects.bulk_create(rows)
    return chat


def shown(client, address: str) -> list[str]:
    page = client.get(address).content.decode()
    return re.findall(r"(?:user|assistant) \d+(?=\.</(?:p|div)>)", page)


def link(client, address: str, way: str) -> str | None:
    page = client.get(address).content.decode()
    found = re.search(rf'href="(\?{way}=[^"]+)"', page)
    return found and found[1]


def numbered(begin: int, end: int) -> list[str]:
    return [f"{role} {number}" for number in range(begin, end) for role in ("user", "assistant")]


def test_a_long_chat_opens_at_its_end_and_leads_to_all_the_rest(client, owner):
    address = talk(owner, 40).get_absolute_url()
    assert shown(client, address) == numbered(25, 40)
    # Only a script scrolls there by itself.
    page = client.get(address).content.decode()
    assert re.search(rf'<noscript>.*href="#message-{uuid.UUID(int=1079)}".*</noscript>', page)
    first = address + link(client, address, "before")
    assert shown(client, first) == numbered(10, 25)
    second = address + link(client, first, "before")
    assert shown(client, second) == numbered(0, 10)
    assert link(client, second, "before") is None
    back = address + link(client, second, "after")
    assert shown(client, back) == numbered(10, 25)


def test_a_short_chat_has_no_links_to_more(client, owner):
    address = talk(owner, MOST // 2).get_absolute_url()
    assert shown(client, address) == numbered(0, MOST // 2)
    assert link(client, address, "before") is None
    assert link(client, address, "after") is None


def test_a_found_message_is_shown_with_what_is_around_it(client, owner):
    chat = talk(owner, 40)
    found = chat.messages.in_order()[20]
    address = f"{chat.get_absolute_url()}?at={found.pk}"
    assert shown(client, address) == numbered(5, 20)
    assert link(client, address, "before")
    assert link(client, address, "after")


@pytest.mark.parametrize("asked", ["before=nonsense", f"after={uuid.UUID(int=7)}", "at="])
def test_a_place_that_is_not_there_shows_the_end(client, owner, asked):
    address = talk(owner, 20).get_absolute_url()
    assert shown(client, f"{address}?{asked}") == numbered(5, 20)


def test_a_thousand_messages_cost_no_more_queries_and_few_are_opened(client, owner):
    queries = []
    for turns in (20, 500):
        address = talk(owner, turns).get_absolute_url()
        with CaptureQueriesContext(
            connection,
        ) as made:
            assert len(shown(client, address)) == MOST
        queries.append(len(made))
        Chat.objects.all().delete()
    assert queries[0] == queries[1]
    contents = [query["sql"] for query in made if '"chats_message"."content"' in query["sql"]]
    assert len(contents) == 1
