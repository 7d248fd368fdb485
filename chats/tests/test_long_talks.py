"""Talks that outgrow the model's window: summed up, never dropped in silence."""

import re
from collections.abc import Iterable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from chats import calibration, context, order
from chats.models import Chat, Message, State, Summary, TokenRatio
from chats.summaries import TASK
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, Request, Send, Step, error, final, go_json, head, say
from chats.tests.test_reply_life import closed_reply, start

pytestmark = pytest.mark.django_db(transaction=True)

WINDOW = 4096


class StrictModel:
    """Plays a server that counts tokens in its own way and refuses what is too long.

    It answers at length, and sums up by telling all facts ("FACT-…") that it reads.
    """

    def __init__(self, characters_per_token: float) -> None:
        self.characters_per_token = characters_per_token
        self.refused = 0

    def __call__(self, request: Request) -> Iterable[Step]:
        text = "\n".join(turn["content"] for turn in request.body["messages"])
        tokens = round(len(text) / self.characters_per_token)
        if tokens > request.body["options"]["num_ctx"]:
            self.refused += 1
            inner = {
                "error": {
                    "code": 400,
                    "message": "too long",
                    "type": "exceed_context_size_error",
                    "n_prompt_tokens": tokens,
                    "n_ctx": request.body["options"]["num_ctx"],
                }
            }
            return error("400 Bad Request", go_json(inner).decode())
        if sums_up(request):
            answer = "Notes: " + " ".join(sorted(set(re.findall(r"FACT-\w+", text))))
        else:
            answer = "An answer of some length. " * 12
        return answered(request, answer, tokens)


