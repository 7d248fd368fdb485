"""Pinned, in the archive, in the trash, and back."""

import re
import uuid
from datetime import timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import changes
from ahfai.worker import Worker
from chats import order
from chats.forms import MAX_TEXT
from chats.generation import registry
from chats.models import Chat, State
from chats.order import purge_trash
from chats.tests.conftest import wait_until
from chats.tests.test_reply_life import closed_reply, reply_of, start

pytestmark = pytest.mark.django_db

LIST, ARCHIVE, TRASH = (reverse(f"chats:{name}") for name in ("list", "archive", "trash"))


def make(owner, *titles: str) -> list[Chat]:
    return [Chat.objects.create(owner=owner, title=title, model="m") for title in titles]


def move(client, to: str, *chats: Chat, back_to: str = "list"):
    fields = {"to": to, "back_to": back_to, "chat": [chat.pk for chat in chats]}
    return client.post(reverse("chats:move"), fields, follow=True)


def main(answer) -> str:
    page = answer.content.decode()
    return page[page.index("<main") :]


@pytest.mark.parametrize("name", ["move", "tag_several"])
def test_who_picks_nothing_is_told_and_can_go_on_from_there(client, owner, name):
    make(owner, "Apple cake")
    fields = {"to": "pin", "back_to": "list", "tags": "garden"}
    answer = client.post(reverse(f"chats:{name}"), fields)
    assert answer.status_code == 422
    page = main(answer)
    assert "Tick the chats first." in page
    assert 'name="chat"' in page
    assert 'href="?' not in page
    [done] = re.findall('href="([^"]+)">Done<', page)
    assert client.get(done.replace("&amp;", "&")).status_code == 200
    assert name == "move" or 'value="garden"' in page


def test_a_pinned_chat_stands_first_here_and_in_the_side_bar(client, owner):
    older, _newer = make(owner, "Apple cake", "Blue paint")
    move(client, "pin", older)
    for page in (main(client.get(LIST)), client.get("/notes/").content.decode()):
        assert page.index("Apple") < page.index("Blue")
    move(client, "unpin", older)
    page = main(client.get(LIST))
    assert page.index("Blue") < page.index("Apple")


@pytest.mark.parametrize("place", ["list", "archive"])
def test_next_and_previous_walk_the_whole_list(client, strangers_client, owner, place):
    chats = make(owner, *(f"Chat {number}" for number in range(6)))
    Chat.objects.filter(pk__in=[chat.pk for chat in chats[2:]]).update(changed=timezone.now())
    Chat.objects.filter(pk__in=[chats[0].pk, chats[3].pk]).update(pinned=True)
    Chat.objects.update(archived=place == "archive")
    [elsewhere, gone] = make(owner, "Elsewhere", "Gone")
    Chat.objects.filter(pk=elsewhere.pk).update(archived=place == "list")
    move(client, "trash", gone)
    listed = re.findall(r'<li>\s*<a href="([^"]+)"', main(client.get(reverse(f"chats:{place}"))))
    assert len(listed) == len(chats)
    for to, addresses in (("next", listed), ("previous", listed[::-1])):
        for here, there in pairwise(addresses):
            assert client.get(f"{here}{to}").url == f"{there}#main"
        assert client.get(f"{addresses[-1]}{to}").status_code == 204
    assert strangers_client.get(f"{listed[0]}next").status_code == 404
    assert client.get(f"{gone.get_absolute_url()}next").status_code == 404


@pytest.mark.parametrize(("to", "place"), [("archive", ARCHIVE), ("trash", TRASH)])
def test_a_chat_is_put_away_and_undo_brings_it_back(client, owner, to, place):
    kept, away = make(owner, "Kept here", "Put away")
    page = main(move(client, to, away))
    assert "Kept here" in page
    assert "Put away" not in page
    assert "Undo" in page
    assert "Put away" in main(client.get(place))
    back = {"archive": "unarchive", "trash": "restore"}[to]
    assert "Put away" in main(move(client, back, away))
    assert Chat.objects.kept().count() == 2
    assert kept.pinned is False


def test_a_chat_says_where_it_stands(client, owner):
    pinned, plain = make(owner, "Apple cake", "Blue paint")
    Chat.objects.filter(pk=pinned.pk).update(pinned=True)
    page = client.get(plain.get_absolute_url()).content.decode()
    recent = page[page.index('id="recent"') : page.index("</section>")]
    first, second = recent.split("</li>")[:2]
    assert "(pinned)" in first
    assert "(pinned)" not in second
    assert f'href="{ARCHIVE}"' not in main(client.get(plain.get_absolute_url()))
    move(client, "archive", plain)
    assert f'href="{ARCHIVE}"' in main(client.get(plain.get_absolute_url()))
    order.set_tags(plain, ["a", "b", "c"])
    assert "more tag" not in main(client.get(plain.get_absolute_url()))
    order.set_tags(plain, ["a", "b", "c", "d", "e"])
    assert ">+2<" in main(client.get(plain.get_absolute_url()))


def test_several_are_moved_at_once(client, owner):
    chats = make(owner, "One", "Two", "Three")
    assert "checkbox" in main(client.get(f"{LIST}?pick"))
    assert "2 chats are in the archive." in main(move(client, "archive", *chats[:2]))
    assert [chat.title for chat in Chat.objects.kept()] == ["Three"]


