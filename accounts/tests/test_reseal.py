import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.fields import SealedTextField, sealed_for, sealed_rows
from accounts.models import UserKey
from accounts.sealing import keys
from accounts.sealing.resealing import Resealing
from ahfai import crypto
from ahfai.crypto import SealError
from chats.models import Chat, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def chats(owner):
    return Chat.objects.bulk_create(Chat(owner=owner, title=f"title {n}") for n in range(10))


@pytest.fixture
def strangers_chat(stranger):
    return Chat.objects.create(owner=stranger, title="the stranger's")


def reseal(*arguments: str) -> str:
    out = io.StringIO()
    call_command("keys", "reseal", *arguments, stdout=out)
    return out.getvalue()


def generations(person) -> list[int]:
    sealed = [chat.__dict__["title"].value for chat in Chat.objects.filter(owner=person)]
    return [crypto.generation_of(value) for value in sealed]


def titles(person) -> list[str]:
    return sorted(chat.title for chat in Chat.objects.filter(owner=person))


def an_hour_passes() -> None:
    UserKey.objects.update(created=timezone.now() - keys.KEPT_FOR - timedelta(seconds=1))


def test_one_person_gets_a_new_key_and_all_words_move_to_it(owner, chats, strangers_chat):
    message = Message.objects.create(owner=owner, chat=chats[0], role="user", content="hello")
    before = titles(owner)

    said = reseal("--user", "OWNER@example.org")

    assert f"{owner.pk}: 12 sealed with key 2, 0 not" in said
    assert generations(owner) == [2] * 10
    assert generations(strangers_chat.owner) == [1]
    assert titles(owner) == before
    assert Message.objects.get(pk=message.pk).content == "hello"


def test_everyone_is_served(owner, chats, strangers_chat):
    reseal()

    assert set(generations(owner) + generations(strangers_chat.owner)) == {2}
    keys.clear_cache()
    assert titles(strangers_chat.owner) == ["the stranger's"]


def test_the_old_key_stays_until_nobody_can_seal_with_it(owner, chats):
    said = reseal()
    assert "the old key stays until" in said
    reseal("--finish")
    assert owner.keys.count() == 2

    an_hour_passes()
    assert "only key 2 is left" in reseal("--finish")

    assert owner.keys.get().generation == 2
    keys.clear_cache()
    assert titles(owner) == sorted(f"title {n}" for n in range(10))
    with pytest.raises(SealError):
        keys.data_key(owner.pk, 1)


def test_words_that_came_with_the_old_key_meanwhile_are_moved_before_it_goes(
    owner, chats, monkeypatch
):
    reseal()
    old = keys.data_key(owner.pk, 1)
    newest = keys.data_key
    with monkeypatch.context() as patch:
        patch.setattr(
            keys, "data_key", lambda pk, number=None: newest(pk, number) if number else old
        )
        late = Chat.objects.create(owner=owner, title="late")
    assert 1 in generations(owner)

    an_hour_passes()
    reseal("--finish")

    keys.clear_cache()
    assert owner.keys.count() == 1
    assert Chat.objects.get(pk=late.pk).title == "late"


def test_words_that_come_with_the_old_key_at_the_very_end_keep_it(owner, chats, monkeypatch):
    reseal()
    an_hour_passes()
    late, old_key = chats[0], keys.data_key(owner.pk, 1)
    reseal_rows = Resealing.reseal_rows

    def reseal_rows_before_somebody_writes(run, *arguments):
        done = reseal_rows(run, *arguments)
        with monkeypatch.context() as patch:
            patch.setattr(keys, "data_key", lambda _person: old_key)
            Chat.objects.filter(pk=late.pk).update(title=sealed_for(late, "title", "late"))
        return done

    with monkeypatch.context() as patch:
        patch.setattr(Resealing, "reseal_rows", reseal_rows_before_somebody_writes)
        assert "new words came meanwhile. Run this again." in reseal("--finish")
    assert owner.keys.count() == 2
    assert Chat.objects.get(pk=late.pk).title == "late"

    assert "only key 2 is left" in reseal("--finish")
    assert Chat.objects.get(pk=late.pk).title == "late"