def answered(request: Request, text: str, tokens: int) -> list[Step]:
    end = final(request, "stop", tokens, len(text) // 4)
    return [Send(head()), say(request, text), end, Send(END)]


def sums_up(request: Request) -> bool:
    return request.body["messages"][0]["content"] == TASK


@pytest.fixture
def window(settings):
    settings.NUM_CTX, settings.NUM_PREDICT = WINDOW, 512


# Tokens longer than what is estimated, and shorter.
@pytest.mark.same_everywhere
@pytest.mark.parametrize("characters_per_token", [4.5, 1.7])
@pytest.mark.parametrize("turns", [60, pytest.param(200, marks=pytest.mark.prove)])
def test_in_a_talk_of_many_turns_nothing_fails_and_nothing_is_dropped_in_silence(
    client, ollama, window, characters_per_token, turns
):
    model = StrictModel(characters_per_token)
    ollama.play(*[model] * 1000)
    chat = start(client, "My cat is called FACT-Miko. " + "Tell me more about cats. " * 20)
    closed_reply(chat)
    for number in range(turns - 1):
        text = f"Question {number}. " + "And what about this one? " * 6
        client.post(reverse("chats:ask", args=[chat.pk]), {"text": text})
        closed_reply(chat)
    replies = Message.objects.filter(role="assistant")
    assert replies.count() == turns
    assert set(replies.values_list("state", "left_out")) == {(State.DONE, 0)}
    assert {request.body["options"]["num_ctx"] for request in ollama.chats} == {WINDOW}
    assert "FACT-Miko" in ollama.chats[-1].body["messages"][0]["content"]
    newest = Summary.objects.order_by("messages").last()
    assert newest.messages > turns
    assert "FACT-Miko" in newest.text
    there = client.get(f"{chat.get_absolute_url()}?at={newest.upto_id}").content.decode()
    assert f"{newest.messages} messages above were summed up" in there
    # The second try is for the first time that the ratio is not known yet.
    assert model.refused <= 1
    assert sum(map(sums_up, ollama.chats)) < turns / 3


def test_the_first_call_that_needs_it_sums_up_and_later_ones_go_on_with_that(
    client, ollama, window
):
    ollama.play(*[StrictModel(3)] * 20)
    chat = start(client, "FACT-one " + "word " * 1100)
    closed_reply(chat)
    for text in ("FACT-two " + "word " * 1100, "word " * 300, "short"):
        client.post(reverse("chats:ask", args=[chat.pk]), {"text": text})
        closed_reply(chat)
    order = [sums_up(request) for request in ollama.chats]
    assert order[-2:] == [False, False]
    assert "FACT-one" in Summary.objects.get().text
    assert "FACT-one" in ollama.chats[-1].body["messages"][0]["content"]


def test_a_long_file_gives_way_to_the_talk_and_its_beginning_is_summed_up_in_the_end(
    client, ollama, window
):
    model = StrictModel(3)
    ollama.play(*[model] * 100)
    file = SimpleUploadedFile("cats.txt", b"My cat is called FACT-Miko. " + b"It purrs. " * 5000)
    chat = start(client, "What does it say?", files=[file])
    for _ in range(24):
        closed_reply(chat)
        client.post(reverse("chats:ask", args=[chat.pk]), {"text": "And this? " + "word " * 40})
    closed_reply(chat)
    replies = Message.objects.filter(role="assistant").in_order()
    assert {(reply.state, reply.left_out) for reply in replies} == {(State.DONE, 0)}
    read = [reply.files_read for reply in replies]
    assert read[0] > 8
    assert read[-1] is None
    cuts = [percent for percent in read if percent]
    assert cuts == sorted(cuts, reverse=True)
    # The prompt begins alike in most turns, so that servers needn't read all of it anew.
    assert len(set(cuts)) < len(cuts) * 0.7
    assert "FACT-Miko" in Summary.objects.order_by("messages").last().text
    assert model.refused <= 1


def test_a_summary_holds_only_on_the_branches_that_have_its_last_message(client, ollama, window):
    ollama.play(*[StrictModel(3)] * 20)
    chat = start(client, "FACT-one " + "word " * 1100)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "word " * 1100})
    closed_reply(chat)
    assert Summary.objects.get().upto.role == "assistant"
    first = Message.objects.in_order().first()
    client.post(reverse("chats:edit", args=[first.pk]), {"text": "Something else"})
    closed_reply(chat)
    assert "FACT-one" not in ollama.chats[-1].body["messages"][0]["content"]
    assert b"were summed up" not in client.get(chat.get_absolute_url()).content


def test_where_the_model_cannot_sum_up_the_answer_says_what_it_was_written_without(
    client, ollama, window
):
    model = StrictModel(3)

    def forgetful(request: Request) -> Iterable[Step]:
        if sums_up(request):
            return answered(request, "", 10)
        return model(request)

    ollama.play(*[forgetful] * 20)
    chat = start(client, "First " + "word " * 1100)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "word " * 1100})
    reply = closed_reply(chat)
    assert (reply.state, reply.left_out) == (State.DONE, 2)
    assert b"2 older messages no longer fit" in client.get(chat.get_absolute_url()).content


def test_one_message_longer_than_the_window_is_summed_up_in_pieces(client, ollama, window):
    ollama.play(*[StrictModel(3)] * 40)
    chat = start(client, "FACT-early " + "word " * 2600 + "FACT-late")
    wait_until(lambda: not Message.objects.open().exists())
    assert Message.objects.get(role="assistant").reason == "too_long"
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Shorter, then"})
    closed_reply(chat)
    assert "FACT-early" in Summary.objects.get().text
    assert "FACT-late" in Summary.objects.get().text


def test_a_message_that_surely_cannot_fit_is_not_sent_nor_is_anything_summed_up_for_it(
    client, ollama, window
):
    model = StrictModel(3)
    ollama.play(*[model] * 20)
    chat = start(client, "word " * 600)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "word " * 4000})
    assert closed_reply(chat).reason == "too_long"
    reply = chat.messages.in_order().last()
    client.post(reverse("chats:retry", args=[reply.pk]))
    assert closed_reply(chat).reason == "too_long"
    assert (len(ollama.chats), model.refused) == (1, 0)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Shorter, then"})
    assert closed_reply(chat).state == State.DONE


