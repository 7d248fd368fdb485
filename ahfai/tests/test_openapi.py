"""What the API can do, for programs to read."""

import pytest

pytestmark = pytest.mark.only_on_sqlite


def test_everybody_reads_there_what_the_api_can_do(nobody):
    answer = nobody.get("/api/openapi.json")
    assert answer.status_code == 200
    said = answer.json()
    assert said["openapi"].startswith("3.1")
    assert said["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {*said["paths"]} == {
        "/api/me",
        "/api/notes",
        "/api/notes/{note_id}",
        "/api/reminders",
        "/api/reminders/undated",
        "/api/reminders/{reminder_id}",
        "/api/reminders/{reminder_id}/complete",
    }
    assert {*said["paths"]["/api/notes/{note_id}"]} == {"get", "patch"}
    assert "NewWords" in said["components"]["schemas"]
