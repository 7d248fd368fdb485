"""Leaving for good: nothing of a person is left in any table, nor of SQLite in any file."""

import datetime
import io
import re

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts import people
from accounts.models import (
    ErasedPerson,
    Leaving,
    Letter,
    LookupKey,
    Ownership,
    Receipt,
    User,
    UserKey,
)
from accounts.parting import erasure
from accounts.parting import leaving as leavings
from accounts.sealing import keys
from ahfai import leaving, search
from ahfai.crypto import SealError
from ahfai.testing import PASSWORD, signed_in
from ahfai.tests.at_rest import database_files, holding, rows
from ahfai.tests.everything import give_everything
from chats.models import Message, State, TemporaryPlace
from notes import titles
from notes.models import Import
from reminders.models import Delivery

pytestmark = pytest.mark.django_db

WORD = "quetzal-lapwing-3391"
# How the tests name a person, which rows keep in clear.
EMAIL = "stranger@example.org"


def erase_now(person) -> Receipt | None:
    asked = leavings.ask(person, at_once=True)
    Leaving.objects.filter(pk=asked.pk).update(begun=timezone.now() - leaving.PATIENCE)
    return leaving.go_on(Leaving.objects.get(pk=asked.pk))


def counts() -> dict[str, int]:
    every = apps.get_models(include_auto_created=True)
    return {one._meta.label: one._base_manager.count() for one in every if one._meta.managed}


def test_nothing_of_a_person_is_left_in_any_table(owner, stranger):
    before = counts()
    there = User.objects.create_user("leaving@example.org", PASSWORD, name="Leah")
    give_everything(there, WORD)
    Letter.objects.create(kind="reset", to=there.email)
    Leaving.objects.create(owner=there, due=timezone.now())
    full = counts()
    for way in erasure.ways():
        assert way.rows(there.pk).exists() or way.emptied, f"give them a row of {way.model}"
    receipt = erase_now(there)
    shared = {"auth.Permission", "auth.Group", "contenttypes.ContentType", "ahfai.RateCount"}
    # Whose it was is emptied.
    shared |= {"accounts.Invitation"}
    shared |= {ErasedPerson._meta.label}
    for label, count in counts().items():
        if label not in shared | {Receipt._meta.label}:
            assert count == before[label], label
    for said in (there.pk.hex, str(there.pk), "leaving@example.org"):
        # So that no backup brings them back.
        assert holding(said, rows()) in ([], ["rows of accounts_erasedperson"])
    assert ErasedPerson.objects.get().pk == there.pk
    assert holding(owner.pk.hex if connection.vendor == "sqlite" else str(owner.pk), rows())
    for label, count in receipt.counts.items():
        assert count == full[label] - before[label], label


def test_what_others_have_stays(owner, stranger):
    give_everything(owner, "others")
    give_everything(stranger, WORD)
    theirs = {way.model: way.rows(owner.pk).count() for way in erasure.ways()}
    erase_now(stranger)
    assert {way.model: way.rows(owner.pk).count() for way in erasure.ways()} == theirs
    assert owner.notes.get().title == "others"


# PostgreSQL's own log keeps names until it is reused; the guide says so.
@pytest.mark.only_on_sqlite
@pytest.mark.django_db(transaction=True)
def test_neither_words_nor_names_are_left_in_the_files_of_the_database(owner, stranger):
    give_everything(stranger, WORD)
    User.objects.filter(pk=stranger.pk).update(name=WORD)
    wrapped = bytes(UserKey.objects.get(owner=stranger).wrapped)
    assert holding(WORD, database_files()), "a name lies in clear, and would be found"
    assert any(wrapped in held for held in database_files().values())
    erase_now(stranger)
    leaving.sweep()
    assert holding(WORD, database_files()) == []
    assert holding(EMAIL, database_files()) == []
    assert not any(wrapped in held for held in database_files().values())
    assert holding("owner@example.org", database_files())


@pytest.mark.django_db(transaction=True)
def test_the_receipt_notes_when_the_rest_was_swept(owner, stranger):
    receipt = erase_now(stranger)
    assert receipt.swept is None
    leaving.sweep()
    receipt.refresh_from_db()
    assert receipt.swept