def test_what_is_pinned_shows_it_and_is_unpinned_where_several_are_picked(client, owner):
    chats = make(owner, "One", "Two", "Three")
    page = main(client.get(f"{LIST}?pick"))
    assert "Pinned:" not in page
    assert 'value="unpin"' not in page
    move(client, "pin", *chats[:2])
    page = main(client.get(f"{LIST}?pick"))
    assert page.count("Pinned:") == 2
    assert 'value="unpin"' in page


def test_a_message_that_is_too_long_is_told_the_limit(client, owner):
    [chat] = make(owner, "One")
    answer = client.post(reverse("chats:ask", args=[chat.pk]), {"text": "x" * (MAX_TEXT + 1)})
    assert answer.status_code == 422
    assert f"at most {MAX_TEXT:,} characters" in answer.content.decode()


def test_nothing_chosen_moves_nothing(client, owner):
    make(owner, "One")
    assert "Undo" not in main(move(client, "trash"))
    assert Chat.objects.kept().count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "nowhere", "back_to": "list"},
        {"to": "trash", "back_to": "//evil.example"},
        {"to": "trash", "back_to": "list", "chat": "no id"},
    ],
)
def test_nonsense_moves_nothing_and_leads_back(client, owner, fields):
    [chat] = make(owner, "One")
    answer = client.post(reverse("chats:move"), {"chat": chat.pk, **fields})
    assert answer.url == LIST
    assert Chat.objects.kept().count() == 1


def test_a_strangers_chats_stay_where_they_are(strangers_client, owner):
    chats = make(owner, "Mine")
    for to in ("pin", "archive", "trash"):
        move(strangers_client, to, *chats)
    chat = Chat.objects.get()
    assert (chat.pinned, chat.archived, chat.trashed) == (False, False, None)


@pytest.mark.parametrize("name", ["detail", "rename"])
def test_what_is_in_the_trash_cannot_be_opened_or_written_to(client, owner, name):
    [chat] = make(owner, "Gone")
    move(client, "trash", chat)
    assert client.get(reverse(f"chats:{name}", args=[chat.pk])).status_code == 404
    assert client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Hm"}).status_code == 404


def test_the_address_of_a_chat_in_the_trash_offers_to_put_it_back(client, strangers_client, owner):
    [chat] = make(owner, "Apple & cake")
    move(client, "trash", chat)
    assert "<strong>Apple &amp; cake</strong>" in main(client.get(chat.get_absolute_url()))
    put_back = reverse("chats:put_back", args=[chat.pk])
    assert f'action="{put_back}"' in main(client.get(chat.get_absolute_url()))
    assert client.get(put_back).status_code == 405
    assert strangers_client.post(put_back).status_code == 404
    theirs = strangers_client.get(chat.get_absolute_url())
    missing = strangers_client.get(reverse("chats:detail", args=[uuid.uuid4()]))
    assert (theirs.status_code, theirs.content) == (404, missing.content)
    answer = client.post(put_back, follow=True)
    assert answer.redirect_chain == [(chat.get_absolute_url(), 302)]
    assert "The chat is back." in answer.content.decode()
    assert client.post(put_back).url == chat.get_absolute_url()
    assert Chat.objects.kept().count() == 1


def test_from_the_trash_it_can_be_deleted_for_good(client, owner):
    [chat] = make(owner, "Gone")
    move(client, "trash", chat)
    assert client.post(reverse("chats:delete", args=[chat.pk])).url == TRASH
    assert not Chat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_growing_answer_is_stopped_and_its_text_comes_back(client, ollama):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    move(client, "trash", chat)
    reply = closed_reply(chat)
    assert reply.state == State.STOPPED
    assert reply.content
    wait_until(lambda: not registry.every())
    move(client, "restore", chat)
    assert b"You stopped this answer" in client.get(chat.get_absolute_url()).content


def test_the_worker_empties_the_trash_after_thirty_days(owner):
    young, old = make(owner, "Young", "Old")
    for chat, days in ((young, 29), (old, 31)):
        Chat.objects.filter(pk=chat.pk).update(trashed=timezone.now() - timedelta(days=days))
    Worker().work()
    assert [chat.title for chat in Chat.objects.all()] == ["Young"]
    assert purge_trash() == 0


def test_an_id_that_nobody_has_is_harmless(client, owner):
    make(owner, "One")
    fields = {"to": "trash", "back_to": "list", "chat": uuid.uuid4()}
    assert client.post(reverse("chats:move"), fields).url == LIST


def test_a_chat_that_is_taken_out_of_the_trash_while_it_is_emptied_stays(owner, monkeypatch):
    chats = make(owner, "One", "Other")
    owner.chats.update(trashed=timezone.now() - timedelta(days=31))
    bury = changes.bury

    def restore_the_others(owner_id, keys):
        order.move(owner, {chat.pk for chat in chats} - {*keys}, "restore")
        bury(owner_id, keys)

    monkeypatch.setattr(changes, "bury", restore_the_others)
    assert purge_trash() == 1
    assert owner.chats.living().count() == 1


def test_who_keeps_a_chat_of_the_trash_after_all_is_led_back_there(client, owner):
    chat = Chat.objects.create(owner=owner, title="Kept", model="m")
    delete = reverse("chats:delete", args=[chat.pk])
    assert f'href="{chat.get_absolute_url()}">Keep it' in client.get(delete).content.decode()
    order.move(owner, [chat.pk], "trash")
    assert f'href="{reverse("chats:trash")}">Keep it' in client.get(delete).content.decode()
