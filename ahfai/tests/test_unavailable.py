"""A database that is away for a moment: said in words, with when to try again."""

import psycopg
import pytest
from django.db import DatabaseError, InternalError, OperationalError
from psycopg import errors

from ahfai import unavailable, views

pytestmark = pytest.mark.same_everywhere


def failed(request, cause: Exception, kind: type[DatabaseError] = OperationalError):
    try:
        raise kind("a password may be in here") from cause
    except DatabaseError:
        return views.broken(request)


@pytest.mark.parametrize(
    "cause", [psycopg.OperationalError("gone"), errors.AdminShutdown(), errors.LockNotAvailable()]
)
def test_a_page_says_that_it_will_be_back(rf, cause):
    answer = failed(rf.get("/notes/"), cause)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert "Back in a moment" in answer.text
    assert "password" not in answer.text


def test_a_replica_in_the_place_of_its_primary_passes_and_other_inner_errors_do_not(rf):
    on_a_replica = failed(rf.get("/"), errors.ReadOnlySqlTransaction(), InternalError)
    assert on_a_replica.status_code == 503
    for cause in (errors.InternalError_(), psycopg.InternalError()):
        assert failed(rf.get("/"), cause, InternalError).status_code == 500


def test_a_program_is_told_in_its_own_form(rf):
    answer = failed(rf.get("/api/notes"), psycopg.OperationalError())
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"]


@pytest.mark.parametrize("cause", [ValueError("no database at all"), errors.DiskFull()])
def test_what_passes_by_itself_is_told_from_what_does_not(rf, cause):
    lasting = not isinstance(cause, psycopg.Error)
    assert failed(rf.get("/"), cause).status_code == (500 if lasting else 503)


def test_what_breaks_under_a_program_is_a_problem_without_what_it_was(rf):
    answer = failed(rf.get("/api/notes"), ValueError("no database at all"))
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert b"password" not in answer.content


def test_a_piece_of_a_page_gets_a_sentence(rf):
    answer = unavailable.answer(rf.get("/", headers={"HX-Request": "true"}))
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/json")
