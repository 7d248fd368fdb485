"""How the model answers in one chat: instructions, temperature, length, thinking."""

import re

import pytest
from django.urls import reverse

from chats import servers
from chats.models import Chat
from chats.tests.fake_ollama import FakeModel
from chats.tests.test_reply_life import closed_reply, start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.same_everywhere]


def steer(client, chat: Chat, **fields):
    return client.post(reverse("chats:steer", args=[chat.pk]), fields)


def ask(client, chat: Chat, ollama, **more) -> dict:
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "And now?"} | more)
    closed_reply(chat)
    return ollama.chats[-1].body


def test_the_model_gets_what_the_person_chose_and_its_window_stays(client, ollama):
    chat = start(client)
    closed_reply(chat)
    first = ollama.chats[-1].body
    answer = steer(client, chat, instructions="Talk like a sailor", temperature="0.3", longest="64")
    assert answer.url == chat.get_absolute_url()
    sent = ask(client, chat, ollama)
    assert sent["messages"][0]["content"].endswith("Talk like a sailor")
    assert sent["options"] == {**first["options"], "temperature": 0.3, "num_predict": 64}
    steer(client, chat)
    assert ask(client, chat, ollama)["options"] == first["options"]


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [("", False), ("off", False), ("on", True), ("low", "low"), ("high", "high")],
)
def test_a_model_that_can_think_is_told_how_much(client, ollama, chosen, sent):
    chat = start(client, model="qwen3:4b")
    closed_reply(chat)
    steer(client, chat, think=chosen)
    ollama.play("thinking")
    assert ask(client, chat, ollama)["think"] == sent
    assert b"let me see" in client.get(chat.get_absolute_url()).content


