"""Webhooks: a person makes one, their program is told of what changes, and checks that it is from
here."""

import datetime
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import audit
from accounts.models import Webhook, WebhookEvent
from accounts.programs import jwts, webhook_sending, webhooks
from accounts.sealing import keys
from accounts.tests.factors import sign_in
from accounts.tests.programs import Program
from ahfai import outbound
from ahfai.courier import Courier
from ahfai.models import Heartbeat
from ahfai.testing import make_person, signed_in
from ahfai.tests.sinks import http_sink
from ahfai.webhook_views import EVENTS
from chats import order as chat_order
from chats.lifecycle import closing, storing
from chats.models import State
from chats.tests.conftest import wait_until
from notes import order, writing
from reminders import completing
from reminders import order as reminder_order
from reminders.tests.sinks import fire

LIST, NEW = "/you/webhooks/", "/you/webhooks/new"

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings):
    with http_sink() as sink:
        settings.NOTIFY_ALLOW = [sink.place]
        yield sink


@pytest.fixture
def client(owner):
    """The owner's browser, a moment after the sign-in."""
    return sign_in(owner.email)[0]


def hook(person, address: str, *events: str) -> tuple[Webhook, str]:
    with transaction.atomic():
        return webhooks.make(person, address, events or EVENTS)


def send(now: datetime.datetime | None = None) -> int:
    """As a courier does it, once for all that waits by then."""
    leases = webhook_sending.claim(100, now=now or timezone.now() + webhooks.SETTLES)
    for ready in webhook_sending.look_at(leases):
        webhook_sending.settle(ready, ready.send(), now)
    return len(leases)


def kinds() -> list[str]:
    return sorted(WebhookEvent.objects.values_list("kind", flat=True))


def test_a_person_makes_one_and_their_program_can_check_what_comes(owner, client, sink):
    said = {"address": sink.url, "events": ["note.created", "note.trashed"]}
    page = client.post(NEW, said).content.decode()
    secret = re.search(r"<code[^>]*>(whsec_[^<]+)</code>", page)[1]
    row = owner.webhooks.get()
    assert secret not in client.get(f"{LIST}{row.pk}/").content.decode()
    note = writing.create(owner, "Secret plans", "canary")
    writing.save(note, "Secret plans", "canary, more", 1)
    assert send() == 1
    [request] = sink.requests
    event = WebhookEvent.objects.get()
    assert json.loads(request.body) == {
        "type": "note.created",
        "timestamp": event.happened.isoformat(),
        "data": {"id": str(note.pk), "kind": "note"},
    }
    shown = Path(settings.BASE_DIR, "docs/api.md").read_text()
    names: dict = {}
    exec(re.search(r"```python\n(import base64.*?)```", shown, re.DOTALL)[1], names)
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["webhook-id"] == str(event.pk)
    assert names["is_from_ahfai"](secret, headers, request.body)
    assert not names["is_from_ahfai"](secret, headers, request.body + b" ")
    page = client.get(f"{LIST}{row.pk}/").content.decode()
    assert "A note is new" in page
    assert "answered 200" in page
    assert "A webhook was made: " in audit.told(owner.audit_entries.latest("at")).sentence


def test_each_event_can_be_ticked_once_under_what_it_is_about(client):
    page = client.get(NEW).content.decode()
    legends = re.findall(r"<legend>(.*?)</legend>", page)
    assert legends == ["What it is told of", "Chats", "Notes", "Reminders"]
    assert re.findall(r'name="events" value="([^"]+)"', page) == list(EVENTS)


def test_who_signed_in_long_ago_is_asked_once_more_before_one_is_made(owner):
    answer = signed_in(owner).get(NEW)
    assert answer.url.startswith("/account/again/?next=%2Fyou%2Fwebhooks%2Fnew")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"address": ""}, "Say where your program waits"),
        ({"address": "http://127.0.0.1:22/"}, "https://"),
        ({"address": "https://10.0.0.1/"}, "private network"),
        ({"events": []}, "Tick at least one"),
        ({"events": ["everything"]}, "not one of the available choices"),
    ],
)
def test_what_is_missing_or_made_up_is_said_on_the_same_page(client, said, sentence):
    answer = client.post(
        NEW, {"address": "https://example.org/", "events": ["note.created"]} | said
    )
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Webhook.objects.exists()


def test_one_person_has_ten_at_most(owner, client):
    for _number in range(webhooks.MAX_WEBHOOKS):
        hook(owner, "https://example.org/")
    answer = client.post(NEW, {"address": "https://example.org/", "events": ["note.created"]})
    assert answer.status_code == 422
    assert "You have 10 webhooks already" in answer.content.decode()