def test_a_message_that_may_fit_by_what_was_seen_is_sent_once(client, ollama, window):
    model = StrictModel(3)
    ollama.play(*[model] * 20)
    chat = start(client, "word " * 600)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "word " * 2500})
    assert closed_reply(chat).reason == "too_long"
    assert model.refused == 1


def test_what_was_refused_is_asked_again_with_less_and_never_as_it_was(client, ollama, window):
    ollama.play("plain", "too_long", *[StrictModel(3)] * 5)
    chat = start(client, "word " * 600)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "word " * 600})
    assert closed_reply(chat).state == State.DONE
    prompts = [go_json(request.body["messages"]) for request in ollama.chats]
    assert len(prompts) > 2
    assert len({*prompts}) == len(prompts)


def test_the_gauge_is_full_when_older_messages_get_summed_up(client, ollama, window):
    ollama.play(*[StrictModel(3)] * 60)
    chat = start(client, "Tell me about cats. " * 20)
    seen = [closed_reply(chat).fullness]
    while not Summary.objects.exists():
        client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Tell me more. " * 20})
        seen.append(closed_reply(chat).fullness)
    *rising, before, after = seen
    assert rising == sorted(rising)
    assert 85 < before <= 100
    assert after < 65
    page = client.get(chat.get_absolute_url()).content.decode()
    assert f'<meter value="{after}" max="100"' in page


def test_a_summary_goes_with_the_branch_that_it_ends_on(client, ollama, window, owner):
    ollama.play(*[StrictModel(3)] * 20)
    chat = start(client, "word " * 1100)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "word " * 1100})
    closed_reply(chat)
    order.delete(Chat.objects.get())
    assert not Summary.objects.exists()


def test_the_ratio_rises_at_once_and_falls_slowly():
    calibration.learn("m", 100, 150)
    assert calibration.ratio("m") == 1.5
    calibration.learn("m", 100, 50)
    assert 1.3 < calibration.ratio("m") < 1.5
    calibration.learn("m", 100, 180)
    assert calibration.ratio("m") == 1.8


@pytest.mark.parametrize("counted", [None, 0, 3, 100_000])
def test_a_count_that_no_text_can_have_teaches_nothing(counted):
    calibration.learn("m", 1000, counted)
    assert not TokenRatio.objects.exists()


def test_an_overflow_without_a_count_doubles_the_ratio():
    calibration.learn_overflow("m", 1000, None)
    assert calibration.ratio("m") == 2


def test_the_least_ratio_falls_at_once_and_rises_slowly():
    seen = []
    for counted in (90, 70, 170):
        calibration.learn("m", 100, counted)
        seen.append(TokenRatio.objects.get().least)
    assert seen == [0.9, 0.7, pytest.approx(0.8)]


def test_only_what_was_answered_makes_a_prompt_surely_too_long():
    assert not calibration.is_surely_longer("m", 100_000, 4096)
    calibration.learn_overflow("m", 1000, None)
    assert not calibration.is_surely_longer("m", 100_000, 4096)
    calibration.learn("m", 1000, 800)
    assert calibration.is_surely_longer("m", 8000, 4096)
    # Other words may be so much shorter in tokens.
    assert not calibration.is_surely_longer("m", 6000, 4096)


def test_a_message_too_long_by_itself_makes_no_other_seem_longer():
    calibration.learn("m", 1000, 900)
    calibration.learn_overflow("m", 13_000, 10_000)
    assert calibration.ratio("m") == 0.9
    calibration.learn_overflow("m", 1000, 1400)
    assert calibration.ratio("m") == 1.4


def test_estimates_grow_with_the_ratio():
    assert context.Window(4096, 2.0).tokens("word") == 2 * context.estimate("word")