def test_a_model_that_cannot_think_is_not_asked_to(client, ollama):
    chat = start(client, model="plain:latest")
    closed_reply(chat)
    steer(client, chat, think="on")
    assert "think" not in ask(client, chat, ollama)


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": "3"},
        {"temperature": "nan"},
        {"longest": "1"},
        {"reads": "9"},
        {"think": "hard"},
    ],
)
def test_what_no_model_takes_is_refused_with_a_sentence(client, owner, fields):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    answer = steer(client, chat, instructions="Keep me", **fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Keep me" in page
    assert "errorlist" in page
    [field] = re.findall("<[^>]* autofocus[^>]*>", page)
    assert f'name="{next(iter(fields))}"' in field


@pytest.mark.parametrize("temperature", ["9", "-1", "warm", "nan"])
def test_the_sentence_says_what_is_taken(client, owner, temperature):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    assert b"A number from 0 to 2." in steer(client, chat, temperature=temperature).content


@pytest.mark.parametrize(
    "fields",
    [{"instructions": "Be brief"}, {"temperature": "0"}, {"longest": "64"}, {"think": "off"}],
)
def test_a_steered_chat_says_so_and_leads_to_how(client, owner, fields):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    sign = f'<a class="chip" href="{reverse("chats:steer", args=[chat.pk])}"'
    assert sign not in client.get(chat.get_absolute_url()).content.decode()
    steer(client, chat, **fields)
    page = client.get(chat.get_absolute_url()).content.decode()
    assert sign in page
    assert "Saved. It counts from the next answer on." in page
    steer(client, chat)
    assert sign not in client.get(chat.get_absolute_url()).content.decode()


def test_instructions_are_sealed(client, owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    steer(client, chat, instructions="A canary in the Ardennes")
    assert Chat.objects.get().instructions == "A canary in the Ardennes"
    held = Chat._meta.get_field("instructions").held(Chat.objects.get())
    assert b"canary" not in held.value
    page = client.get(reverse("chats:steer", args=[chat.pk])).content
    assert b"A canary in the Ardennes" in page


def test_a_model_reads_no_more_of_a_chat_than_it_shall_and_keeps_its_window(client, ollama):
    chat = start(client, "First " + "word " * 300)
    closed_reply(chat)
    whole = ask(client, chat, ollama)
    assert len(whole["messages"]) == 4
    steer(client, chat, reads="256")
    some = ask(client, chat, ollama)
    assert "First" not in str(some["messages"][1:])
    assert some["options"] == whole["options"]
    steer(client, chat, reads="1000000")
    assert len(ask(client, chat, ollama)["messages"]) > 4


def test_a_newest_question_is_read_whole_however_little_it_shall_read(client, ollama):
    chat = start(client)
    closed_reply(chat)
    steer(client, chat, reads="256")
    sent = ask(client, chat, ollama, text="All " + "of it " * 400)
    assert sent["messages"][-1]["content"].count("of it") == 400


def test_the_page_says_where_the_model_cannot_think(client, owner, ollama):
    servers.models()
    for model, said in (("plain:latest", True), ("qwen3:4b", False), ("unknown", False)):
        chat = Chat.objects.create(owner=owner, title="t", model=model)
        page = client.get(reverse("chats:steer", args=[chat.pk])).content.decode()
        assert ("think first" in page) == said


def test_what_counts_where_it_is_empty_stands_in_the_field(client, owner, ollama):
    servers.models()
    chat = Chat.objects.create(owner=owner, title="t", model="qwen3:4b")

    def placeholders(name: str, *args) -> list[str]:
        page = client.get(reverse(f"chats:{name}", args=args)).content.decode()
        return [
            *re.findall('placeholder="([^"]*)"', page),
            *re.findall("As everywhere: (.*?)<", page),
        ]

    unset = ["the model&#x27;s own", "2048", "8192"]
    assert placeholders("steer", chat.pk) == [*unset, "No"]
    told = {"instructions": "Be <brief>", "temperature": "0.0", "longest": "99", "reads": "500"}
    client.post(reverse("chats:defaults"), {**told, "think": "high"})
    said = ["Be &lt;brief&gt;", "0.0", "99", "500", "A lot"]
    assert placeholders("steer", chat.pk) == placeholders("preset_make") == said
    assert placeholders("defaults") == unset


@pytest.mark.parametrize(
    ("model", "now", "offered"),
    [
        ("qwen3:4b", "", ["", "off", "on"]),
        ("qwen3:4b", "high", ["", "off", "on", "high"]),
        ("gpt-oss:20b", "", ["", "low", "medium", "high"]),
        ("unknown", "", ["", "off", "on", "low", "medium", "high"]),
    ],
)
def test_only_the_levels_that_the_model_knows_are_offered(
    client, owner, ollama, model, now, offered
):
    ollama.models = [
        *ollama.models,
        FakeModel("gpt-oss:20b", ("completion", "thinking"), family="gptoss"),
    ]
    servers.forget()
    servers.models()
    chat = Chat.objects.create(owner=owner, title="t", model=model, think=now)
    page = client.get(reverse("chats:steer", args=[chat.pk])).content.decode()
    select = page[page.index('<select name="think"') :].partition("</select>")[0]
    assert re.findall('<option value="([^"]*)"', select) == offered


def test_what_a_reply_cost_is_folded_away(client, ollama):
    chat = start(client)
    reply = closed_reply(chat)
    page = client.get(chat.get_absolute_url()).content.decode()
    counts = page[page.index('<details class="counts">') :].partition("</details>")[0]
    assert f"<dd>{reply.model}</dd>" in counts
    assert f"<dd>{reply.prompt_tokens}</dd>" in counts
    assert f"<dd>{reply.reply_tokens}</dd>" in counts
    assert "Tokens/s" in counts


def test_counts_that_nobody_told_are_not_made_up(client, ollama):
    ollama.play("missing")
    chat = start(client)
    closed_reply(chat)
    page = client.get(chat.get_absolute_url()).content.decode()
    assert "Tokens" not in page[page.index('<details class="counts">') :].partition("</details>")[0]
