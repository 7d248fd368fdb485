"""What a person hasn't used for as long as they said goes for good, after they saw how much."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Retention
from ahfai import retention
from chats.models import Chat, Message
from notes.models import Note

pytestmark = pytest.mark.django_db

KEPT = "/you/data/kept"


def chat(owner, title: str, days: int, **more) -> Chat:
    when = timezone.now() - datetime.timedelta(days=days)
    return Chat.objects.create(owner=owner, title=title, model="m", changed=when, **more)


def titles(owner) -> set[str]:
    return {one.title for one in owner.chats.all()}


@pytest.fixture
def chats(owner):
    chat(owner, "new", 5)
    chat(owner, "old", 95)
    chat(owner, "archived", 95, archived=True)
    chat(owner, "pinned", 95, pinned=True)
    answered = chat(owner, "answered", 95)
    mine = {"owner": owner, "chat": answered}
    asked = Message.objects.create(**mine, role="user", content="?")
    Message.objects.create(**mine, role="assistant", parent=asked, state="running")


def test_one_sees_how_much_would_go_before_anything_does(client, owner, chats):
    asked = client.post(KEPT, {"chats": "90", "trash": ""})
    assert "2 chats that you haven't used since" in asked.content.decode()
    assert not Retention.objects.exists()
    retention.apply()
    assert len(titles(owner)) == 5


def test_where_nothing_is_that_old_it_says_so(client, owner):
    asked = client.post(KEPT, {"chats": "90", "trash": ""})
    assert "None of your chats is that old yet." in asked.content.decode()


def test_unused_chats_go_for_good_but_not_pinned_ones_nor_those_being_answered(
    client, owner, chats, stranger
):
    chat(stranger, "a stranger's", 95)
    client.post(KEPT, {"chats": "90", "trash": "", "is_sure": "1"})
    retention.apply()
    assert titles(owner) == {"new", "pinned", "answered"}
    assert titles(stranger) == {"a stranger's"}
    events = list(owner.audit_entries.values_list("event", flat=True))
    assert {"retention_changed", "retention_applied"} <= set(events)
    page = client.get(reverse("accounts:activity")).content.decode()
    assert "2 chats" in page


def test_it_is_looked_once_a_day_and_at_once_when_it_is_switched_on(client, owner, chats):
    client.post(KEPT, {"chats": "90", "trash": "", "is_sure": "1"})
    retention.apply()
    chat(owner, "old again", 95)
    retention.apply()
    assert "old again" in titles(owner)
    Retention.objects.update(applied=timezone.now() - retention.EVERY)
    retention.apply()
    assert "old again" not in titles(owner)


def test_what_lies_in_the_trash_goes_sooner(client, owner):
    for days in (3, 9):
        when = timezone.now() - datetime.timedelta(days=days)
        Note.objects.create(owner=owner, title=f"{days} days", body="", trashed=when)
    asked = client.post(KEPT, {"chats": "", "trash": "7"})
    assert "1 thing that was put into the trash more than 7 days ago" in asked.content.decode()
    client.post(KEPT, {"chats": "", "trash": "7", "is_sure": "1"})
    retention.apply()
    assert [note.title for note in owner.notes.all()] == ["3 days"]


def test_many_go_in_parts_and_none_stays(owner, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(5):
        chat(owner, str(number), 95)
    retention.keep(owner, 90, None)
    for _round in range(3):
        retention.apply()
    assert titles(owner) == set()


def test_to_keep_things_longer_needs_no_question(client, owner):
    retention.keep(owner, 90, 7)
    assert client.post(KEPT, {"chats": "", "trash": ""}).status_code == 302
    assert Retention.objects.get().chats is None
    shown = client.get(KEPT).content.decode()
    assert '<option value="" selected>For ever</option>' in shown


def test_odd_periods_are_refused(client):
    assert client.post(KEPT, {"chats": "0", "trash": "soon"}).status_code == 422
