"""How the model answers everywhere, and presets that chats can take."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ahfai.tests.at_once import at_once
from chats import steering
from chats.models import Chat, Preset
from chats.tests.test_reply_life import closed_reply, start
from chats.tests.test_steering import ask, steer

pytestmark = pytest.mark.django_db(transaction=True)

SAILOR = {"instructions": "Talk like a sailor", "temperature": "0", "longest": "64", "think": "off"}


def make(client, name="Sailor", **fields):
    return client.post(reverse("chats:preset_make"), {"name": name, **SAILOR, **fields})


def set_defaults(client, **fields):
    return client.post(reverse("chats:defaults"), fields)


def begin(client, text="Ahoy", **fields):
    return client.post(reverse("chats:start"), {"text": text, **fields})


def test_what_counts_everywhere_counts_where_a_chat_says_nothing_else(client, ollama):
    assert set_defaults(client, **SAILOR).url == reverse("chats:defaults")
    chat = start(client)
    closed_reply(chat)
    sent = ollama.chats[-1].body
    assert sent["messages"][0]["content"].endswith("Talk like a sailor")
    assert sent["options"]["temperature"] == 0
    assert sent["options"]["num_predict"] == 64
    steer(client, chat, instructions="Talk like a judge", longest="32")
    sent = ask(client, chat, ollama)
    assert sent["messages"][0]["content"].endswith("Talk like a judge")
    assert "sailor" not in sent["messages"][0]["content"]
    assert sent["options"]["temperature"] == 0
    assert sent["options"]["num_predict"] == 32


@pytest.mark.parametrize(
    ("everywhere", "here", "sent"),
    [("on", "", True), ("on", "off", False), ("off", "high", "high"), ("low", "", "low")],
)
def test_a_chat_can_say_no_where_thinking_is_on_everywhere(client, ollama, everywhere, here, sent):
    set_defaults(client, think=everywhere)
    chat = start(client, model="qwen3:4b")
    closed_reply(chat)
    steer(client, chat, think=here)
    assert ask(client, chat, ollama)["think"] == sent


def test_the_defaults_are_one_row_that_is_changed_and_no_preset(client, owner):
    set_defaults(client, temperature="1")
    set_defaults(client, instructions="Be short", reads="512")
    row = owner.presets.get()
    assert (row.is_default, row.temperature, row.reads) == (True, None, 512)
    assert b"Be short" in client.get(reverse("chats:defaults")).content
    assert b"No presets yet" in client.get(reverse("chats:presets")).content
    for name in ("chats:preset", "chats:preset_delete"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 404


def test_the_settings_lead_to_the_defaults(client):
    assert reverse("chats:defaults") in client.get(reverse("accounts:settings")).content.decode()


def test_somebody_elses_defaults_count_nowhere_here(client, stranger, ollama):
    Preset.objects.create(owner=stranger, is_default=True, instructions="Talk like a thief")
    closed_reply(start(client))
    assert "thief" not in str(ollama.chats[-1].body)


def test_a_preset_is_made_listed_by_name_changed_and_deleted(client, owner):
    make(client, "zoologist")
    assert make(client, "Ärztin").url == reverse("chats:presets")
    make(client, "Baker")
    page = client.get(reverse("chats:presets")).content.decode()
    assert page.index("Baker") < page.index("zoologist") < page.index("Ärztin")
    preset = owner.presets.first()
    address = reverse("chats:preset", args=[preset.pk])
    assert b"Talk like a sailor" in client.get(address).content
    client.post(address, {"name": "Cook", "instructions": "", "temperature": "2"})
    preset = Preset.objects.get(pk=preset.pk)
    assert (preset.name, preset.instructions, preset.temperature) == ("Cook", None, 2)
    delete = reverse("chats:preset_delete", args=[preset.pk])
    assert b"Cook" in client.get(delete).content
    assert owner.presets.count() == 3
    client.post(delete)
    assert owner.presets.count() == 2


def test_a_preset_without_a_name_or_with_a_wrong_value_is_refused(client, owner):
    answer = make(client, "")
    assert answer.status_code == 422
    assert b"A preset needs a name." in answer.content
    assert b"Talk like a sailor" in answer.content
    assert make(client, reads="1").status_code == 422
    assert not owner.presets.exists()


def test_a_second_preset_of_a_name_is_refused_wherever_it_is_named(client, owner, stranger):
    make(client)
    make(client, "Judge")
    Preset.objects.create(owner=stranger, name="Cook")
    _sailor, judge = owner.presets.order_by("created")
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    change = reverse("chats:preset", args=[judge.pk])
    fields = {"name": "sAILOR ", "instructions": "Keep me", "temperature": "1"}
    for answer in (
        make(client, **fields),
        client.post(change, fields),
        client.post(reverse("chats:steer", args=[chat.pk]), fields),
    ):
        assert answer.status_code == 422
        assert b"You have a preset of this name already. Choose another name." in answer.content
        assert b"Keep me" in answer.content
    assert owner.presets.count() == 2
    assert Preset.objects.get(pk=judge.pk).name == "Judge"
    assert Chat.objects.get().instructions is None
    assert client.post(change, {"name": "judge"}).status_code == 302
    assert make(client, "Cook").status_code == 302


def test_of_many_at_once_one_gets_the_name(owner):
    refused = []

    def save(_number: int) -> None:
        try:
            steering.save_preset(owner, "Sailor")
        except steering.NameTaken as taken:
            refused.append(taken)

    at_once(save, 5)
    assert (owner.presets.count(), len(refused)) == (1, 4)


def test_nobody_has_more_presets_than_a_page_can_list(client, owner, monkeypatch):
    monkeypatch.setattr(steering, "MAX_PRESETS", 2)
    make(client, "One")
    make(client, "Two")
    answer = make(client, "Three")
    assert answer.status_code == 422
    assert b"Delete one of them first" in answer.content
    assert owner.presets.count() == 2


def test_names_and_instructions_are_sealed(client, owner):
    make(client, "A canary", instructions="In the Ardennes")
    preset = owner.presets.get()
    for column in ("name", "instructions"):
        held = Preset._meta.get_field(column).held(preset)
        assert b"canary" not in held.value
        assert b"Ardennes" not in held.value


def test_a_chat_that_takes_a_preset_has_a_copy(client, owner):
    make(client)
    preset = owner.presets.get()
    chat = Chat.objects.create(owner=owner, title="t", model="m", reads=4096)
    page = client.get(reverse("chats:steer", args=[chat.pk])).content
    assert b"Take a preset" in page
    answer = client.post(reverse("chats:take", args=[chat.pk]), {"preset": preset.pk})
    assert answer.url == reverse("chats:steer", args=[chat.pk])
    preset.change("Sailor", instructions="Talk like a pirate", temperature=2)
    preset.delete()
    chat = Chat.objects.get()
    assert chat.instructions == "Talk like a sailor"
    assert (chat.temperature, chat.longest, chat.reads, chat.think) == (0, 64, None, "off")


def test_nothing_but_an_own_preset_can_be_taken(client, owner, stranger):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    take = reverse("chats:take", args=[chat.pk])
    theirs = Preset.objects.create(owner=stranger, name="Theirs", temperature=1)
    defaults = Preset.objects.create(owner=owner, is_default=True, temperature=1)
    for wrong in (theirs.pk, defaults.pk, uuid.uuid4(), "nonsense", ""):
        assert client.post(take, {"preset": wrong}).status_code == 404
    assert client.get(take).status_code == 405
    assert Chat.objects.get().temperature is None


def test_how_a_chat_is_steered_can_be_saved_as_a_preset(client, owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    steer(client, chat, **SAILOR)
    assert not owner.presets.exists()
    steer(client, chat, name="Sailor", **SAILOR)
    preset = owner.presets.get()
    assert steering.values(preset) == steering.values(Chat.objects.get())
    assert preset.name == "Sailor"


def test_a_new_chat_begins_with_a_preset(client, owner, ollama):
    assert b"No preset" not in client.get("/").content
    make(client)
    preset = owner.presets.get()
    assert f'<option value="{preset.pk}"' in client.get("/").content.decode()
    answer = begin(client, preset=preset.pk)
    chat = Chat.objects.get()
    assert answer.url == chat.get_absolute_url()
    closed_reply(chat)
    assert ollama.chats[-1].body["messages"][0]["content"].endswith("Talk like a sailor")
    assert b"composer-preset" not in client.get(chat.get_absolute_url()).content


def test_a_preset_that_is_gone_keeps_the_words(client, owner, stranger):
    theirs = Preset.objects.create(owner=stranger, name="Theirs")
    for wrong in (theirs.pk, uuid.uuid4()):
        answer = begin(client, "Keep me", preset=wrong)
        assert answer.status_code == 422
        assert b"This preset is gone." in answer.content
        assert b"Keep me" in answer.content
    assert not Chat.objects.exists()


def test_a_preset_that_cannot_be_opened_is_not_taken_for_an_empty_one(client, owner):
    make(client)
    make(client, "Judge")
    first, second = owner.presets.all()
    moved = Preset._meta.get_field("instructions").held(second)
    owner.presets.filter(pk=first.pk).update(instructions=moved)
    assert begin(client, preset=first.pk).status_code == 422
    assert client.get(reverse("chats:preset", args=[first.pk])).status_code == 200


def test_more_presets_do_not_take_more_questions(client):
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        return len(asked)

    addresses = [reverse("chats:presets"), "/"]
    for number in range(3):
        make(client, f"Preset {number}")
    few = [queries(address) for address in addresses]
    for number in range(3):
        make(client, f"Another {number}")
    assert [queries(address) for address in addresses] == few


def test_a_refused_question_keeps_the_chosen_preset(client, owner):
    make(client)
    preset = owner.presets.get()
    page = begin(client, "  ", preset=preset.pk).content.decode()
    assert f'<option value="{preset.pk}" selected' in page
