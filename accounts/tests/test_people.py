"""The people of an installation, for its owner and its administrators."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts import files, invitations, people
from accounts.models import Invitation, Ownership, SealedFile
from ahfai.testing import PASSWORD, make_person, signed_in

URL = "/you/people/"


@pytest.fixture
def client(owner):
    """The owner's browser, where the password was typed a moment ago."""
    return _signed_in(owner)


def _signed_in(person) -> Client:
    client = signed_in(person)
    client.post("/account/again/", {"password": PASSWORD})
    return client


@pytest.fixture
def administrator(owner):
    return make_person("ann@example.org", "Ann", is_staff=True)


def _act(client, person, act, **more):
    return client.post(f"{URL}{person.pk}/", {"act": act, **more})


def test_the_page_lists_who_is_here_and_how_much_room_their_files_take(client, stranger):
    files.store(stranger, "canary.txt", [b"x" * 3_000_000])
    page = client.get(URL).content.decode()
    assert "Sam Stranger" in page
    assert stranger.email in page
    assert "3\xa0MB" in page
    assert "canary" not in page


def test_for_members_there_is_nothing(strangers_client, owner):
    for path in (URL, f"{URL}{owner.pk}/"):
        assert strangers_client.get(path).status_code == 404
    assert strangers_client.post(f"{URL}invite").status_code == 404
    assert "/you/people/" not in strangers_client.get("/you/settings/").content.decode()


def test_an_invitation_is_shown_once_and_works_once(client, settings):
    settings.SIGN_UP, settings.HAS_MAIL = "invite", False
    page = client.post(f"{URL}invite").content.decode()
    link = re.search(r"(/account/sign-up/\?invite=[\w-]+)", page)[1]
    assert link not in client.get(URL).content.decode()
    guest = Client()
    guest.get(link)
    ada = {"name": "Ada", "email": "ada@example.org", "password1": PASSWORD}
    assert guest.post("/account/sign-up/", ada).url == "/"
    assert not Invitation.objects.open().exists()


def test_an_invitation_is_sent_where_there_is_mail(client, settings):
    settings.HAS_MAIL = True
    client.post(f"{URL}invite", {"email": "ada@example.org"})
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.org"]
    assert f"{settings.SITE_URL}/account/sign-up/?invite=" in sent.body
    assert "/account/sign-up/?invite=" not in client.get(URL).content.decode()


def test_what_can_not_be_sent_is_shown(client, settings, monkeypatch):
    settings.HAS_MAIL = True
    settings.EMAIL_BACKEND = "accounts.tests.test_people.Away"
    page = client.post(f"{URL}invite", {"email": "ada@example.org"}).content.decode()
    assert "The mail server didn't take it" in page
    assert "/account/sign-up/?invite=" in page


class Away:
    def __init__(self, **options):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_an_invitation_can_be_revoked(client, settings):
    settings.HAS_MAIL = False
    client.post(f"{URL}invite")
    client.post(f"{URL}invitations/{Invitation.objects.get().pk}/revoke")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("act", ["suspend", "demote"])
def test_open_invitations_end_with_the_right_to_make_them(client, owner, administrator, act):
    invitations.make(administrator)
    invitations.make(owner)
    _act(client, administrator, act)
    assert [one.by for one in Invitation.objects.open()] == [owner]


def test_somebody_who_is_switched_off_is_signed_out_and_keeps_everything(
    client, stranger, strangers_client
):
    files.store(stranger, "plan.txt", [b"words"])
    _act(client, stranger, "suspend")
    assert strangers_client.get("/notes/").status_code == 302
    assert not stranger.sessions.exists()
    assert SealedFile.objects.filter(owner=stranger).exists()
    _act(client, stranger, "admit")
    back = _signed_in(stranger)
    told = back.get("/you/activity/").content.decode()
    assert "The account was switched off." in told
    assert "The account was switched on again." in told


def test_the_owner_makes_administrators_and_members(client, stranger):
    _act(client, stranger, "promote")
    stranger.refresh_from_db()
    assert stranger.is_staff
    _act(client, stranger, "demote")
    stranger.refresh_from_db()
    assert not stranger.is_staff


@pytest.mark.parametrize("act", ["suspend", "demote", "promote", "quota", "hand-over"])
def test_an_administrator_has_no_say_over_the_owner_or_other_administrators(
    owner, administrator, act
):
    other = make_person(is_staff=True)
    client = _signed_in(administrator)
    for person in (owner, other):
        assert _act(client, person, act, quota_mb="5").status_code == 404
        person.refresh_from_db()
        assert (person.is_active, person.is_staff, person.quota_mb) == (True, True, None)


def test_an_administrator_can_switch_members_off_but_not_promote_them(administrator, stranger):
    client = _signed_in(administrator)
    assert _act(client, stranger, "promote").status_code == 404
    _act(client, stranger, "suspend")
    stranger.refresh_from_db()
    assert not stranger.is_active


def test_nobody_can_switch_themselves_off(client, owner):
    assert _act(client, owner, "suspend").status_code == 404


def test_the_room_for_somebodys_files_can_be_changed(client, stranger):
    assert "of 1000 MB" in client.get(f"{URL}{stranger.pk}/").content.decode()
    _act(client, stranger, "quota", quota_mb="2")
    assert "of 2 MB" in client.get(f"{URL}{stranger.pk}/").content.decode()
    with pytest.raises(files.Refused):
        files.store(stranger, "large", [b"x" * 2_100_000])
    assert _act(client, stranger, "quota", quota_mb="-1").status_code == 422
    _act(client, stranger, "quota", quota_mb="")
    assert files.store(stranger, "large", [b"x" * 2_100_000])


def test_the_installation_can_be_handed_over(client, owner, stranger):
    _act(client, stranger, "hand-over")
    assert Ownership.objects.get().user == stranger
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser) == (True, False)
    assert _act(client, stranger, "suspend").status_code == 404
    with pytest.raises(people.NotAllowed):
        people.hand_over(owner, stranger)


def test_who_typed_the_password_long_ago_is_asked_again_before_a_change(owner, stranger):
    client = signed_in(owner)
    asked = _act(client, stranger, "suspend")
    assert asked.url.startswith("/account/again/")
    assert client.post(asked.url, {"password": PASSWORD}).url == f"{URL}{stranger.pk}/"
    stranger.refresh_from_db()
    assert stranger.is_active
    _act(client, stranger, "suspend")
    stranger.refresh_from_db()
    assert not stranger.is_active


def test_so_are_they_before_they_invite_and_come_back_to_the_people(owner):
    client = signed_in(owner)
    asked = client.post(f"{URL}invite", {"email": "ada@example.org"})
    assert client.post(asked.url, {"password": PASSWORD}).url == URL
    assert not Invitation.objects.exists()


def test_the_password_is_asked_for_before_an_invitation_is_revoked(owner):
    invitations.make(owner)
    asked = signed_in(owner).post(f"{URL}invitations/{Invitation.objects.get().pk}/revoke")
    assert asked.url.startswith("/account/again/")
    assert Invitation.objects.open().exists()


def test_the_page_takes_as_few_questions_for_many(client, django_assert_max_num_queries):
    for _ in range(5):
        make_person()
    with django_assert_max_num_queries(14):
        client.get(URL)