def test_two_runs_at_once_do_not_make_two_keys(owner, chats, monkeypatch):
    new_key = crypto.new_key

    def new_key_while_another_run_makes_one():
        monkeypatch.undo()
        UserKey.objects.create(owner=owner, generation=2, master_id="other", wrapped=b"other")
        return new_key()

    monkeypatch.setattr(crypto, "new_key", new_key_while_another_run_makes_one)
    with pytest.raises(CommandError, match=f"{owner.pk}: another run is at work"):
        reseal()

    assert generations(owner) == [1] * 10


def test_without_a_master_key_that_can_be_read_nothing_changes(owner, chats, settings):
    settings.MASTER_KEY = "not-a-key"
    with pytest.raises(CommandError, match=r"MASTER_KEY can't be used\. Entry 1 .* id:key"):
        reseal()

    assert generations(owner) == [1] * 10
    assert owner.keys.count() == 1


def test_finish_begins_nothing(owner, chats):
    reseal("--finish")

    assert owner.keys.count() == 1
    assert generations(owner) == [1] * 10


def test_an_interrupted_run_is_finished_by_the_next_one(owner, chats, strangers_chat, monkeypatch):
    seal, calls = SealedTextField.seal, []

    def seal_until_the_power_fails(field, row, text):
        calls.append(1)
        if len(calls) > 5:
            raise KeyboardInterrupt
        return seal(field, row, text)

    monkeypatch.setattr(
        "accounts.sealing.resealing.sealed_rows",
        lambda model, owner_id: sealed_rows(model, owner_id, at_once=2),
    )
    with monkeypatch.context() as patch:
        patch.setattr(SealedTextField, "seal", seal_until_the_power_fails)
        with pytest.raises(KeyboardInterrupt):
            reseal("--user", owner.email)
    assert sorted(generations(owner)) == [1] * 6 + [2] * 4
    assert len(titles(owner)) == 10

    reseal("--user", owner.email)

    assert generations(owner) == [2] * 10
    assert owner.keys.count() == 2
    assert titles(owner) == sorted(f"title {n}" for n in range(10))


def test_a_newer_write_is_never_overwritten(owner, chats, monkeypatch):
    seal, row = SealedTextField.seal, chats[3]

    def seal_while_somebody_writes(field, sealed_row, text):
        sealed = seal(field, sealed_row, text)
        if text == "title 3":
            monkeypatch.undo()
            Chat.objects.filter(pk=row.pk).update(title=sealed_for(row, "title", "newer"))
        return sealed

    monkeypatch.setattr(SealedTextField, "seal", seal_while_somebody_writes)
    reseal()

    assert Chat.objects.get(pk=row.pk).title == "newer"
    assert len(titles(owner)) == 10


def test_what_cannot_be_opened_keeps_its_old_key(owner, stranger, chats):
    Chat.objects.filter(pk=chats[0].pk).update(owner=stranger)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 can't be opened"):
        call_command("keys", "reseal", stdout=out)
    assert str(chats[0].pk) in out.getvalue()
    an_hour_passes()
    with pytest.raises(CommandError, match="1 can't be opened"):
        reseal("--finish")

    assert owner.keys.get().generation == 2
    assert stranger.keys.count() == 2
    Chat.objects.filter(pk=chats[0].pk).update(owner=owner)


def test_a_person_without_a_key_does_not_stop_the_others(owner, stranger, chats):
    stranger.keys.all().delete()

    with pytest.raises(CommandError, match="1 can't be opened"):
        reseal()

    assert generations(owner) == [2] * 10
    assert stranger.keys.count() == 0


def test_an_unknown_address_is_said(owner):
    with pytest.raises(CommandError, match=r"Nobody signs in with a@b\.c"):
        reseal("--user", "a@b.c")
