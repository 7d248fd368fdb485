"""API tokens: made, shown once, listed and revoked."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import audit
from accounts.models import ApiToken, Scope
from accounts.models.token import SCOPE_KINDS
from accounts.programs import tokens
from accounts.tests.factors import sign_in
from ahfai.testing import signed_in

LIST, MAKE = "/you/tokens/", "/you/tokens/new"
SAID = {"name": "Backup script", "scopes": ["notes:read"], "days": "30"}


@pytest.fixture
def client(owner):
    """The owner's browser, a moment after the sign-in."""
    return sign_in(owner.email)[0]


def make(client, **said) -> str:
    page = client.post(MAKE, SAID | said).content.decode()
    return re.search(r"<code[^>]*>(ahfai_[\w-]{43})</code>", page)[1]


def happened(person) -> list[str]:
    return [audit.told(entry).sentence for entry in person.audit_entries.order_by("at")]


def test_a_token_is_shown_once_and_kept_as_a_hash(owner, client):
    text = make(client, scopes=["reminders:write", "notes:read"], days="90")
    page = client.get(LIST).content.decode()
    assert "Backup script" in page
    assert "Notes: read · Reminders: write" in page
    assert "not used yet" in page
    assert text not in page
    token = ApiToken.objects.get()
    assert tokens.find(text) == token
    assert token.scopes == "notes:read reminders:write"
    assert token.expires - token.made == timedelta(days=90)
    assert text.removeprefix("ahfai_") not in str([*ApiToken.objects.values_list("secret_hash")])
    assert "A token was made: Backup script." in happened(owner)


def test_each_thing_that_a_token_may_do_stands_under_its_kind(client):
    page = client.get(MAKE).content.decode()
    assert page.count('name="scopes"') == len(Scope)
    for scope in Scope:
        assert str(SCOPE_KINDS[scope.value.partition(":")[0]]) in page
    make(client, scopes=[scope.value for scope in Scope])
    shown = client.get(LIST).content.decode()
    assert "Notes: read and write · Tags: read and write" in shown
    assert "Everything, in one file: read" in shown


def test_who_signed_in_long_ago_is_asked_once_more_before_one_is_made(owner):
    client = signed_in(owner)
    assert client.get(LIST).status_code == 200
    for answer in (client.get(MAKE), client.post(MAKE, SAID)):
        assert answer.status_code == 302
        assert answer.url.startswith("/account/again/?next=%2Fyou%2Ftokens%2Fnew")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"name": ""}, "Give it a name"),
        ({"name": "n" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Tick at least one"),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"days": ""}, "Choose how long it works"),
        ({"days": "4000"}, "not one of the available choices"),
    ],
)
def test_what_is_missing_or_made_up_is_said_on_the_same_page(client, said, sentence):
    answer = client.post(MAKE, SAID | said)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_one_person_has_twenty_at_most(owner, client):
    for _number in range(20):
        tokens.make(owner, "n", ["notes:read"], 30)
    answer = client.post(MAKE, SAID)
    assert answer.status_code == 422
    assert "You have 20 tokens already" in answer.content.decode()
    assert owner.api_tokens.count() == 20


def test_a_revoked_token_opens_nothing(owner, client):
    text = make(client)
    revoke = f"{LIST}{ApiToken.objects.get().pk}/revoke"
    assert "Revoke this token?" in client.get(revoke).content.decode()
    assert tokens.find(text)
    assert client.post(revoke, follow=True).redirect_chain == [(LIST, 302)]
    assert tokens.find(text) is None
    assert "A token was revoked: Backup script." in happened(owner)


def test_one_that_is_over_opens_nothing_and_says_so_in_the_list(client):
    text = make(client)
    now = timezone.now()
    ApiToken.objects.update(made=now - timedelta(days=31), expires=now - timedelta(days=1))
    assert tokens.find(text) is None
    assert "ended on" in client.get(LIST).content.decode()


def test_a_token_of_somebody_whose_account_is_switched_off_opens_nothing(owner, client):
    text = make(client)
    owner.is_active = False
    owner.save()
    assert tokens.find(text) is None


def test_its_use_is_noted_every_five_minutes(client):
    token = tokens.find(make(client))
    tokens.note_use(token)
    first = ApiToken.objects.get().last_used
    tokens.note_use(token)
    assert ApiToken.objects.get().last_used == first
    ApiToken.objects.update(last_used=first - timedelta(minutes=6))
    tokens.note_use(token)
    assert ApiToken.objects.get().last_used > first
