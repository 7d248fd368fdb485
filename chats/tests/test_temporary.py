"""A temporary chat: answered like every other one, and nothing of it is left anywhere."""

import html
import logging
import re
import tempfile
import threading
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse

from accounts.models import SealedFile
from accounts.sessions import SessionStore
from ahfai.models import Heartbeat
from ahfai.tests import at_rest
from chats import generation, temporary, watching
from chats.lifecycle import closing, heartbeat, line, places
from chats.models import Chat, Message, TemporaryPlace
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import Pause, Send, head, say
from chats.tests.test_presets import SAILOR, make
from chats.tests.test_reply_life import start
from chats.tests.test_watching import events

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = {"Accept": "text/event-stream"}
PAGE = "/chats/temporary"
WORD = "zanzibar-cassowary-4712"
CONTROL = "control-word-2174"


def ask(client, text="Hello?", said=(), **more):
    mine, answers = zip(*said, strict=True) if said else ((), ())
    fields = {"text": text, "mine": mine, "answer": answers, **more}
    return client.post(PAGE, fields, headers=EVENTS)


def answered(client, text="Hello?", said=(), **more) -> dict:
    """What the page gets at the end."""
    name, _number, data = list(events(ask(client, text, said, **more)))[-1]
    assert name == "done"
    return data


def fields_of(page: str, name: str) -> list[str]:
    """What its turns send along with the next question."""
    found = re.findall(
        rf'<textarea name="{name}" form="composer"[^>]*>\n(.*?)</textarea>', page, re.DOTALL
    )
    return [html.unescape(text) for text in found]


def test_a_question_is_answered_in_its_own_request_and_no_row_is_left(client, ollama):
    got = list(events(ask(client, "Say *hello*")))
    assert [name for name, _number, _data in got if name in ("turn", "done")] == ["turn", "done"]
    assert fields_of(got[0][2]["html"], "mine") == ["Say *hello*"]
    assert got[-1][2]["state"] == "done"
    assert fields_of(got[-1][2]["html"], "answer") == ["Hello"]
    assert not any(model.objects.exists() for model in (Chat, Message, TemporaryPlace))


def test_it_takes_no_files_and_says_so(client, ollama):
    page = client.get(PAGE).content.decode()
    assert "takes no files" in page
    assert 'type="file"' not in page
    answer = ask(client, files=[SimpleUploadedFile("plan.txt", b"words")])
    assert answer.status_code == 422
    assert answer.json()["sentence"] == "A temporary chat takes no files."
    assert not SealedFile.objects.exists()


def test_it_takes_no_commands_which_the_model_could_say_it_has_done(client, ollama):
    for command in ("/remind call mum tomorrow at 9", "/search boiler"):
        answer = ask(client, command)
        assert answer.status_code == 422
        assert "changes nothing. Ask that in another chat" in answer.json()["sentence"]
    assert not ollama.chats


def test_what_was_said_before_comes_along_and_the_model_gets_it(client, ollama):
    said = [("I have a\r\ndog", "Good."), ("And a cat", "")]
    answered(client, "What do I have?", said)
    turns = [(turn["role"], turn["content"]) for turn in ollama.chats[-1].body["messages"][1:]]
    assert turns == [
        ("user", "I have a\ndog"),
        ("assistant", "Good."),
        ("user", "And a cat\n\nWhat do I have?"),
    ]


def test_a_preset_and_the_facts_about_the_person_count_here_too(client, owner, ollama):
    make(client)
    client.post(reverse("chats:fact_add"), {"text": "I eat no meat"})
    answered(client, preset=owner.presets.named().get().pk)
    system = ollama.chats[-1].body["messages"][0]["content"]
    assert "- I eat no meat" in system
    assert system.endswith(SAILOR["instructions"])


