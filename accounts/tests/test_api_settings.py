"""Settings for programs."""

import pytest

from accounts.models import User
from accounts.tests.programs import Program
from chats import steering
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


def test_to_read_is_not_to_change(owner):
    reads, writes = Program(owner, "settings:read"), Program(owner, "settings:write")
    for name in ("profile", "telling", "answers"):
        assert reads.patch(f"{SETTINGS}/{name}", {}).status_code == 403
        assert writes.get(f"{SETTINGS}/{name}").status_code == 403
