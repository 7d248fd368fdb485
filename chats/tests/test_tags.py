"""Tags of chats: put on, found by, renamed, merged and taken off."""

import re
import threading

import pytest
from django.db import connection, transaction
from django.urls import reverse

from accounts import changes, tags
from accounts.models import LookupKey, Tag
from ahfai.testing import make_person
from ahfai.tests.at_once import at_once, is_somebody_waiting
from chats import order
from chats.models import Chat
from chats.tests.conftest import wait_until
from chats.tests.test_order import LIST, main, make

pytestmark = pytest.mark.django_db

PAGE = reverse("accounts:tags")


def put_on(client, chat: Chat, text: str, **more):
    return client.post(reverse("chats:tags", args=[chat.pk]), {"more": text, **more})


def names(user) -> list[str]:
    return [tag.name for tag in tags.all_of(user)]


def tag_id(user, name: str):
    return next(tag.id for tag in tags.all_of(user) if tag.name == name)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("garden, home", ["garden", "home"]),
        ("#garden #home", ["garden", "home"]),
        ("Garden garden GARDEN", ["Garden"]),
        ("garden//roses/ /", ["garden/roses"]),
        ("日本 ÉTÉ", ["日本", "ÉTÉ"]),
        ("a\x00b", ["ab"]),
        (" , # ", []),
        ("\u202e \u200b/\u200d a\u202eb", ["ab"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
    ],
)
def test_what_was_typed_is_read_as_tags(typed, read):
    assert tags.parse(typed) == read


def test_a_place_offers_the_tags_that_its_own_chats_carry(client, owner):
    kept, gone = make(owner, "Kept", "Gone")
    put_on(client, kept, "here")
    put_on(client, gone, "there")
    order.move(owner, [gone.pk], "trash")
    for place, name in (("list", "here"), ("trash", "there"), ("archive", None)):
        page = main(client.get(reverse(f"chats:{place}")))
        offered = re.findall(r'<a class="chip" [^>]*><bdi>(#[^<]*)</bdi>', page)
        assert offered == ([f"#{name}"] if name else [])


def test_a_chat_is_tagged_and_found_by_the_tag(client, owner):
    roses, _rent = make(owner, "Pruning roses", "Paying rent")
    assert put_on(client, roses, "garden/roses urgent").url == roses.get_absolute_url()
    assert names(owner) == ["garden", "garden/roses", "urgent"]
    for name in ("garden", "garden/roses", "urgent"):
        page = main(client.get(LIST, {"tag": tag_id(owner, name)}))
        assert "Pruning roses" in page
        assert "Paying rent" not in page
    assert "#garden/roses" in main(client.get(roses.get_absolute_url()))


def test_the_list_offers_one_level_after_the_other(client, owner):
    [roses] = make(owner, "Pruning roses")
    put_on(client, roses, "garden/roses home")

    def offered(**query) -> list[str]:
        page = main(client.get(LIST, query))
        return re.findall(r'class="chip" href="/chats/\?tag=[^"]+"><bdi>#([^<]+)</bdi>', page)

    assert offered() == ["garden", "home"]
    assert offered(tag=tag_id(owner, "garden")) == ["roses"]
    assert offered(tag=tag_id(owner, "garden/roses")) == []


def test_tags_are_taken_off_and_one_that_nothing_carries_is_gone(client, owner):
    roses, lawn = make(owner, "Pruning roses", "Mowing")
    put_on(client, roses, "garden/roses")
    put_on(client, lawn, "garden/lawn")
    put_on(client, roses, "", carried=[tag_id(owner, "garden/lawn")])
    assert names(owner) == ["garden", "garden/lawn"]
    order.set_tags(lawn, [])
    order.delete(roses)
    assert not Tag.objects.exists()


def test_letter_case_makes_no_second_tag(client, owner):
    one, two = make(owner, "One", "Two")
    put_on(client, one, "Straße")
    put_on(client, two, "STRASSE")
    assert names(owner) == ["Straße"]


