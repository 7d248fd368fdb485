"""Settings for programs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Scope, User
from accounts.tests.programs import Program, what_happened
from ahfai import retention
from chats import steering
from chats.models import Chat
from notes.models import Note
from reminders.models import Telling

pytestmark = pytest.mark.same_everywhere
SETTINGS = "/api/settings"


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "settings:read", "settings:write")


def test_the_profile_is_read_and_changed(owner, program):
    path = f"{SETTINGS}/profile"
    assert program.get(path).json()["name"] == owner.name
    changed = program.patch(path, {"time_zone": "Asia/Tokyo", "theme": "dark"})
    said = {"name": owner.name, "time_zone": "Asia/Tokyo", "theme": "dark"}
    assert changed.json() == program.get(path).json() == said
    for wrong in ({"time_zone": "Moon/Base"}, {"theme": "loud"}, {"name": ""}, {"name": "x" * 81}):
        refused = program.patch(path, wrong)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] in wrong
    program.patch(path, {"email": "new@example.org", "is_staff": True, "quota_mb": 9})
    after = User.objects.get(pk=owner.pk)
    assert (after.email, after.is_staff, after.quota_mb) == (owner.email, owner.is_staff, None)


def test_when_somebody_is_told_is_read_and_changed(owner, program):
    path = f"{SETTINGS}/telling"
    nothing = {"quiet_from": None, "quiet_until": None, "digest_at": None}
    assert program.get(path).json() == nothing
    program.patch(path, {"quiet_from": "22:00", "quiet_until": "07:00"})
    told = program.patch(path, {"digest_at": "08:30"}).json()
    said = {"quiet_from": "22:00:00", "quiet_until": "07:00:00", "digest_at": "08:30:00"}
    assert told == program.get(path).json() == said
    assert Telling.objects.get().next_digest_at
    for wrong in ({"quiet_until": None}, {"digest_at": "08:30Z"}, {"digest_at": "late"}):
        assert program.patch(path, wrong).status_code == 422
    assert program.patch(path, nothing).json() == nothing


def test_how_the_model_answers_is_read_and_changed(owner, program):
    path = f"{SETTINGS}/answers"
    nothing = {
        "instructions": "",
        "temperature": None,
        "longest": None,
        "reads": None,
        "think": "",
    }
    assert program.get(path).json() == nothing
    program.patch(path, {"instructions": "Be brief.", "temperature": 0.2})
    said = program.patch(path, {"think": "low"}).json()
    assert (said["instructions"], said["temperature"], said["think"]) == ("Be brief.", 0.2, "low")
    assert steering.defaults(owner).instructions == "Be brief."
    for wrong in ({"temperature": 3}, {"longest": 1}, {"think": "hard"}, {"reads": "many"}):
        assert program.patch(path, wrong).status_code == 422
    assert program.patch(path, nothing).json() == nothing


def test_how_long_things_are_kept_is_set_after_it_was_told_what_would_go(owner):
    path = f"{SETTINGS}/kept"
    program = Program(owner, *Scope)
    old = timezone.now() - timedelta(days=100)
    Chat.objects.create(owner=owner, title="Old", model="m", changed=old)
    Note.objects.create(owner=owner, title="Gone", body="", trashed=timezone.now() - timedelta(8))
    nothing = {"chats": None, "trash": None}
    assert program.get(path).json() == nothing
    for said, would_go in (
        ({"chats": 90}, {"chats": 1, "trash": 0}),
        ({"trash": 7}, {"chats": 0, "trash": 1}),
    ):
        asked = program.patch(path, said)
        assert (asked.status_code, asked.json()["would_go"]) == (409, would_go)
        assert program.get(path).json() == nothing
    assert program.patch(path, {"chats": 90, "is_sure": True}).json() == nothing | {"chats": 90}
    # Longer, or as it is, nothing goes by it.
    assert program.patch(path, {"chats": 365}).json() == nothing | {"chats": 365}
    assert program.patch(path, {"chats": None}).json() == nothing
    retention.apply()
    assert owner.chats.exists()
    sentences = [one for one in what_happened(owner) if "things are kept" in one]
    told = {one.partition(": ")[2].split(",")[0] for one in sentences}
    assert told == {"chats 90 days", "chats 365 days", "chats for ever"}
    for wrong in ({"chats": 31}, {"trash": 30}, {"trash": 0}, {"chats": "for ever"}):
        refused = program.patch(path, wrong | {"is_sure": True})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, *wrong)


def test_a_token_that_may_not_delete_shortens_nothing(owner, program):
    for said, scope in (({"chats": 90}, "chats:write"), ({"trash": 7}, "reminders:write")):
        refused = program.patch(f"{SETTINGS}/kept", said | {"is_sure": True})
        assert (refused.status_code, scope in refused["WWW-Authenticate"]) == (403, True)
    assert program.patch(f"{SETTINGS}/kept", {"chats": None}).status_code == 200


def test_to_read_is_not_to_change(owner):
    reads, writes = Program(owner, "settings:read"), Program(owner, "settings:write")
    for name in ("profile", "telling", "answers", "kept"):
        assert reads.patch(f"{SETTINGS}/{name}", {}).status_code == 403
        assert writes.get(f"{SETTINGS}/{name}").status_code == 403