def test_without_scripts_the_whole_page_comes_back_with_what_was_said(client, ollama):
    fields = {"text": "More?", "mine": ["Hello?"], "answer": ["Yes <b>."]}
    page = client.post(PAGE, fields).getvalue().decode()
    assert page.lstrip().startswith("<!doctype html>")
    assert fields_of(page, "mine") == ["Hello?", "More?"]
    assert fields_of(page, "answer") == ["Yes <b>.", "Hello"]
    assert "Temporary chat" in page


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"text": " "}, 422, "Write something first."),
        ({"text": "x", "mine": ["one"]}, 422, "arrive whole"),
        ({"text": "x", "mine": ["x" * 200_000] * 2, "answer": [""] * 2}, 422, "become too long"),
        ({"text": "x", "mine": ["x"] * 401, "answer": [""] * 401}, 422, "become too long"),
        ({"text": "x", "preset": "6d9d8c4c-7a1f-4f8c-8e57-8a4bb1bd8cf1"}, 422, "preset is gone"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_words_kept(client, fields, status, sentence):
    told = client.post(PAGE, fields, headers=EVENTS)
    assert (told.status_code, sentence in told.json()["sentence"]) == (status, True)
    page = client.post(PAGE, fields)
    assert page.status_code == status
    assert sentence in page.content.decode()


def test_whoever_leaves_ends_the_answer(client, ollama):
    ollama.play("endless")
    answer = ask(client)
    taken = iter(answer.streaming_content)
    while b"event: tail" not in next(taken):
        pass
    answer.close()
    assert ollama.wait_for(lambda: ollama.chats[-1].disconnected)
    wait_until(lambda: not TemporaryPlace.objects.exists())


def test_a_database_that_is_away_for_a_moment_breaks_nothing_off(client, ollama, monkeypatch):
    """What is written goes on in memory, and a Stop counts as soon as it can be read."""
    monkeypatch.setattr(temporary, "LOOK_EVERY_S", 0.01)
    ollama.play("endless")
    taken = iter(ask(client).streaming_content)
    while b"event: tail" not in next(taken):
        pass
    with monkeypatch.context() as away:
        lost = mock.Mock(side_effect=_lost())
        away.setattr(heartbeat, "this_process", lost)
        away.setattr(SessionStore, "load", mock.Mock(side_effect=_lost()))
        while lost.call_count < 2:
            assert b"event: gone" not in next(taken)
    TemporaryPlace.objects.update(stop_asked=True)
    assert '"state": "stopped"' in list(taken)[-1].decode()


def test_a_database_that_is_broken_ends_the_answer(client, ollama, monkeypatch):
    monkeypatch.setattr(temporary, "LOOK_EVERY_S", 0.01)
    for broken in ((heartbeat, "this_process"), (SessionStore, "load")):
        ollama.play("endless")
        answer = ask(client)
        with monkeypatch.context() as patched:
            patched.setattr(*broken, mock.Mock(side_effect=OperationalError("disk full")))
            with pytest.raises(OperationalError):
                list(answer.streaming_content)
        answer.close()
        wait_until(lambda: not TemporaryPlace.objects.exists())


def _lost() -> OperationalError:
    error = OperationalError("lost")
    error.__cause__ = psycopg.OperationalError()
    return error


def test_whoever_is_gone_before_the_first_word_leaves_nothing_behind(client, ollama):
    ollama.play("endless")
    ask(client).close()
    wait_until(lambda: not TemporaryPlace.objects.exists())


def test_stop_ends_the_answer_and_its_words_stay_in_the_page(client, strangers_client, ollama):
    ollama.play("endless")
    got: list = []
    reader = threading.Thread(target=lambda: got.extend(events(ask(client))))
    reader.start()
    place = wait_until(TemporaryPlace.objects.first)
    address = reverse("chats:temporary_stop", args=[place.pk])
    assert strangers_client.post(address).status_code == 404
    wait_until(lambda: ollama.chats)
    assert client.post(address).status_code == 204
    reader.join(10)
    assert got[-1][2]["state"] == "stopped"
    assert "You stopped this answer." in got[-1][2]["html"]


def test_it_stands_in_line_with_the_others(client, strangers_client, ollama):
    ollama.play("endless")
    chat = start(strangers_client)
    wait_until(lambda: chat.messages.get(role="assistant").content)
    answer = ask(client)
    told = iter(answer.streaming_content)
    while b"Next in line" not in next(told):
        pass
    second = start(strangers_client)
    reply = second.messages.get(role="assistant")
    assert line.place_in_line(reply) == 2
    assert not places.claim(reply)
    answer.close()
    wait_until(lambda: line.place_in_line(reply) == 1)


def test_a_place_whose_process_died_is_given_up(owner):
    place = places.take_place(owner, "m")
    assert closing.close_dead() == 0
    assert TemporaryPlace.objects.exists()
    Heartbeat.objects.filter(pk=place.process_id).update(pid=2**22 + 1)
    closing.close_dead()
    assert not TemporaryPlace.objects.exists()


def test_a_model_that_fails_says_so_and_the_page_may_ask_again(client, ollama):
    ollama.play("out_of_memory")
    done = answered(client)
    assert done["state"] == "failed"
    assert fields_of(done["html"], "answer") == [""]
    assert not TemporaryPlace.objects.exists()


def test_a_restart_ends_it(client, ollama, monkeypatch):
    ollama.play("endless")
    answer = ask(client)
    taken = iter(answer.streaming_content)
    next(taken)
    monkeypatch.setattr(generation, "draining", lambda: True)
    assert b'"state": "interrupted"' in list(taken)[-1]


def test_a_process_with_many_watchers_takes_none(client, monkeypatch):
    monkeypatch.setattr(watching, "_watching", settings.WEB_THREADS)
    assert ask(client).status_code == 503
    assert not TemporaryPlace.objects.exists()


def test_too_many_open_replies_are_refused(client, monkeypatch):
    monkeypatch.setattr(line, "MAX_OPEN_PER_PERSON", 0)
    assert ask(client).status_code == 429


def test_no_page_of_it_is_stored_by_the_browser(client, ollama):
    for answer in (client.get(PAGE), ask(client), client.post(PAGE, {"text": "Hello?"})):
        assert "no-store" in answer.headers["Cache-Control"]
        answer.close()


def test_the_new_chat_page_leads_there(client):
    assert f'href="{PAGE}"' in client.get("/").content.decode()


def test_a_marked_word_is_nowhere_while_it_is_answered_and_after(
    client, owner, ollama, tmp_path, monkeypatch
):
    ollama.play(lambda request: [Send(head()), say(request, f"About {WORD}:\n\n"), Pause(100)])
    with at_rest.logs() as logs, at_rest.temporary_files(tmp_path, monkeypatch) as files:
        _plant(client, owner)
        answer = ask(client, f"Tell me of {WORD}", [(f"I like {WORD}", f"So do I like {WORD}")])
        taken = iter(answer.streaming_content)
        while b"event: block" not in next(taken):
            pass
        places = [_everywhere()]
        answer.close()
        wait_until(lambda: not TemporaryPlace.objects.exists())
        places.append(_everywhere())
        wait_until(lambda: at_rest.holding(CONTROL, files))
    assert WORD in str(ollama.chats[-1].body)
    for held in [*places, logs, files]:
        assert at_rest.holding(WORD, held) == []
    assert at_rest.holding(CONTROL, logs), "the logs weren't searched"
    for place in ("rows of accounts_user", "session ", "cache "):
        there = at_rest.holding(CONTROL, places[0])
        assert any(name.startswith(place) for name in there), f"{place} wasn't searched"
    assert at_rest.holding("chats_temporaryplace", at_rest.database_files())


def _plant(client, owner) -> None:
    """The control word, in each place."""
    type(owner).objects.filter(pk=owner.pk).update(name=CONTROL)
    session = client.session
    session["control"] = CONTROL
    session.save()
    cache.set("control", CONTROL)
    logging.getLogger("chats").info("%s", CONTROL)
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(CONTROL.encode())


def _everywhere() -> dict[str, bytes]:
    return {
        **at_rest.database_files(),
        **at_rest.rows(),
        **at_rest.sessions(),
        **at_rest.cached(),
        **at_rest.files_in(Path(settings.DATA_DIR)),
    }