def test_the_key_is_gone_first_and_opens_nothing_any_more(stranger):
    assert [way.model for way in erasure.ways()[:2]] == [UserKey, LookupKey]
    keys.data_key(stranger.pk)
    erase_now(stranger)
    with pytest.raises(SealError):
        keys.data_key(stranger.pk)


def test_another_process_forgets_within_its_next_look(owner, stranger, strangers_client):
    give_everything(stranger, WORD)
    titles.of(stranger)
    with search._indexes.of(stranger.pk):
        pass
    User.objects.filter(pk=owner.pk).update(name="Still here")
    keys.data_key(owner.pk)
    erasure.erase(stranger.pk, stranger.pk)
    assert stranger.pk in search.in_memory()
    leaving.forget_gone()
    assert stranger.pk not in {*search.in_memory(), *titles.people(), *keys.in_memory()}
    assert owner.pk in keys.in_memory()


def test_what_runs_is_stopped_first_and_waited_for(owner, stranger):
    give_everything(stranger, WORD)
    said = Message.objects.filter(owner=stranger, role="user").get()
    growing = Message.objects.create(
        owner=stranger, chat=said.chat, parent=said, role="assistant", state=State.RUNNING
    )
    Delivery.objects.update(
        lease_until=timezone.now() + datetime.timedelta(minutes=2), lease_token=stranger.pk
    )
    leavings.ask(stranger, at_once=True)
    leaving.take_up()
    growing.refresh_from_db()
    assert growing.stop_asked
    assert TemporaryPlace.objects.get().stop_asked
    assert Import.objects.get().state == Import.State.CANCELLED
    assert not User.objects.get(pk=stranger.pk).is_active
    assert not stranger.sessions.exists()
    Message.objects.filter(pk=growing.pk).update(state=State.STOPPED, closed=timezone.now())
    TemporaryPlace.objects.all().delete()
    leaving.take_up()
    assert User.objects.filter(pk=stranger.pk).exists(), "a message is on its way still"
    Delivery.objects.update(lease_until=None, lease_token=None)
    leaving.take_up()
    assert not User.objects.filter(pk=stranger.pk).exists()


def test_messages_that_wait_are_not_sent_any_more(stranger):
    give_everything(stranger, WORD)
    leaving.reminders.hush(stranger)
    assert Delivery.objects.get().state == Delivery.State.DROPPED


def test_the_owner_is_told_how_to_hand_over(client, owner, stranger):
    confirm(client)
    page = client.get(reverse("accounts:leave"))
    assert reverse("accounts:people") in page.content.decode()
    client.post(reverse("accounts:leave"), {"is_sure": "on"})
    assert not Leaving.objects.exists()
    with pytest.raises(erasure.OwnsInstallation):
        erasure.erase(owner.pk, owner.pk)
    call_command("hand_over", "Stranger@example.org", stdout=io.StringIO())
    assert Ownership.objects.get().user == stranger
    client.post(reverse("accounts:leave"), {"is_sure": "on"})
    assert Leaving.objects.get().owner == owner


