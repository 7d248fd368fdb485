"""What AhFai knows about its person, and when the model is told."""

import pytest
from django.urls import reverse

from ahfai.tests.at_once import at_once
from chats import facts
from chats.context import Window, facts_that_fit
from chats.models import Fact
from chats.tests.test_reply_life import closed_reply, start
from chats.tests.test_steering import steer

PAGE = "/chats/facts/"


def add(client, text):
    return client.post(reverse("chats:fact_add"), {"text": text})


def page(client) -> str:
    return client.get(PAGE).content.decode()


def told(ollama) -> str:
    return ollama.chats[-1].body["messages"][0]["content"]


@pytest.mark.django_db(transaction=True)
def test_the_model_is_told_what_the_person_wrote_before_its_instructions(client, ollama):
    add(client, "I eat no meat")
    add(client, "Call me\nOli")
    chat = start(client)
    closed_reply(chat)
    said = "told you about themselves, the latest last:\n- I eat no meat\n- Call me Oli"
    assert said in told(ollama)
    steer(client, chat, instructions="Talk like a sailor")
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "And now?"})
    closed_reply(chat)
    _before, told_of_them, after = told(ollama).partition(said)
    assert told_of_them
    assert after.endswith("\n\nTalk like a sailor")


@pytest.mark.django_db(transaction=True)
def test_facts_that_are_switched_off_are_kept_and_not_told(client, ollama):
    add(client, "I eat no meat")
    client.post(reverse("chats:facts_tell"), {"off": ""})
    closed_reply(start(client))
    assert "meat" not in told(ollama)
    assert "I eat no meat" in page(client)
    assert "The model isn't told any of this." in page(client)
    client.post(reverse("chats:facts_tell"), {"on": ""})
    closed_reply(start(client))
    assert "- I eat no meat" in told(ollama)


@pytest.mark.django_db(transaction=True)
def test_another_persons_facts_are_not_told(client, strangers_client, ollama):
    add(strangers_client, "I eat no meat")
    closed_reply(start(client))
    assert "meat" not in told(ollama)


@pytest.mark.django_db
def test_a_fact_is_changed_and_forgotten(client, owner):
    add(client, "I have a dog")
    fact = owner.facts.get()
    client.post(reverse("chats:fact", args=[fact.pk]), {"text": "I have two dogs"})
    assert facts.told(owner) == ["I have two dogs"]
    assert (
        "gone for good" in client.get(reverse("chats:fact_delete", args=[fact.pk])).content.decode()
    )
    client.post(reverse("chats:fact_delete", args=[fact.pk]))
    assert facts.told(owner) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" ", "Write something first."),
        ("x" * 301, "That is too long for one fact"),
        ("i eat NO meat", "AhFai knows that already."),
    ],
)
def test_what_cannot_be_kept_stays_in_the_line_with_the_reason(client, owner, text, sentence):
    add(client, "I eat no meat")
    answer = add(client, text)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert text.strip() in answer.content.decode()
    assert owner.facts.count() == 1


@pytest.mark.django_db
def test_a_fact_cannot_become_another_one(client, owner):
    add(client, "I eat no meat")
    add(client, "I have a dog")
    dog = facts.newest_first(owner).first()
    answer = client.post(reverse("chats:fact", args=[dog.pk]), {"text": "I eat no meat"})
    assert (answer.status_code, Fact.objects.get(pk=dog.pk).text) == (422, "I have a dog")


@pytest.mark.django_db
def test_a_strangers_fact_is_missing(client, strangers_client, owner):
    add(client, "I have a dog")
    fact = owner.facts.get()
    for name in ("fact", "fact_delete"):
        address = reverse(f"chats:{name}", args=[fact.pk])
        assert strangers_client.post(address, {"text": "mine"}).status_code == 404
    assert facts.told(owner) == ["I have a dog"]


@pytest.mark.django_db
def test_a_hundred_facts_are_enough(client, owner):
    for number in range(facts.MAX_FACTS):
        owner.facts.create(text=f"Number {number}")
    assert "Delete one of them first." in add(client, "One more").content.decode()
    # What is known already is no new one.
    assert facts.remember(owner, "number 7")[1] is False
    with pytest.raises(facts.TooMany):
        facts.remember(owner, "One more")


@pytest.mark.django_db(transaction=True)
def test_the_same_fact_sent_twice_at_once_is_kept_once(owner):
    at_once(lambda _number: facts.remember(owner, "I eat no meat"), times=4)
    assert owner.facts.count() == 1


def test_the_oldest_facts_are_left_out_first():
    newest_first = [f"Fact number {number} is about this long" for number in range(50)]
    fitting, taken = facts_that_fit(newest_first, Window(1600, ratio=1))
    assert fitting == newest_first[: len(fitting)]
    assert 10 < len(fitting) < 50
    assert 180 < taken <= 200
    # Where a token holds fewer letters, fewer fit.
    assert len(facts_that_fit(newest_first, Window(1600, ratio=2))[0]) < len(fitting)


@pytest.mark.django_db
def test_the_page_says_how_much_they_may_take_and_marks_what_does_not_fit(client, owner, settings):
    settings.NUM_CTX = 1600
    for number in range(20):
        add(client, f"Fact {number}: " + "words " * 10)
    shown = page(client)
    assert "They may take 200 of the 1600 tokens" in shown.replace(",", "")
    assert 0 < shown.count("not told: the newer ones leave no room") < 20
    # The newest stands first, and is told.
    assert shown.index("Fact 19:") < shown.index("not told") < shown.index("Fact 0:") + 500
