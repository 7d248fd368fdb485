"""What a person can set."""

import re
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.middleware import use_the_persons_time_zone
from accounts.models import User

URL = "/you/settings/"
GOOD = {"name": "Olivia O.", "theme": "dark", "time_zone": "Europe/Brussels"}


def test_the_page_shows_what_is_set(client):
    page = client.get(URL).content.decode()
    assert 'value="Olivia Owner"' in page
    assert "owner@example.org" in page


def test_saved_settings_are_used_from_the_next_page_on(client, owner):
    response = client.post(URL, GOOD, follow=True)
    assert response.redirect_chain == [(URL, 302)]
    owner.refresh_from_db()
    assert (owner.name, owner.theme, owner.time_zone) == ("Olivia O.", "dark", "Europe/Brussels")
    page = response.content.decode()
    assert 'data-theme="dark"' in page
    assert re.search(r'<option value="Europe/Brussels"\s+selected', page)
    assert "Your settings are saved." in page


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "x" * 81}, {"theme": "pink"}, {"time_zone": "Mars/Olympus"}],
)
def test_a_wrong_value_changes_nothing(client, owner, wrong):
    response = client.post(URL, GOOD | wrong)
    assert response.status_code == 422
    owner.refresh_from_db()
    assert (owner.name, owner.theme) == ("Olivia Owner", "system")


def test_nobody_becomes_staff_or_somebody_else_by_a_longer_form(strangers_client, stranger):
    strangers_client.post(URL, GOOD | {"is_staff": "on", "email": "x@example.org", "id": "1"})
    stranger.refresh_from_db()
    assert stranger.email == "stranger@example.org"
    assert not stranger.is_staff


def test_saving_leaves_alone_what_the_form_does_not_show(client, owner, monkeypatch):
    save = User.save

    def save_after_another_tab(self, *args, **kwargs):
        User.objects.filter(pk=self.pk).update(email="new@example.org")
        save(self, *args, **kwargs)

    monkeypatch.setattr(User, "save", save_after_another_tab)
    client.post(URL, GOOD)
    owner.refresh_from_db()
    assert owner.email == "new@example.org"


def test_pages_are_made_in_the_persons_time_zone(rf, owner):
    owner.time_zone = "Pacific/Auckland"
    assert _zone_of_a_page_for(rf, owner) == ZoneInfo("Pacific/Auckland")


def test_a_zone_that_is_not_known_any_more_does_not_close_the_pages(rf, owner):
    owner.time_zone = "Mars/Olympus"
    assert _zone_of_a_page_for(rf, owner) == timezone.get_default_timezone()


def _zone_of_a_page_for(rf, person):
    request = rf.get("/")
    request.user = person
    return use_the_persons_time_zone(lambda _request: timezone.get_current_timezone())(request)