def confirm(client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def test_the_password_is_asked_for_first(strangers_client):
    for name, method in (("leave", "get"), ("leave", "post"), ("leave_now", "post")):
        answer = getattr(strangers_client, method)(reverse(f"accounts:{name}"), {"is_sure": "on"})
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not Leaving.objects.exists()


def test_it_must_be_meant(strangers_client):
    confirm(strangers_client)
    answer = strangers_client.post(reverse("accounts:leave"))
    assert answer.status_code == 422
    assert not Leaving.objects.exists()


def test_one_has_a_day_to_stay_and_sees_it_when_one_signs_in(strangers_client, stranger, client):
    other = signed_in(stranger)
    confirm(strangers_client)
    strangers_client.post(reverse("accounts:leave"), {"is_sure": "on"})
    page = strangers_client.get(reverse("accounts:leave")).content.decode()
    assert "Keep my account" in page
    assert other.get("/notes/").status_code == 302, "other browsers are signed out"
    leaving.take_up()
    assert User.objects.filter(pk=stranger.pk).exists()
    other.logout()
    sign_in = {"login": stranger.email, "password": PASSWORD}
    assert other.post(reverse("account_login"), sign_in).url == reverse("accounts:leave")
    assert "Keep it after all" in other.get(reverse("accounts:settings")).content.decode()
    other.post(reverse("accounts:stay"))
    Leaving.objects.update(due=timezone.now())
    leaving.take_up()
    assert User.objects.filter(pk=stranger.pk).exists()
    assert "It will be erased" not in other.get(reverse("accounts:settings")).content.decode()


def test_after_a_day_it_is_gone_and_the_receipt_says_how_much(strangers_client, stranger, nobody):
    give_everything(stranger, WORD)
    TemporaryPlace.objects.all().delete()
    confirm(strangers_client)
    strangers_client.post(reverse("accounts:leave"), {"is_sure": "on"})
    page = strangers_client.get(reverse("accounts:leave")).content.decode()
    address = re.search(r">http://[^/<]+(/you/erased/[^<]+)<", page)[1]
    assert "Sign in before then" in nobody.get(address).content.decode()
    assert nobody.get(f"{address}file").status_code == 404
    Leaving.objects.update(due=timezone.now())
    leaving.take_up()
    shown = nobody.get(address)
    assert "no-store" in shown["Cache-Control"]
    said = shown.content.decode()
    assert "Your account is erased" in said
    assert "Chats" in said
    assert WORD not in said
    file = nobody.get(f"{address}file")
    assert "1\tchats" in file.content.decode()
    assert "attachment" in file["Content-Disposition"]
    assert nobody.get(reverse("accounts:receipt", args=["made:up"])).status_code == 404
    Receipt.objects.update(made=timezone.now() - datetime.timedelta(days=2), swept=timezone.now())
    leavings.forget_receipts()
    assert nobody.get(address).status_code == 404


def test_one_can_leave_at_once(strangers_client, stranger):
    confirm(strangers_client)
    strangers_client.post(reverse("accounts:leave"), {"is_sure": "on"})
    answer = strangers_client.post(reverse("accounts:leave_now"))
    assert "Clear-Site-Data" in answer
    assert "being erased" in strangers_client.get(answer.url).content.decode()
    assert strangers_client.get("/notes/").status_code == 302
    leaving.take_up()
    assert "is erased" in strangers_client.get(answer.url).content.decode()
    assert not User.objects.filter(pk=stranger.pk).exists()


def test_who_was_given_the_installation_meanwhile_must_hand_it_over_first(
    owner, strangers_client, stranger
):
    confirm(strangers_client)
    strangers_client.post(reverse("accounts:leave"), {"is_sure": "on"})
    Ownership.objects.update(user=stranger)
    answer = strangers_client.post(reverse("accounts:leave_now"), follow=True)
    assert reverse("accounts:people") in answer.content.decode()
    assert User.objects.filter(pk=stranger.pk).exists()


def test_who_comes_to_own_the_installation_stays(owner, stranger):
    leavings.ask(stranger)
    people.hand_over(owner, stranger)
    assert leavings.of(stranger) is None
    taken_back = stranger.audit_entries.filter(event="erasure_taken_back")
    assert taken_back.exists()


def test_the_worker_never_locks_the_owner_out(owner, stranger):
    """Who asked in the moment in which they were given it."""
    Leaving.objects.create(owner=owner, due=timezone.now())
    Leaving.objects.create(owner=stranger, due=timezone.now())
    leaving.take_up()
    assert User.objects.get(pk=owner.pk).is_active
    assert not User.objects.filter(pk=stranger.pk).exists()


def test_nobody_can_stay_once_it_has_begun(strangers_client, stranger):
    Leaving.objects.create(owner=stranger, due=timezone.now(), begun=timezone.now())
    strangers_client.post(reverse("accounts:stay"))
    assert Leaving.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_operator_erases_somebody_who_asks(owner, stranger, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_person", EMAIL)
    monkeypatch.setattr("builtins.input", lambda _question: EMAIL)
    said = io.StringIO()
    call_command("erase_person", EMAIL, stdout=said)
    assert "The account is erased." in said.getvalue()
    assert not User.objects.filter(email=EMAIL).exists()
    with pytest.raises(CommandError, match="hand_over"):
        call_command("erase_person", owner.email, "--yes")
    with pytest.raises(CommandError, match="Nobody"):
        call_command("erase_person", EMAIL)