def test_several_chats_are_tagged_at_once_and_freed_again(client, owner):
    one, two, three = make(owner, "One", "Two", "Three")
    address = reverse("chats:tag_several")
    fields = {"back_to": "list", "chat": [one.pk, two.pk]}
    answer = client.post(address, {**fields, "tags": "garden"}, follow=True)
    assert "2 chats are tagged." in answer.content.decode()
    garden = tag_id(owner, "garden")
    page = main(client.get(LIST, {"tag": garden}))
    assert "Three" not in page
    assert page.count("#garden") >= 2
    answer = client.post(f"{address}?tag={garden}", {**fields, "take_off": garden}, follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    assert not Tag.objects.exists()
    assert three.tags.count() == 0


@pytest.mark.parametrize("text", ["", "x" * 81, " ".join(f"t{number}" for number in range(21))])
def test_bad_tags_for_several_keep_the_text_and_the_choice(client, owner, text):
    [chat] = make(owner, "One")
    fields = {"back_to": "list", "chat": chat.pk, "tags": text}
    answer = client.post(reverse("chats:tag_several"), fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{chat.pk}" checked' in page
    assert f'value="{text}"' in page
    assert 'class="errorlist"' in page
    assert not Tag.objects.exists()


@pytest.mark.parametrize("text", ["x" * 81, " ".join(f"t{number}" for number in range(21))])
def test_bad_tags_of_a_chat_are_named(client, owner, text):
    [chat] = make(owner, "One")
    answer = put_on(client, chat, text)
    assert answer.status_code == 422
    assert "At most" in answer.content.decode() or "at most" in answer.content.decode()


def rename(client, user, old: str, new: str):
    return client.post(reverse("accounts:tag", args=[tag_id(user, old)]), {"name": new})


def test_a_renamed_tag_takes_those_nested_in_it_along(client, owner):
    [roses] = make(owner, "Pruning roses")
    put_on(client, roses, "garden/roses/red")
    assert rename(client, owner, "garden", "outside/yard").url == PAGE
    assert names(owner) == [
        "outside",
        "outside/yard",
        "outside/yard/roses",
        "outside/yard/roses/red",
    ]
    assert [tag.name for tag in roses.tags.all()] == ["outside/yard/roses/red"]


def test_a_tag_can_move_into_its_own_name(client, owner):
    one, two = make(owner, "One", "Two")
    put_on(client, one, "a")
    put_on(client, two, "a/b")
    rename(client, owner, "a", "a/b")
    assert names(owner) == ["a", "a/b", "a/b/b"]
    assert [tag.name for tag in one.tags.all()] == ["a/b"]
    assert [tag.name for tag in two.tags.all()] == ["a/b/b"]


def test_two_tags_of_one_name_become_one(client, owner):
    one, two, both = make(owner, "One", "Two", "Both")
    put_on(client, one, "house")
    put_on(client, two, "home/roof")
    put_on(client, both, "house home")
    rename(client, owner, "house", "HOME")
    assert names(owner) == ["home", "home/roof"]
    assert [chat.tags.count() for chat in (one, two, both)] == [1, 1, 1]


def test_a_tag_gets_other_letters(client, owner):
    [chat] = make(owner, "One")
    put_on(client, chat, "home")
    rename(client, owner, "home", "Home")
    assert names(owner) == ["Home"]


@pytest.mark.parametrize("name", ["", "two words", "x" * 81, "/"])
def test_a_bad_name_renames_nothing(client, owner, name):
    [chat] = make(owner, "One")
    put_on(client, chat, "home")
    assert rename(client, owner, "home", name).status_code == 422
    assert names(owner) == ["home"]


def test_a_nested_name_that_would_grow_too_long_renames_nothing(client, owner):
    [chat] = make(owner, "One")
    put_on(client, chat, "a/" + "b" * 70)
    answer = rename(client, owner, "a", "c" * 30)
    assert answer.status_code == 422
    assert names(owner) == ["a", "a/" + "b" * 70]


def test_the_page_of_tags_counts_what_carries_them(client, owner):
    one, two = make(owner, "One", "Two")
    put_on(client, one, "home")
    put_on(client, two, "home")
    page = main(client.get(PAGE))
    assert "2 chats" in page
    assert f"{LIST}?tag={tag_id(owner, 'home')}" in page


def test_a_deleted_tag_leaves_what_carried_it(client, owner):
    [chat] = make(owner, "One")
    put_on(client, chat, "home/roof garden")
    address = reverse("accounts:tag_delete", args=[tag_id(owner, "home")])
    assert "home" in main(client.get(address))
    client.post(address)
    assert names(owner) == ["garden"]
    assert Chat.objects.exists()


def test_a_stranger_neither_uses_nor_sees_the_tag(strangers_client, client, owner, stranger):
    [mine] = make(owner, "Mine")
    [theirs] = make(stranger, "Theirs")
    put_on(client, mine, "home")
    home = tag_id(owner, "home")
    assert strangers_client.get(LIST, {"tag": home}).status_code == 404
    put_on(strangers_client, theirs, "", carried=[home])
    fields = {"back_to": "list", "chat": mine.pk}
    address = reverse("chats:tag_several")
    strangers_client.post(address, {**fields, "tags": "garden"})
    strangers_client.post(address, {**fields, "take_off": home})
    assert theirs.tags.count() == 0
    assert [tag.name for tag in mine.tags.all()] == ["home"]
    assert names(stranger) == []


def test_neither_the_name_nor_its_plain_hash_is_in_the_database(owner):
    other = make_person()
    for person in (owner, other):
        order.set_tags(Chat.objects.create(owner=person, title="t", model="m"), ["surgery"])
    hashes = set(Tag.objects.values_list("name_hash", flat=True))
    assert len(hashes) == 2
    with connection.cursor() as cursor:
        for table in (Tag._meta.db_table, LookupKey._meta.db_table):
            cursor.execute(f"SELECT * FROM {table}")
            assert "surgery" not in repr(cursor.fetchall())


@pytest.mark.parametrize("broken", ["no id", "00000000-0000-0000-0000-000000000000"])
def test_a_list_of_no_tag_is_not_there(client, owner, broken):
    assert client.get(LIST, {"tag": broken}).status_code == 404


def test_nested_ones_keep_their_names_whatever_the_outer_one_looks_like(owner):
    [chat] = make(owner, "Streets")
    for name in ("straße", "STRASSE/Lang"):
        order.add_tags(owner, [chat.pk], [name])
    assert tags.rename(owner, tag_id(owner, "straße"), "weg")
    assert names(owner) == ["weg", "weg/Lang"]


@pytest.mark.django_db(transaction=True)
def test_two_tags_become_one_while_something_is_asked_in_their_chat(owner):
    chat, other = make(owner, "Mine", "Other")
    order.set_tags(chat, ["two"])
    order.set_tags(other, ["two", "three"])
    two = tag_id(owner, "two")
    merging = threading.Thread(target=at_once, args=[lambda _: tags.rename(owner, two, "three"), 1])
    with transaction.atomic():
        # As a question does: the chat is locked first, then its owner.
        Chat.objects.select_for_update().get(pk=chat.pk)
        merging.start()
        wait_until(lambda: is_somebody_waiting() or not merging.is_alive())
        changes.next_number(owner.pk)
    merging.join()
    assert names(owner) == ["three"]
    assert chat.tags.count() == other.tags.count() == 1
