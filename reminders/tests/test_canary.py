"""What a person writes into reminders is nowhere in clear, whatever they do with it."""

import contextlib
import logging
import tempfile
import time
import uuid

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ahfai.courier import Courier
from ahfai.tests.at_rest import (
    cached,
    database_files,
    holding,
    logs,
    rows,
    sessions,
    temporary_files,
)
from ahfai.tests.sinks import http_sink
from reminders import delivering, due, words
from reminders.models import Channel, Delivery, Reminder
from reminders.tests.test_courier import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "quetzal-ptarmigan-8213"
CONTROL = "waxwing-dotterel-5570"


def test_a_marked_word_of_reminders_is_found_by_the_search_and_nowhere_in_clear(
    client, owner, tmp_path, monkeypatch
):
    plant_in_the_database()
    with temporary_files(tmp_path, monkeypatch) as temporary, logs() as logged:
        everything_a_person_does(client)
        wait_until_the_search_finds_it(client)
        plant_in_the_rest(client)
    places = {
        "database": database_files(),
        "rows": rows(),
        "sessions": sessions(),
        "cache": cached(),
        "temporary files": temporary,
        "logs": logged,
    }
    for name, place in places.items():
        assert holding(CANARY, place) == [], name
        assert holding(CONTROL, place), f"{name}: not searched"


def everything_a_person_does(client) -> None:
    """Each time the answer shows that the word has got there."""
    today = timezone.localdate().isoformat()
    sent = {"title": f"About {CANARY}", "details": f"*{CANARY}*", "tags": f"a/{CANARY}"}
    new = reverse("reminders:new")
    line = {"text": f"About {CANARY} 31 february #a/{CANARY}"}
    assert CANARY in shown(client.post(new, line | {"more": 1}))
    assert CANARY in shown(client.post(reverse("reminders:read"), line))
    assert client.post(reverse("reminders:add"), line).status_code == 422
    assert CANARY in shown(client.post(new, sent | {"day": today, "preview": 1}))
    assert client.post(new, sent | {"at": "09:00"}).status_code == 422
    answer = client.post(new, sent | {"day": today, "unit": "day", "page": uuid.uuid4()})
    assert CANARY not in str(answer.headers) + str(answer.cookies)
    listed = {"name": f"List {CANARY}", "colour": "sky"}
    assert CANARY in shown(client.post(reverse("reminders:list_new"), listed, follow=True))
    assert client.post(reverse("reminders:list_new"), listed).status_code == 422
    reminder = Reminder.objects.get()
    edit = reverse("reminders:edit", args=[reminder.pk])
    again = sent | {"day": today, "details": f"{CANARY} again"}
    client.post(edit, again | {"version": 1})
    assert client.post(edit, again | {"title": CANARY, "version": 1}).status_code == 409
    Reminder.objects.update(next_fire_at=timezone.now())
    due.fire_due()
    assert CANARY in shown(client.get(reverse("reminders:news"), {"since": 0}))
    assert CANARY in shown(client.get(reverse("reminders:notices")))
    feed = {"name": f"{CANARY} phone", "shape": "VTODO", "shows_titles": "on"}
    made = client.post(reverse("reminders:feed_make"), feed)
    assert CANARY in shown(made)
    read = client.get(made.context["address"]).content
    assert CANARY in read.decode()
    brought = read.replace(b"@ahfai", b"@elsewhere").replace(b"CREATED:", b"RRULE:")
    file = SimpleUploadedFile(f"{CANARY}.ics", brought)
    assert CANARY in shown(client.post(reverse("reminders:import"), {"file": file}))
    be_told_outside(client)
    for address in ("snooze?to=10m", "complete", "throw", "restore"):
        reminder.refresh_from_db()
        picked = {"back_to": "list", "reminder": f"{reminder.pk}:{reminder.version}"}
        page = client.post(f"/reminders/{address}", picked, follow=True)
        assert page.status_code == 200
    assert CANARY in shown(client.get(reminder.get_absolute_url()))
    client.get(f"/reminders/?q={CANARY}")
    with contextlib.suppress(RuntimeError), pytest.MonkeyPatch.context() as patched:
        # An error whose text and variables hold the word.
        patched.setattr(words, "when", broken)
        client.get(reminder.get_absolute_url())


def be_told_outside(client) -> None:
    """The channel's name, address and token hold the word, and so does what comes back."""
    with http_sink() as sink, pytest.MonkeyPatch.context() as patched:
        patched.setattr(settings, "NOTIFY_ALLOW", frozenset({sink.place}))
        sink.answers = [(507, {}, CANARY.encode())] * 2
        said = {"server": sink.url, "topic": CANARY, "token": CANARY, "name": CANARY}
        client.post(reverse("reminders:channel_new") + "?kind=ntfy", said | {"by_default": "on"})
        channel = Channel.objects.get()
        test = reverse("reminders:channel_test", args=[channel.pk])
        assert f"507: {CANARY}" in shown(client.post(test))
        Reminder.objects.open().exclude(due=None).update(next_fire_at=timezone.now())
        due.fire_due()
        with Courier(delivering):
            wait_until(lambda: Delivery.objects.exclude(error=None).exists())
    assert f"507: {CANARY}" in shown(client.get(reverse("reminders:deliveries")))
    assert CANARY in shown(client.get(reverse("reminders:told")))


def broken(reminder: Reminder, *_more: object) -> str:
    raise RuntimeError(reminder.title)


def wait_until_the_search_finds_it(client) -> None:
    """The first search after a start reads everything beside its page."""
    end = time.monotonic() + 20
    while "<mark>" not in (page := shown(client.get(reverse("search"), {"q": CANARY}))):
        assert time.monotonic() < end, page
        time.sleep(0.05)


def plant_in_the_database() -> None:
    User.objects.update(name=CONTROL)
    if connection.vendor == "sqlite":
        # From the log into the file.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")


def plant_in_the_rest(client) -> None:
    User.objects.update(name=CONTROL)
    session = client.session
    session["control"] = CONTROL
    session.save()
    cache.set("control", CONTROL)
    logging.getLogger("reminders").error("%s", CONTROL)
    # One with a name and one without, each for a moment.
    for temporary in (tempfile.NamedTemporaryFile, tempfile.TemporaryFile):
        with temporary() as file:
            file.write(CONTROL.encode())
            file.flush()
            time.sleep(0.2)


def shown(response) -> str:
    return response.content.decode()
