"""What SQLite reads from an index, which for 10,000 chats makes the difference."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chats import order
from chats.models import Chat

pytestmark = [pytest.mark.django_db, pytest.mark.only_on_sqlite]


@pytest.mark.parametrize("is_archived", [False, True])
def test_a_list_comes_in_its_order_from_the_index(owner, is_archived):
    plan = owner.chats.living().in_archive(is_archived).in_order()[:40].explain()
    assert "chat_kept_in_order" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("is_pinned", [False, True])
def test_the_way_to_the_next_chat_begins_right_there_in_the_index(owner, by, is_pinned):
    chat = Chat.objects.create(owner=owner, title="t", model="m", pinned=is_pinned)
    with CaptureQueriesContext(connection) as asked:
        order.beside(chat, by)
    for query in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            [(*_, plan)] = cursor.fetchall()
        assert "chat_kept_in_order (owner_id=? AND trashed=? AND archived=? AND pinned=?" in plan
