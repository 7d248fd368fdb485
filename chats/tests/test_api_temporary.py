"""Temporary chats by the API: answered, and nothing of them is left anywhere."""

import json
import logging
import threading

import pytest
from django.apps import apps
from django.db import models

from accounts.models import KeptAnswer
from accounts.tests.programs import Program
from ahfai.tests import at_rest
from chats import watching
from chats.models import Chat, Message, TemporaryPlace
from chats.tests.conftest import wait_until
from chats.tests.test_watching import events

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/chats/temporary"
WORD = "zanzibar-cassowary-4712"


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "chats:write")


def test_a_question_is_answered_in_its_own_request_with_all_that_was_said(program, ollama):
    before = [{"mine": "I have a dog", "answer": "Good."}, {"mine": "And a cat"}]
    asked = program.post(PATH, {"text": f"What do I have? {WORD}", "before": before})
    assert asked["Content-Type"] == "text/event-stream"
    got = list(events(asked))
    assert (got[0][0], got[-1][0]) == ("reply", "done")
    words = "".join(data["text"] for name, _number, data in got if name == "text")
    done = got[-1][2]
    assert (done["state"], done["content"], done["sentence"]) == ("done", words, "")
    assert done["model"] == got[0][2]["model"]
    turns = [turn["content"] for turn in ollama.chats[-1].body["messages"][1:]]
    assert turns == ["I have a dog", "Good.", f"And a cat\n\nWhat do I have? {WORD}"]
    assert not any(model.objects.exists() for model in (Chat, Message, TemporaryPlace, KeptAnswer))
    assert WORD not in json.dumps([_texts(model) for model in apps.get_models()])


def _texts(model: type[models.Model]) -> list[str]:
    """Sealed ones opened."""
    rows = model._base_manager.all()
    return [
        str({one.attname: getattr(row, one.attname) for one in model._meta.concrete_fields})
        for row in rows
    ]


def test_no_word_of_it_is_logged_nor_of_what_is_refused(program, ollama):
    with at_rest.logs() as logs:
        logging.getLogger("chats").info("control word")
        list(events(program.post(PATH, {"text": WORD})))
        for wrong in ({"text": WORD, WORD: WORD}, {"text": [WORD]}, {"text": f"/remind {WORD}"}):
            assert program.post(PATH, wrong).status_code == 422
    assert at_rest.holding("control word", logs), "the logs weren't searched"
    assert at_rest.holding(WORD, logs) == []


def test_who_asks_for_it_or_closes_the_stream_ends_the_answer(program, stranger, ollama):
    ollama.play("endless")
    got: list = []
    reader = threading.Thread(target=lambda: got.extend(events(program.post(PATH, {"text": "?"}))))
    reader.start()
    place = wait_until(TemporaryPlace.objects.first)
    wait_until(lambda: ollama.chats)
    assert Program(stranger, "chats:write").post(f"{PATH}/{place.pk}/stop").status_code == 404
    assert program.post(f"{PATH}/{place.pk}/stop").status_code == 204
    reader.join(10)
    assert got[-1][2]["state"] == "stopped"
    answer = program.post(PATH, {"text": "Hello?"})
    taken = iter(answer.streaming_content)
    while b"event: text" not in next(taken):
        pass
    answer.close()
    wait_until(lambda: not TemporaryPlace.objects.exists())


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"text": " "}, "text", "Write something first."),
        ({"text": "x", "before": [{"mine": ""}]}, "", "didn't arrive whole"),
        ({"text": "x", "before": [{"answer": "x"}]}, "before.0.mine", "It is missing."),
        ({"text": "x", "before": [{"mine": "x" * 300_001}]}, "", "become too long"),
        ({"text": "x", "files": []}, "files", "no such member"),
    ],
)
def test_what_can_not_be_asked_is_refused_in_words(program, said, field, sentence):
    refused = program.post(PATH, said)
    assert refused.status_code == 422
    [fault] = refused.json()["errors"]
    assert (fault["field"], sentence in fault["sentence"]) == (field, True)


def test_nothing_is_done_and_nothing_kept_for_it(program, ollama, monkeypatch):
    command = program.post(PATH, {"text": "/remind call mum tomorrow"})
    assert (command.status_code, "changes nothing" in command.json()["detail"]) == (422, True)
    by_key = program.post(PATH, {"text": WORD}, Idempotency_Key="abc")
    assert (by_key.status_code, "kept nowhere" in by_key.json()["detail"]) == (422, True)
    assert not KeptAnswer.objects.exists()
    monkeypatch.setattr(watching, "is_crowded", lambda: True)
    assert program.post(PATH, {"text": "Hello?"}).status_code == 503
    assert not ollama.chats
