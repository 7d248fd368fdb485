"""The log says what failed and where, and never what somebody wrote."""

import datetime
import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client, override_settings
from django.urls import path

from ahfai import urls
from ahfai.logs import ErrorsByPlace, Json
from ahfai.serving.web import WithoutWords
from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeOllama

CANARY = "canary-in-a-question"


def fails(request):
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        raise ValueError(CANARY) from error


urlpatterns = [path("fails", fails), *urls.urlpatterns]


@contextmanager
def written(formatter: logging.Formatter) -> Iterator[io.StringIO]:
    """What is written to the log from here on."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def log():
    with written(ErrorsByPlace()) as kept:
        yield kept


@pytest.fixture
def json_log():
    with written(Json()) as kept:
        yield kept


def test_the_log_is_written_without_words(settings):
    assert settings.LOGGING["formatters"]["line"]["()"] == "ahfai.logs.ErrorsByPlace"
    assert {one["formatter"] for one in settings.LOGGING["handlers"].values()} == {"line"}


@override_settings(ROOT_URLCONF=__name__)
def test_an_error_in_a_page_is_logged_by_its_class_and_place(client, log):
    client.raise_request_exception = False
    answer = client.post(f"/fails?q={CANARY}", {"text": CANARY})
    assert answer.status_code == 500
    for inner in (CANARY, "ValueError", "test_logs"):
        assert inner not in answer.content.decode()
    said = log.getvalue()
    assert "Internal Server Error: /fails" in said
    assert said.index("KeyError") < said.index("ValueError")
    assert "test_logs.py:" in said
    assert "in fails" in said
    assert CANARY not in said


def test_what_is_missing_is_logged_by_its_path_alone(client, log):
    client.get(f"/nowhere?q={CANARY}")
    assert "Not Found: /nowhere\n" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_an_address_begins_no_line_of_its_own(client, log):
    client.get("/nowhere%0A2026-11-28 INFO all is well%1b[2J")
    (line,) = log.getvalue().splitlines()
    assert r"/nowhere\n2026-11-28 INFO all is well\x1b[2J" in line


def test_times_are_those_of_utc(log, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        logging.getLogger("x").warning("now")
    finally:
        monkeypatch.undo()
        time.tzset()
    at = datetime.datetime.fromisoformat(log.getvalue().split()[0])
    assert abs(datetime.datetime.now(datetime.UTC) - at) < datetime.timedelta(minutes=1)


def test_what_is_refused_is_logged_without_the_form(owner, log):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    assert browser.post(f"/chats/start?q={CANARY}", {"text": CANARY}).status_code == 403
    assert "/chats/start" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_a_text_that_another_handler_has_kept_is_not_repeated():
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 1, "failed", None, (type(error), error, error.__traceback__)
        )
    assert CANARY in logging.Formatter().format(record)
    assert CANARY not in ErrorsByPlace().format(record)
    assert CANARY in logging.Formatter().format(record)


def test_the_log_of_the_server_of_pages_holds_no_secret_of_an_address():
    path = f"/reminders/feeds/{'s' * 43}.ics"
    record = logging.LogRecord("gunicorn", logging.ERROR, "", 1, "Error: %s", (path,), None)
    assert WithoutWords().filter(record)
    assert record.getMessage() == "Error: /reminders/feeds/….ics"


def test_the_wordiest_log_holds_no_words_of_a_conversation():
    with FakeOllama(scale=0.01) as ollama, House(OLLAMA_URL=ollama.url, LOG_LEVEL="DEBUG") as house:
        ada = Browser(house.url)
        ada.sign_up()
        text = f"*{CANARY}*\n\n```python\n{CANARY} = 1\n```\n\nhttp://{CANARY}.example"
        chat = ada.post("/chats/start", "/", {"text": text})
        wait_until(lambda: "Hello" in ada.get(chat.url.removeprefix(house.url)).text)
        assert CANARY in ada.get(chat.url.removeprefix(house.url)).text
        said = house.log.read_text()
    assert " DEBUG " in said
    assert CANARY not in said


def test_a_line_of_json_says_the_same_and_which_request_it_was(client, json_log):
    with override_settings(ROOT_URLCONF=__name__):
        client.raise_request_exception = False
        number = client.post(f"/fails?q={CANARY}", {"text": CANARY})["X-Request-ID"]
    line = json.loads(json_log.getvalue().splitlines()[0])
    assert line["message"] == "Internal Server Error: /fails"
    assert line["level"] == "error"
    assert line["request"] == number
    assert line["time"].endswith("+00:00")
    assert "KeyError" in line["error"]
    assert CANARY not in json_log.getvalue()


def test_a_line_about_what_was_refused_says_which_request_it_was(client, json_log):
    number = client.get("/nowhere")["X-Request-ID"]
    line = json.loads(json_log.getvalue())
    assert (line["message"], line["request"]) == ("Not Found: /nowhere", number)


def test_requests_are_logged_by_the_name_of_the_page_where_that_is_wanted(client, json_log):
    requests = logging.getLogger("ahfai.requests")
    client.get(f"/notes/?q={CANARY}")
    assert json_log.getvalue() == ""
    requests.setLevel(logging.INFO)
    try:
        client.get(f"/notes/?q={CANARY}", REMOTE_ADDR="203.0.113.77")
    finally:
        requests.setLevel(logging.WARNING)
    line = json.loads(json_log.getvalue())
    assert (line["method"], line["view"], line["status"]) == ("GET", "notes:list", 200)
    assert line["network"] == "203.0.113.0/24"
    assert line["ms"] > 0
    assert CANARY not in json_log.getvalue()
    assert "203.0.113.77" not in json_log.getvalue()
