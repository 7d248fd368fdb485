"""Chats of other programs come in with their branches, and never as half of one."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.urls import reverse

from ahfai.tests.test_arrivals import remarks, take_in
from chats.models import Chat, Message
from chats.transfer import sources
from chats.tree import Tree
from notes.models import Import

pytestmark = pytest.mark.django_db


def zipped(**files: Any) -> bytes:
    there = io.BytesIO()
    with zipfile.ZipFile(there, "w") as packed:
        for name, said in files.items():
            text = said if isinstance(said, str | bytes) else json.dumps(said)
            packed.writestr(name.replace("__", ".").replace("_", "-"), text)
    return there.getvalue()


def shown(chat: Chat) -> list[str]:
    """What a person sees who opens the chat."""
    steps = Tree(chat.messages.in_order()).shown(chat.current_id)
    return [step.message.content for step in steps]


def turns_are_taken(chat: Chat) -> bool:
    by_id = {one.pk: one for one in chat.messages.all()}
    return all(
        one.parent_id is None or by_id[one.parent_id].role != one.role for one in by_id.values()
    )


def node(key: str, parent: str | None, role: str, *parts: Any, **more: Any) -> dict[str, Any]:
    """Of ChatGPT's tree."""
    message = {
        "id": key,
        "author": {"role": role},
        "create_time": more.pop("at", None),
        "content": more.pop("content", {"content_type": "text", "parts": list(parts)}),
        "recipient": more.pop("to", "all"),
        "metadata": more,
    }
    return {"id": key, "message": message, "parent": parent, "children": []}


def tree(*nodes: dict[str, Any], current: str | None = None, **more: Any) -> dict[str, Any]:
    root = {"id": "root", "message": None, "parent": None, "children": []}
    return {
        "title": "Roses",
        "create_time": 1700000000.5,
        "update_time": 1700000100.25,
        "conversation_id": "c-1",
        "mapping": {one["id"]: one for one in (root, *nodes)},
        "current_node": current or nodes[-1]["id"],
        **more,
    }


TALK = (
    node("s", "root", "system", ""),
    node("q", "s", "user", "When do I cut roses?", at=1700000001.5),
    node("a", "q", "assistant", "In March.", at=1700000002.5, model_slug="gpt-4o"),
    node("b", "q", "assistant", "In spring.", at=1700000003.5, model_slug="gpt-4o"),
)


def test_chatgpts_branches_come_in_and_the_one_is_shown_where_it_was_left(owner, client):
    one = take_in(owner, zipped(conversations__json=[tree(*TALK, current="a")]))
    assert (one.state, one.added, one.total) == ("done", 1, 1)
    chat = owner.chats.get()
    assert (chat.title, chat.model) == ("Roses", "gpt-4o")
    assert chat.created.timestamp() == 1700000000.5
    assert chat.changed.timestamp() == 1700000100.25
    assert shown(chat) == ["When do I cut roses?", "In March."]
    assert chat.messages.count() == 3
    moments = [one.created.timestamp() for one in chat.messages.in_order()]
    assert moments == [1700000001.5, 1700000002.5, 1700000003.5]
    page = client.get(chat.get_absolute_url())
    assert "In March." in page.content.decode()


def test_the_new_form_with_many_files_comes_in_whole(owner):
    many = [tree(*TALK, conversation_id=f"c-{number}") for number in range(7)]
    packed = zipped(
        conversations_000__json=many[:3],
        conversations_001__json=many[3:],
        user__json={"email": "ada@example.org"},
        chat__html="<html>",
    )
    one = take_in(owner, packed)
    assert (one.added, one.broken) == (7, 0)
    again = take_again(owner, packed)
    assert (again.added, again.present) == (0, 7)
    assert owner.chats.count() == 7


def take_again(owner, packed: bytes, name: str = "again.zip") -> Import:
    owner.imports.all().delete()
    return take_in(owner, packed, name)


def test_what_went_on_there_since_comes_in_beside_the_first(owner):
    take_in(owner, zipped(conversations__json=[tree(*TALK)]))
    more = node("q2", "b", "user", "And in Norway?")
    one = take_again(owner, zipped(conversations__json=[tree(*TALK, more)]))
    assert one.added == 1
    assert remarks(one) == [("Roses", "chat_kept_both")]


