from django.db import OperationalError, connection


def test_health_answers_without_a_sign_in(nobody):
    response = nobody.get("/health")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_health_leaves_no_session_and_no_cookie(nobody):
    assert not nobody.get("/health").cookies


def test_health_says_when_the_database_is_away(nobody, monkeypatch):
    def no_cursor():
        raise OperationalError("secret host name")

    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", no_cursor)
        response = nobody.get("/health")
    assert response.status_code == 503
    assert b"secret" not in response.content
