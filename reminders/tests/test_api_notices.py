"""What was told in the app, for programs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.programs import Program
from ahfai import pages
from reminders import order
from reminders.models import Notice, Reminder

pytestmark = pytest.mark.same_everywhere
NOTICES = "/api/notices"


def told(owner, title: str, minutes_ago: int) -> Notice:
    made = timezone.now() - timedelta(minutes=minutes_ago)
    reminder = Reminder.objects.create(owner=owner, title=title)
    return Notice.objects.create(owner=owner, reminder=reminder, occurrence_at=made, made=made)


def test_what_was_told_is_listed_and_was_seen_from_then_on(owner, stranger, monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 1)
    program = Program(owner, "reminders:read", "reminders:write")
    dentist, gone = told(owner, "Dentist", 9), told(owner, "Gone", 2)
    told(owner, "Soup", 5)
    theirs = told(stranger, "Secret", 1)
    order.trash(owner, [gone.reminder_id])
    first = program.get(NOTICES).json()
    second = program.get(f"{NOTICES}?after={first['next']}").json()
    assert [one["title"] for one in first["notices"] + second["notices"]] == ["Soup", "Dentist"]
    assert second["notices"][0]["reminder"] == str(dentist.reminder_id)
    assert second["next"] is None
    assert program.post(f"{NOTICES}/read").status_code == 204
    assert program.get(f"{NOTICES}?unread=true").json()["notices"] == []
    assert program.get(NOTICES).json()["notices"][0]["read"]
    theirs.refresh_from_db()
    assert theirs.read is None


def test_to_read_is_not_to_have_seen(owner):
    reads, writes = Program(owner, "reminders:read"), Program(owner, "reminders:write")
    assert reads.post(f"{NOTICES}/read").status_code == 403
    assert writes.get(NOTICES).status_code == 403