def test_tools_hidden_words_and_pictures_stay_out_and_the_talk_holds_together(owner):
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    seen = {"content_type": "multimodal_text", "parts": [picture, "What is it?"]}
    thought = {"content_type": "thoughts", "thoughts": [{"content": "A rose?"}]}
    code = {"content_type": "code", "text": "look()"}
    output = {"content_type": "execution_output", "text": "rose"}
    nodes = (
        node("h", "root", "user", "Told.", is_visually_hidden_from_conversation=True),
        node("q", "h", "user", content=seen),
        node("t", "q", "assistant", content=thought),
        node("c", "t", "assistant", content=code, to="python"),
        node("o", "c", "tool", content=output),
        node("a1", "o", "assistant", "It is"),
        node("a2", "a1", "assistant", "a rose."),
    )
    one = take_in(owner, zipped(conversations__json=[tree(*nodes)]))
    assert remarks(one) == [("Roses", "chat_left_out")]
    chat = owner.chats.get()
    assert shown(chat) == ["What is it?", "It is\n\na rose."]
    assert turns_are_taken(chat)
    assert chat.messages.get(role="assistant").thinking == "A rose?"


def test_an_answer_in_several_messages_that_branches_becomes_two_answers(owner):
    nodes = (
        node("q", "root", "user", "Well?"),
        node("a", "q", "assistant", "First,"),
        node("x", "a", "assistant", "oak."),
        node("y", "a", "assistant", "beech."),
        node("q2", "y", "user", "Why?"),
    )
    take_in(owner, zipped(conversations__json=[tree(*nodes)]))
    chat = owner.chats.get()
    assert turns_are_taken(chat)
    assert shown(chat) == ["Well?", "First,\n\nbeech.", "Why?"]
    answers = {one.content for one in chat.messages.filter(role="assistant")}
    assert answers == {"First,\n\noak.", "First,\n\nbeech."}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"mapping": {}}, "chat_empty"),
        ({"mapping": {"x": None, "y": {"message": None}}}, "chat_empty"),
        ({"mapping": "none"}, "chat_not_understood"),
        ({"mapping": {"q": node("q", "q", "user", "round and round"), "p": 7}}, ""),
        ({"title": None, "current_node": None, "create_time": None, "update_time": "never"}, ""),
        ({"create_time": 1e300, "update_time": -5, "title": ["x"], "current_node": 7}, ""),
        ({"title": "half \ud800 and \0", "conversation_id": None}, ""),
    ],
)
def test_what_is_missing_or_odd_hurts_no_other_chat(owner, wrong, code):
    odd, fine = tree(*TALK) | wrong, tree(*TALK, conversation_id="c-2", title="Fine")
    third = tree(*TALK, conversation_id="c-3")
    one = take_in(owner, zipped(conversations__json=[fine, odd, third]))
    assert one.state == "done"
    assert (one.added, one.broken) == ((2, 1) if code else (3, 0))
    assert {found for _name, found in remarks(one)} == ({code} if code else set())
    assert owner.chats.count() == one.added


def test_what_is_no_text_in_a_name_stops_no_import(owner):
    odd = tree(*TALK, title="half \ud800 and \0") | {"mapping": {}}
    one = take_in(owner, zipped(conversations__json=[odd, tree(*TALK)]))
    assert (one.state, one.added, one.broken) == ("done", 1, 1)
    assert remarks(one) == [("half \ufffd and \ufffd", "chat_empty")]


def test_a_file_that_breaks_off_brings_what_stands_before(owner):
    text = json.dumps([tree(*TALK), tree(*TALK, conversation_id="c-2")])
    one = take_in(owner, zipped(conversations__json=text[:-200]))
    assert (one.added, one.broken) == (1, 1)
    assert remarks(one) == [("conversations.json:2", "chat_damaged")]


def test_a_deep_nest_is_no_chat(owner):
    one = take_in(owner, zipped(conversations__json="[" * 100_000 + "]" * 100_000))
    assert one.state == "done"
    assert one.added == 0
    assert one.broken == 1


def test_a_single_file_needs_no_zip(owner):
    one = take_in(owner, json.dumps([tree(*TALK)]).encode(), "conversations.json")
    assert one.added == 1


THOUGHT = '<details type="reasoning">\n<summary>Thought</summary>\n&gt; hm\n</details>\nOak.'