def test_only_the_owners_programs_are_told_and_only_of_what_was_chosen(owner, stranger):
    hook(owner, "https://example.org/", "note.trashed")
    hook(stranger, "https://example.org/")
    note = writing.create(owner, "t", "b")
    assert kinds() == []
    order.move(owner, [note.pk], "trash")
    assert kinds() == ["note.trashed"]


def test_what_is_undone_tells_nobody(owner):
    hook(owner, "https://example.org/")
    with transaction.atomic():
        writing.create(owner, "t", "b")
        transaction.set_rollback(True)
    assert not WebhookEvent.objects.exists()


def test_many_saves_of_a_note_are_one_event_until_it_was_tried(owner, sink):
    hook(owner, sink.url, "note.changed")
    note = writing.create(owner, "t", "0")
    for number in range(1, 5):
        note = writing.save(note, "t", str(number), number)
    assert kinds() == ["note.changed"]
    assert send(timezone.now()) == 0, "not before the person has paused"
    sink.answers.append((500, {}, b""))
    send()
    writing.save(note, "t", "again", 5)
    assert kinds() == ["note.changed"] * 2


def test_what_was_not_taken_is_tried_again_with_the_same_id(owner, sink):
    hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    sink.answers.append((503, {}, b"busy"))
    send()
    event = WebhookEvent.objects.get()
    assert (event.state, event.status, event.attempts) == ("waiting", 503, 1)
    assert send(event.next_try_at - datetime.timedelta(seconds=1)) == 0
    send(event.next_try_at)
    assert WebhookEvent.objects.get().state == "sent"
    assert len({request.headers["webhook-id"] for request in sink.requests}) == 1


def test_after_three_days_it_is_given_up_switched_off_and_said_so(owner, client, sink):
    row, _secret = hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    writing.create(owner, "later", "b")
    later = WebhookEvent.objects.latest("made")
    WebhookEvent.objects.filter(pk=later.pk).update(next_try_at="2100-01-01T00:00Z")
    now = began = timezone.now()
    for _number in range(webhook_sending.MOST_ATTEMPTS):
        sink.answers.append((500, {}, b""))
        send(now)
        now = WebhookEvent.objects.exclude(pk=later.pk).get().next_try_at
    assert now - began > datetime.timedelta(days=3)
    assert sorted(WebhookEvent.objects.values_list("state", flat=True)) == ["dropped", "failed"]
    page = client.get(f"{LIST}{row.pk}/").content.decode()
    assert "For three days nothing that was sent there was taken." in page
    writing.create(owner, "t", "b")
    assert WebhookEvent.objects.count() == 2, "what is off is told of nothing"
    client.post(f"{LIST}{row.pk}/switch", {"to": "on"})
    writing.create(owner, "t", "b")
    assert WebhookEvent.objects.count() == 3


@pytest.mark.parametrize(
    ("address", "sentence"), [("", "nothing is wanted there"), ("http://127.0.0.1:22/", "https://")]
)
def test_gone_or_not_allowed_switches_it_off_at_once(owner, sink, address, sentence):
    row, _secret = hook(owner, address or sink.url, "note.created")
    writing.create(owner, "t", "b")
    sink.answers.append((410, {}, b""))
    send()
    row.refresh_from_db()
    assert row.off_since
    assert sentence in row.off_because
    assert WebhookEvent.objects.get().state == "failed"


def test_a_broken_sending_is_a_try_that_failed_and_is_not_in_the_log(
    owner, sink, monkeypatch, caplog
):
    def broken(*_what: object) -> None:
        raise RuntimeError("canary")

    hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    monkeypatch.setattr(outbound, "post", broken)
    send()
    assert "a webhook failed: RuntimeError" in caplog.text
    assert "canary" not in caplog.text
    assert WebhookEvent.objects.get().attempts == 1


def test_no_more_than_so_many_wait_and_the_page_says_how_many_were_left_out(
    owner, client, monkeypatch
):
    monkeypatch.setattr(webhooks, "MAX_WAITING", 2)
    row, _secret = hook(owner, "https://example.org/", "note.created")
    for _number in range(3):
        writing.create(owner, "t", "b")
    assert WebhookEvent.objects.count() == 2
    page = client.get(f"{LIST}{row.pk}/").content.decode()
    assert "1 event was left out" in page


def test_a_test_is_sent_while_it_is_on(owner, client, sink):
    row, _secret = hook(owner, sink.url, "note.created")
    client.post(f"{LIST}{row.pk}/test")
    send()
    assert json.loads(sink.requests[0].body)["type"] == "webhook.test"
    assert "A test" in client.get(f"{LIST}{row.pk}/").content.decode()
    client.post(f"{LIST}{row.pk}/switch", {"to": "off"})
    assert "You switched it off" in client.get(f"{LIST}{row.pk}/").content.decode()
    assert client.post(f"{LIST}{row.pk}/test").status_code == 404


