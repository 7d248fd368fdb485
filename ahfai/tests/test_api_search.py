"""The search for programs."""

import logging

import pytest

from accounts.tests.programs import Program
from ahfai import search
from chats.models import Chat, Message
from notes import order, writing
from reminders.tests.test_list import make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.same_everywhere]
SEARCH = "/api/search"
READS = ("chats:read", "notes:read", "reminders:read")


@pytest.fixture(autouse=True)
def fresh_indexes(monkeypatch):
    # However busy the machine is.
    monkeypatch.setattr(search, "PATIENCE_S", 20)
    search.forget()
    yield
    search.forget()


@pytest.fixture
def house(owner):
    """Each has a boiler in it."""
    chat = Chat.objects.create(owner=owner, title="Chat", model="m", change_number=1)
    said = Message.objects.create(
        owner=owner, chat=chat, role="user", content="the <b>boiler</b> now", change_number=2
    )
    note = writing.create(owner, "Cellar", "The boiler leaks.")
    reminder = make(owner, "Boiler man", 1)
    return {"chat": chat, "said": said, "note": note, "reminder": reminder}


def sought(program, words: str, **more) -> dict:
    answer = program.client.get(SEARCH, {"q": words, **more}, headers=program.headers)
    assert answer.status_code == 200
    return answer.json()


def test_what_is_found_says_what_it_is_and_where_without_html(owner, house):
    found = sought(Program(owner, *READS), "boiler")
    assert (found["complete"], found["next"]) == (True, None)
    hits = {one["kind"]: one for one in found["hits"]}
    for kind in ("chat", "note", "reminder"):
        assert hits[kind]["id"] == str(house[kind].pk)
        assert hits[kind]["address"].startswith(house[kind].get_absolute_url())
    assert hits["chat"]["message"] == str(house["said"].pk)
    assert hits["chat"]["pieces"] == [
        {"text": "the <b>", "sought": False},
        {"text": "boiler", "sought": True},
        {"text": "</b> now", "sought": False},
    ]


def test_a_program_finds_only_what_it_may_read(owner, house):
    notes = Program(owner, "notes:read", "tags:read")

    def kinds(words: str) -> set[str]:
        return {one["kind"] for one in sought(notes, words)["hits"]}

    assert kinds("boiler") == kinds("in:notes in:chats boiler") == {"note"}
    assert kinds("in:chats boiler") == kinds("in:reminders") == set()
    assert kinds("after:2020") == {"note"}
    refused = Program(owner, "tags:read", "chats:read").get(f"{SEARCH}?q=boiler")
    assert {one["kind"] for one in refused.json()["hits"]} == {"chat"}
    refused = Program(owner, "tags:read", "notes:write").get(f"{SEARCH}?q=boiler")
    assert refused.status_code == 403
    assert 'scope="chats:read notes:read reminders:read"' in refused["WWW-Authenticate"]


def test_conditions_are_understood_as_on_the_page(owner, house):
    order.set_tags(house["note"], ["home"])
    program = Program(owner, *READS)
    assert [one["title"] for one in sought(program, "tag:home")["hits"]] == ["Cellar"]
    assert sought(program, "boiler before:soon")["not_understood"] == ["before:soon"]
    order.move(owner, [house["note"].pk], "trash")
    thrown = sought(program, "boiler in:trash")["hits"][0]
    assert (thrown["kind"], thrown["id"]) == ("note", str(house["note"].pk))


def test_a_long_list_goes_on_where_a_page_ended(owner, house, monkeypatch):
    monkeypatch.setattr(search, "PER_PAGE", 2)
    program = Program(owner, *READS)
    first = sought(program, "boiler")
    rest = sought(program, "boiler", page=first["next"])
    ids = [one["id"] for one in first["hits"] + rest["hits"]]
    assert len(ids) == len({*ids}) == 3
    assert rest["next"] is None


def test_nothing_and_too_much_is_refused_in_words(owner):
    program = Program(owner, *READS)
    for query in ("", "q=%20", f"q={'x' * 401}", "q=-boiler", "q=x&page=0", "q=x&page=10000"):
        assert program.get(f"{SEARCH}?{query}").status_code == 422


def test_while_words_are_still_read_a_program_is_told_to_ask_again(owner, monkeypatch):
    monkeypatch.setattr("ahfai.api_search.find", lambda *_asked: None)
    answer = Program(owner, *READS).get(f"{SEARCH}?q=boiler")
    assert (answer.json()["hits"], answer.json()["complete"]) == ([], False)
    assert answer["Retry-After"] == "1"


def test_what_is_sought_stands_in_no_log(owner, house, caplog):
    with caplog.at_level(logging.DEBUG):
        Program(owner, *READS).get(f"{SEARCH}?q=leaks")
    assert "leaks" not in caplog.text