def open_webui(key: str = "w-1", **more: Any) -> dict[str, Any]:
    messages = {
        "q": {
            "id": "q",
            "parentId": None,
            "childrenIds": ["a", "b"],
            "role": "user",
            "content": "Oak or beech?",
            "timestamp": 1700000001,
            "models": ["llama3"],
        },
        "a": {
            "id": "a",
            "parentId": "q",
            "childrenIds": [],
            "role": "assistant",
            "model": "llama3",
            "content": THOUGHT,
            "timestamp": 1700000002,
            "done": True,
        },
        "b": {
            "id": "b",
            "parentId": "q",
            "childrenIds": [],
            "role": "assistant",
            "model": "qwen",
            "content": "Beech.",
            "timestamp": 1700000003,
            "done": True,
        },
    }
    return {
        "id": key,
        "user_id": "u",
        "title": "Wood",
        "chat": {
            "title": "Wood",
            "models": ["llama3"],
            "history": {"messages": messages, "currentId": "a"},
            "tags": ["house"],
            "timestamp": 1700000000000,
        },
        "created_at": 1700000000,
        "updated_at": 1700000009,
        "archived": True,
        "pinned": False,
        "meta": {"tags": ["wood work"]},
        **more,
    }


def test_open_webuis_chats_come_in(owner):
    one = take_in(owner, json.dumps([open_webui(), open_webui("w-2")]).encode(), "chats.json")
    assert one.added == 2
    chat = owner.chats.first()
    assert (chat.title, chat.archived, chat.model) == ("Wood", True, "llama3")
    assert shown(chat) == ["Oak or beech?", "Oak."]
    assert chat.messages.get(model="llama3").thinking == "hm"
    assert chat.messages.count() == 3
    assert {tag.name for tag in chat.tags.all()} == {"house", "wood-work"}


def librechat(**more: Any) -> dict[str, Any]:
    def said(key: str, mine: bool, text: str, *children: dict, **rest: Any) -> dict[str, Any]:
        return {
            "messageId": key,
            "parentMessageId": "00000000-0000-0000-0000-000000000000",
            "isCreatedByUser": mine,
            "sender": "User" if mine else "GPT-4",
            "model": None if mine else "gpt-4",
            "text": text,
            "createdAt": f"2026-01-0{len(key)}T10:00:00.000Z",
            "children": list(children),
            **rest,
        }

    parts = [{"type": "think", "think": "hm"}, {"type": "text", "text": {"value": "Mortar."}}]
    last = said("q1a2", False, "", content=parts)
    return {
        "conversationId": "l-1",
        "endpoint": "openAI",
        "title": "Walls",
        "exportAt": "10:00:00 GMT+0000",
        "branches": True,
        "recursive": True,
        "options": {"model": "gpt-4"},
        "messages": [said("q", True, "Brick?", said("q1", False, "Yes."), last)],
        **more,
    }


def test_librechats_nested_messages_come_in(owner):
    one = take_in(owner, zipped(Walls__json=librechat(), Other__json=librechat(conversationId="2")))
    assert one.added == 2
    chat = owner.chats.first()
    assert (chat.title, chat.model) == ("Walls", "gpt-4")
    assert shown(chat) == ["Brick?", "Mortar."]
    assert {one.content for one in chat.messages.all()} == {"Brick?", "Yes.", "Mortar."}
    assert chat.messages.get(created__day=4).thinking == "hm"


def test_librechats_flat_messages_come_in(owner):
    flat = [
        {"messageId": "q", "parentMessageId": "0", "isCreatedByUser": True, "text": "Brick?"},
        {"messageId": "a", "parentMessageId": "q", "isCreatedByUser": False, "text": "Yes."},
    ]
    said = librechat(messages=flat, recursive=False)
    take_in(owner, json.dumps(said).encode(), "Walls.json")
    assert shown(owner.chats.get()) == ["Brick?", "Yes."]


def test_notes_still_come_in_by_the_same_door(owner):
    one = take_in(owner, zipped(Sea__md="# Sea\n\nblue"))
    assert one.added == 1
    assert owner.notes.get().body


def test_an_import_is_told_in_the_activity_and_its_words_are_found(owner, client):
    take_in(owner, zipped(conversations__json=[tree(*TALK)]))
    assert owner.audit_entries.get(event="imported")
    assert "chats" in client.get(reverse("accounts:activity")).content.decode()


def test_a_list_is_read_one_after_the_other_in_small_pieces():
    class Pieces:
        def pieces(self, _entry):
            text = json.dumps([{"a": "x" * 70_000}, 2, "three", [4]]).encode()
            for at in range(0, len(text), 1000):
                yield text[at : at + 1000]

    found = list(sources.items(Pieces(), None))  # type: ignore[arg-type]
    assert [type(one).__name__ for one in found] == ["dict", "int", "str", "list"]


def test_long_words_are_cut_and_that_is_told(owner):
    long = node("q", "root", "user", "x" * 1_000_001)
    one = take_in(owner, zipped(conversations__json=[tree(long)]))
    assert remarks(one) == [("Roses", "chat_cut")]
    assert len(Message.objects.get().content) == 1_000_000
