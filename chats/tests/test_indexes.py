"""What SQLite reads from an index, which for 10,000 chats makes the difference."""

import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.only_on_sqlite]


@pytest.mark.parametrize("is_archived", [False, True])
def test_a_list_comes_in_its_order_from_the_index(owner, is_archived):
    plan = owner.chats.living().in_archive(is_archived).in_order()[:40].explain()
    assert "chat_kept_in_order" in plan
    assert "TEMP B-TREE" not in plan
