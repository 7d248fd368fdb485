import io

import pytest
from django.core.management import CommandError, call_command

from accounts.sealing import keys
from ahfai import crypto
from ahfai.crypto import MasterKeys
from chats.models import Chat, Message

pytestmark = pytest.mark.django_db

CANARY = "canary in the cage"


@pytest.fixture
def chats(owner, stranger):
    return [Chat.objects.create(owner=person, title=CANARY) for person in (owner, stranger)]


def verify() -> str:
    out = io.StringIO()
    call_command("verify", stdout=out)
    return out.getvalue()


def what_fails() -> str:
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("verify", stdout=out)
    assert caught.value.returncode == 1
    assert CANARY not in out.getvalue()
    return out.getvalue() + str(caught.value)


def test_it_counts_what_opens(chats, owner):
    Message.objects.create(owner=owner, chat=chats[0], role="user", content=CANARY)

    said = verify()

    assert "chats.Chat: 2 opened, 0 not" in said
    assert "chats.Message: 2 opened, 0 not" in said
    assert "accounts.UserKey: 2 opened, 0 not" in said
    assert "Everything opens." in said
    assert CANARY not in said


def test_it_opens_more_rows_than_one_batch_holds(owner):
    Chat.objects.bulk_create(Chat(owner=owner, title=str(n)) for n in range(450))

    assert "chats.Chat: 450 opened, 0 not" in verify()


def test_it_names_each_value_that_does_not_open(chats, stranger):
    Chat.objects.filter(pk=chats[0].pk).update(owner=stranger)

    said = what_fails()

    assert f"can't be opened: chats.Chat {chats[0].pk} title" in said
    assert str(chats[1].pk) not in said
    assert "chats.Chat: 1 opened, 1 not" in said


def test_it_names_a_damaged_key_even_while_that_key_is_in_memory(chats, owner):
    assert chats[0].title
    damaged = bytearray(owner.keys.get().wrapped)
    damaged[-1] ^= 1
    owner.keys.update(wrapped=bytes(damaged))

    said = what_fails()

    assert f"accounts.UserKey {owner.keys.get().pk} generation 1 of {owner.pk}" in said
    assert f"chats.Chat {chats[0].pk} title" in said
    assert "2 can't be opened" in said


def test_it_names_the_rows_of_a_person_without_a_key(chats, owner):
    owner.keys.all().delete()

    assert f"chats.Chat {chats[0].pk} title" in what_fails()


def test_it_says_which_master_key_is_missing(chats, owner, settings):
    lost = owner.keys.get().master_id
    settings.MASTER_KEY = MasterKeys.new_line()
    try:
        assert lost in what_fails()
        settings.MASTER_KEY = "wrong"
        with pytest.raises(CommandError, match="id:key"):
            verify()
    finally:
        keys.clear_cache()


def test_it_opens_both_generations(chats, owner):
    keys.next_user_key(owner.pk)
    newer = Chat.objects.create(owner=owner, title=CANARY)

    assert crypto.generation_of(Chat.objects.get(pk=newer.pk).__dict__["title"].value) == 2
    assert "chats.Chat: 3 opened, 0 not" in verify()
