"""The first page after signing in."""

import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ahfai.testing import signed_in
from chats.models import Chat


@pytest.mark.parametrize(
    ("hour_utc", "greeting"),
    [(3, "Good evening"), (4, "Good morning"), (11, "Good afternoon"), (17, "Good evening")],
)
def test_the_greeting_goes_by_the_persons_own_clock(owner, hour_utc, greeting):
    owner.time_zone = "Europe/Brussels"  # one hour ahead of UTC in January
    owner.save(update_fields=["time_zone"])
    now = datetime.datetime(2027, 1, 15, hour_utc, 30, tzinfo=datetime.UTC)
    with time_machine.travel(now, tick=False):
        assert f"{greeting}, Olivia" in signed_in(owner).get("/").content.decode()


def test_each_page_brings_an_id_of_its_own_for_the_next_message(client):
    ids = {client.get("/").context["request_id"] for _ in range(3)}
    assert len(ids) == 3


def test_the_page_opens_while_no_model_server_answers(client):
    response = client.get("/")
    assert response.status_code == 200
    assert response.context["model_status"].state == "away"


def test_the_latest_chats_are_there(client, owner):
    Chat.objects.create(owner=owner, title="Weekend in the Ardennes", model="m")
    assert "Weekend in the Ardennes" in client.get("/").content.decode()


def test_more_chats_do_not_take_more_questions(client, owner):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/")
        return len(asked)

    for number in range(4):
        Chat.objects.create(owner=owner, title=f"Chat {number}", model="m")
    few = queries()
    for number in range(8):
        Chat.objects.create(owner=owner, title=f"Chat {number}", model="m")
    assert queries() == few


def test_private_pages_are_kept_out_of_caches(client):
    assert "no-store" in client.get("/")["Cache-Control"]


@pytest.mark.parametrize("path", ["/no/such/page", "/chats/not-an-id/"])
def test_a_missing_page_is_said_in_words(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "<h1>" in response.content.decode()