def test_tests_are_limited(owner, client, monkeypatch):
    monkeypatch.setattr("ahfai.webhook_views.TESTS_PER_HOUR", 1)
    row, _secret = hook(owner, "https://example.org/", "note.created")
    for _number in range(2):
        answer = client.post(f"{LIST}{row.pk}/test", follow=True)
    assert "That was often" in answer.content.decode()


def test_deleting_one_asks_first(owner, client):
    row, _secret = hook(owner, "https://example.org/", "note.created")
    assert "Delete this webhook?" in client.get(f"{LIST}{row.pk}/delete").content.decode()
    client.post(f"{LIST}{row.pk}/delete")
    assert not owner.webhooks.exists()
    assert "Make a webhook" in client.get(LIST).content.decode()


def test_one_whose_address_cant_be_opened_can_still_be_deleted(owner, client):
    row, _secret = hook(owner, "https://example.org/", "note.created")
    Webhook.objects.filter(pk=row.pk).update(off_since=timezone.now())
    owner.keys.all().delete()
    keys.forget(owner.pk)
    assert "can&#x27;t be opened" in client.get(LIST).content.decode()


def test_somebody_whose_account_is_off_is_told_nothing(owner, sink):
    hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    owner.is_active = False
    owner.save()
    send()
    assert WebhookEvent.objects.get().state == "dropped"
    assert sink.requests == []


def test_before_an_account_is_erased_nothing_is_on_its_way(owner):
    hook(owner, "https://example.org/", "note.created")
    writing.create(owner, "t", "b")
    [lease] = webhook_sending.claim(1)
    assert not webhooks.hush(owner)
    webhook_sending.give_back([lease])
    assert webhooks.hush(owner)


def test_a_lease_that_ran_out_is_taken_by_another_who_alone_says_what_came_of_it(owner, sink):
    hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    [old] = webhook_sending.claim(1)
    [ready] = webhook_sending.look_at([old])
    assert webhook_sending.claim(1) == [], "it is held"
    WebhookEvent.objects.update(lease_until=timezone.now() - datetime.timedelta(minutes=1))
    [_new] = webhook_sending.claim(1)
    webhook_sending.settle(ready, webhook_sending.Outcome(200))
    assert WebhookEvent.objects.get().state == "waiting"


def test_who_lost_the_lease_switches_nothing_off(owner, sink):
    row, _secret = hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    [ready] = webhook_sending.look_at(webhook_sending.claim(1))
    WebhookEvent.objects.update(lease_until=timezone.now() - datetime.timedelta(minutes=1))
    webhook_sending.claim(1)
    webhook_sending.settle(ready, webhook_sending.Outcome(410, "gone", is_final=True))
    assert Webhook.objects.get(pk=row.pk).off_since is None


def test_one_that_is_given_up_leaves_a_webhook_on_that_takes_others(owner, sink):
    row, _secret = hook(owner, sink.url, "note.created")
    writing.create(owner, "taken", "b")
    send()
    writing.create(owner, "never taken", "b")
    waiting = WebhookEvent.objects.filter(state="waiting")
    waiting.update(attempts=webhook_sending.MOST_ATTEMPTS - 1, is_fresh=None)
    sink.answers.append((500, {}, b""))
    send()
    assert sorted(WebhookEvent.objects.values_list("state", flat=True)) == ["failed", "sent"]
    assert Webhook.objects.get(pk=row.pk).off_since is None


def test_why_it_was_not_taken_is_said(owner, client, settings, sink):
    row, _secret = hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    sink.answers.append((302, {"Location": "https://example.org/"}, b""))
    send()
    assert "AhFai doesn&#x27;t follow" in client.get(f"{LIST}{row.pk}/").content.decode()
    settings.NOTIFY_ALLOW = ["127.0.0.1:1"]
    away, _secret = hook(owner, "http://127.0.0.1:1/", "note.created")
    writing.create(owner, "t", "b")
    send()
    assert "be reached" in client.get(f"{LIST}{away.pk}/").content.decode()


def test_without_its_persons_key_it_is_given_up_and_keeps_nobody_else_waiting(owner, sink):
    hook(owner, sink.url, "note.created")
    for _number in range(2):
        writing.create(owner, "t", "b")
    [one, another] = webhook_sending.claim(2)
    [ready] = webhook_sending.look_at([one])
    owner.keys.all().delete()
    keys.forget(owner.pk)
    assert webhook_sending.look_at([another]) == []
    webhook_sending.settle(ready, webhook_sending.Outcome(sentence="Nobody answers."))
    assert sorted(WebhookEvent.objects.values_list("state", flat=True)) == ["failed", "waiting"]
    assert WebhookEvent.objects.filter(error=None).count() == 2


def test_what_senders_died_of_each_time_is_given_up(owner, sink):
    hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    WebhookEvent.objects.update(attempts=webhook_sending.MOST_ATTEMPTS, is_fresh=None)
    send()
    assert WebhookEvent.objects.get().state == "failed"
    assert sink.requests == []


