"""Making an account."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from accounts.models import Ownership, User, UserKey
from accounts.sign_in.adapter import SIGN_UPS_PER_HOUR
from ahfai.testing import make_person
from ahfai.tests.at_once import at_once

ADA = {"name": "Ada Lovelace", "email": "Ada@Example.org", "password1": "a phrase of my own"}


@pytest.fixture
def url():
    return reverse("account_signup")


def test_a_new_person_is_signed_in_and_at_home(nobody, url):
    response = nobody.post(url, ADA, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert response.context["user"].email == "ada@example.org"
    assert response.context["user"].name == "Ada Lovelace"


def test_before_anybody_has_an_account_the_door_leads_to_making_one(nobody, url, settings):
    asked = nobody.get("/notes/")
    assert nobody.get(asked.url).url == f"{url}?next=%2Fnotes%2F"
    settings.SIGN_UP = "invite"
    assert nobody.get(asked.url).status_code == 200
    settings.SIGN_UP = "open"
    make_person()
    assert nobody.get(asked.url).status_code == 200


def test_a_new_person_has_a_data_key(nobody, url):
    nobody.post(url, ADA)
    assert UserKey.objects.get().owner == User.objects.get()


def test_the_first_person_is_the_owner_and_the_second_is_not(nobody, url):
    assert nobody.get(url).context["first_person"]
    nobody.post(url, ADA)
    second = Client()
    assert not second.get(url).context["first_person"]
    second.post(url, ADA | {"email": "grace@example.org"})
    first = User.objects.get(email="ada@example.org")
    assert Ownership.objects.get().user == first
    assert first.is_staff
    assert not User.objects.get(email="grace@example.org").is_staff


def test_what_is_wrong_is_said_and_what_was_typed_stays(nobody, url):
    response = nobody.post(url, ADA | {"password1": "short"})
    assert response.status_code == 422
    assert "at least 10 characters" in response.content.decode()
    assert "Ada Lovelace" in response.content.decode()
    assert "short" not in response.context["form"]["password1"].as_widget()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "A\0da"},
        {"email": "nowhere"},
        {"email": "a@" + "b" * 250 + ".org"},
        {"password1": "0123456789"},
        {"password1": "ada@example.org"},
        {"password1": "AhFai-2026!"},
        {"password1": "PasswordPassword"},
    ],
)
def test_a_wrong_field_makes_no_account(nobody, url, wrong):
    assert nobody.post(url, ADA | wrong).status_code == 422
    assert not User.objects.exists()


def test_a_password_of_that_kind_is_refused_with_its_reason(nobody, url, settings):
    settings.SITE_URL = "https://chat.tanne-haus.example"
    said = nobody.post(url, ADA | {"password1": "Tanne-haus#1"}).content.decode()
    assert "a word that others would try here first" in said
    assert nobody.post(url, ADA | {"password1": "the tanne behind my haus"}).status_code == 302


def test_a_password_counts_exactly_as_it_was_typed_and_in_full(nobody, url):
    typed = " Zwölf Boxkämpfer \u4e2d\u6587 " + "x" * 80 + " "
    assert nobody.post(url, ADA | {"password1": typed}).status_code == 302
    person = User.objects.get()
    assert person.check_password(typed)
    for other in (typed.strip(), typed.lower(), typed[:72]):
        assert not person.check_password(other)


def test_one_address_has_one_account_whatever_its_letter_case(owner, nobody, url):
    response = nobody.post(url, ADA | {"email": owner.email.upper()})
    assert response.status_code == 422
    assert "account with this e-mail address" in response.content.decode()
    assert User.objects.count() == 1


def test_asking_which_addresses_have_accounts_ends_after_a_few(owner, nobody, url):
    for _ in range(SIGN_UPS_PER_HOUR):
        nobody.post(url, ADA | {"email": owner.email})
    for email in (owner.email, "free@example.org"):
        response = nobody.post(url, ADA | {"email": email})
        assert "tried too often" in response.content.decode()
    assert User.objects.count() == 1


def test_mistakes_in_the_password_are_not_counted(nobody, url):
    for _ in range(SIGN_UPS_PER_HOUR + 1):
        nobody.post(url, ADA | {"password1": "short"})
    assert nobody.post(url, ADA).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_first_at_once_one_is_the_owner():
    def join(number: int) -> None:
        make_person(f"person{number}@example.org")

    at_once(join, 8)
    assert User.objects.count() == 8
    assert User.objects.filter(is_staff=True).count() == 1
    assert Ownership.objects.get().user.is_superuser


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_account(url):
    statuses = []

    def send(_number: int) -> None:
        statuses.append(Client().post(url, ADA).status_code)

    at_once(send, 2)
    assert User.objects.count() == UserKey.objects.count() == EmailAddress.objects.count() == 1
    assert 302 in statuses
    assert set(statuses) <= {302, 422}


def test_the_browsers_time_zone_is_taken_and_nonsense_is_not(nobody):
    for zone, kept in (("Europe/Brussels", "Europe/Brussels"), ("Moon/Crater", "UTC")):
        email = f"{zone.replace('/', '-').lower()}@example.org"
        data = {
            "name": "Ada",
            "email": email,
            "password1": "a long enough phrase",
            "time_zone": zone,
        }
        nobody.post(reverse("account_signup"), data)
        nobody.logout()
        assert User.objects.get(email=email).time_zone == kept