def test_nobody_takes_more_than_their_part(owner):
    other = make_person()
    for person in (owner, other):
        hook(person, "https://example.org/", "note.created")
    for _number in range(3):
        writing.create(owner, "t", "b")
    writing.create(other, "t", "b")
    leases = webhook_sending.claim(10, each=2, busy={owner.pk: 1})
    held = WebhookEvent.objects.filter(pk__in=[lease.event_id for lease in leases])
    assert sorted(held.values_list("owner", flat=True)) == sorted([owner.pk, other.pk])


def test_old_ones_are_forgotten(owner):
    hook(owner, "https://example.org/", "note.created")
    writing.create(owner, "t", "b")
    WebhookEvent.objects.update(
        made=timezone.now() - datetime.timedelta(days=31), state="failed", is_fresh=None
    )
    webhook_sending.forget_old()
    assert not WebhookEvent.objects.exists()


def test_a_reminders_life_is_told(owner):
    hook(owner, "https://example.org/")
    reminder = fire(owner)
    completing.complete(owner, {reminder.pk: reminder.version})
    reminder_order.trash(owner, [reminder.pk])
    reminder_order.restore(owner, [reminder.pk])
    reminder_order.delete(reminder)
    happened = ("created", "deleted", "done", "due", "restored", "trashed")
    assert kinds() == [f"reminder.{what}" for what in happened]


def test_a_program_makes_lists_and_deletes_one(owner):
    program = Program(owner, "webhooks:write")
    said = {"address": "https://example.org/", "events": ["note.created"]}
    made = program.post("/api/webhooks", said)
    assert made.status_code == 201
    assert made.json()["secret"] == owner.webhooks.get().secret
    [listed] = program.get("/api/webhooks").json()["webhooks"]
    assert listed.items() < made.json().items()
    assert program.post("/api/webhooks", said | {"events": ["everything"]}).status_code == 422
    path = f"/api/webhooks/{listed['id']}"
    assert program.ask("DELETE", path).status_code == 204
    assert program.ask("DELETE", path).status_code == 404


def test_a_program_makes_no_more_than_a_person(owner):
    for _number in range(webhooks.MAX_WEBHOOKS):
        hook(owner, "https://example.org/")
    said = {"address": "https://example.org/", "events": ["note.created"]}
    assert Program(owner, "webhooks:write").post("/api/webhooks", said).status_code == 409


def test_a_browser_or_a_front_end_that_signed_in_long_ago_makes_none_by_the_api(owner):
    said = json.dumps({"address": "https://example.org/", "events": ["note.created"]})
    answer = signed_in(owner).post("/api/webhooks", said, content_type="application/json")
    assert answer.status_code == 403
    access = jwts.begin(owner, RequestFactory().get("/")).access
    headers = {"Authorization": f"Bearer {access}"}
    answer = Client().post("/api/webhooks", said, "application/json", headers=headers)
    assert answer.status_code == 403
    assert not Webhook.objects.exists()


def test_a_chats_life_is_told(owner):
    hook(owner, "https://example.org/")
    reply, _is_new = storing.start(owner, "Hello", "m", None)
    closing.close(reply, State.DONE)
    closing.close(reply, State.DONE)
    reply.chat.rename("Greetings")
    chat_order.move(owner, [reply.chat_id], "trash")
    chat_order.move(owner, [reply.chat_id], "restore")
    chat_order.move(owner, [reply.chat_id], "pin")
    chat_order.delete(reply.chat)
    happened = ("changed", "created", "deleted", "restored", "trashed")
    assert kinds() == [*(f"chat.{what}" for what in happened), "reply.finished"]


def test_a_reply_whose_process_died_is_told_of_as_failed(owner):
    hook(owner, "https://example.org/", "reply.failed")
    storing.start(owner, "Hello", "m", None)
    Heartbeat.objects.all().delete()
    assert closing.close_dead() == 1
    assert kinds() == ["reply.failed"]


@pytest.mark.django_db(transaction=True)
def test_the_courier_carries_it(owner, sink):
    hook(owner, sink.url, "note.created")
    writing.create(owner, "t", "b")
    with Courier(webhook_sending):
        wait_until(lambda: WebhookEvent.objects.filter(state="sent").exists())
    assert len(sink.requests) == 1


# PostgreSQL doesn't look into an index of a table that fits into one page.
@pytest.mark.only_on_sqlite
def test_what_was_sent_makes_counting_what_waits_no_slower(owner):
    made, _secret = hook(owner, "https://example.org/")
    waiting = WebhookEvent.objects.filter(webhook=made, state=WebhookEvent.State.WAITING)
    assert "webhookevent_waiting" in waiting.explain()
