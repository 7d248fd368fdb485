"""What the built-in model does with tools: `python bench/tools.py`.

Thirty requests (`tool_requests.toml`) go the way that a person's go, from the stored question to
the cards, with the real model behind it; `MODEL_FILE` names a copy of its weights, else it is
fetched. A reply is stopped as soon as it is plain what the model does. Prints a table, and each
request with `--each`; a row takes four minutes and more on two cores.
"""

import argparse
import datetime
import json
import os
import statistics
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from scratch import scratch

ASKED = tomllib.loads((Path(__file__).parent / "tool_requests.toml").read_text())
KEY = "a-key-of-the-bench"
# Tokens of an answer in words.
LONGEST = 256
MOST_ROUNDS = 3
TOOL_OF = {
    "reminder_new": "set_reminder",
    "reminder_change": "change_reminder",
    "reminder_complete": "complete_reminder",
    "reminder_snooze": "snooze_reminder",
    "note_new": "create_note",
    "note_append": "append_to_note",
    "note_change": "change_note",
    "fact_new": "remember_fact",
}


@dataclass
class Outcome:
    """What came of a request: the tools that were called, and which of it is right."""

    called: list[str]
    tool: bool
    arguments: bool
    date: bool
    by_words: bool
    seconds: float


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--only", nargs="*", default=[], help="beginnings of rows of the table")
    wanted.add_argument("--each", action="store_true", help="tell of each request")
    wanted.add_argument("--others", action="store_true", help="the same things in other words")
    given = wanted.parse_args()
    requests = ASKED["others" if given.others else "requests"]
    os.environ.update(NUM_PREDICT=str(LONGEST), TITLES="no", LOG_LEVEL="WARNING")
    with scratch(), model():
        person = fill()
        print("| the built-in model, 30 requests | right tool | right arguments | ", end="")
        print("right time, read by the grammar | tools called in talk | ", end="")
        print("cards by the words alone | median | slowest |")
        print("|---|---|---|---|---|---|---|---|")
        for name, variant in variants().items():
            if given.only and not name.startswith(tuple(given.only)):
                continue
            with variant():
                found = [ask(person, one, given.each) for one in requests]
            print(row(name, requests, found), flush=True)


def row(name: str, requests: list[dict[str, Any]], found: list[Outcome]) -> str:
    both = list(zip(requests, found, strict=True))
    acting = [one for request, one in both if request["tool"]]
    timed = [one for request, one in both if "phrase" in request]
    talk = [one for request, one in both if not request["tool"]]
    cells = (
        name,
        sum(one.tool for one in found),
        f"{sum(one.arguments for one in acting)} of {len(acting)}",
        f"{sum(one.date for one in timed)} of {len(timed)}",
        f"{sum(not one.tool for one in talk)} of {len(talk)}",
        sum(one.by_words for one in found),
        f"{statistics.median(one.seconds for one in found):.1f} s",
        f"{max(one.seconds for one in found):.1f} s",
    )
    return f"| {' | '.join(map(str, cells))} |"


def variants() -> dict[str, Callable]:
    from chats import asking, context, hints, toolbox

    every = tuple(toolbox.TOOLS)
    look_ups = tuple(name for name, tool in toolbox.TOOLS.items() if not tool.writes)

    @contextmanager
    def offered(choose: Callable[[str], tuple], has_days: bool = True) -> Iterator[None]:
        def offers(words: str, *_about: Any) -> tuple:
            return choose(words)

        about = context._about if has_days else lambda *_asked: context.WITH_TOOLS
        with (
            mock.patch.object(toolbox, "offers", offers),
            mock.patch.object(context, "_about", about),
            # Cards by the words alone are the product's.
            mock.patch.object(asking, "asked_for", return_value=None),
        ):
            yield

    def named(*names: str) -> tuple:
        return toolbox._offers(names)

    def hinted(words: str) -> tuple:
        return named(*look_ups, *hints.hinted(words))

    @contextmanager
    def product() -> Iterator[None]:
        yield

    return {
        "all tools": lambda: offered(lambda _words: named(*every), has_days=False),
        "and a tool to answer": lambda: offered(
            lambda _words: (hints.ANSWER, *named(*every)), has_days=False
        ),
        "and the next seven days": lambda: offered(lambda _words: (hints.ANSWER, *named(*every))),
        "and changes only where the words hint at them": lambda: offered(
            lambda words: (hints.ANSWER, *hinted(words))
        ),
        "AhFai": product,
    }


def ask(person: Any, request: dict[str, Any], is_told: bool) -> Outcome:
    """In a chat of its own, until it is plain what the model does."""
    from chats import asking, commands, generation, servers
    from chats.lifecycle import storing
    from chats.models import Card

    began = time.monotonic()
    words, name = request["text"], servers.default_model()
    answer = asking.answer(person, words, name)
    answered = answer and storing.Answered(
        answer.text, lambda reply: commands.keep(reply, answer.brought)
    )
    reply, fresh = storing.start(person, words, name, None, answered)
    running = generation.begin(reply) if fresh else None
    seen = 0
    while running and not running.over:
        with running.changed:
            running.changed.wait(0.5)
        if running.looked_up > seen:
            seen = running.looked_up
            if seen >= MOST_ROUNDS or plain(reply, request):
                running.stop()
    seconds = time.monotonic() - began
    uses = list(reply.uses.order_by("number"))
    by_model = {use.card_number for use in uses}
    cards = list(reply.cards.order_by("number"))
    called = [use.name for use in uses]
    changed = [TOOL_OF[card.kind] for card in cards]
    by_words = any(card.number not in by_model for card in cards)
    right = request["tool"]
    if right:
        done = [*(use for use in called if use in right), *(one for one in changed if one in right)]
        is_tool = bool(done) and all(one in right for one in changed)
    else:
        is_tool = not called and not cards
    said = [
        json.dumps(json.loads(use.arguments), ensure_ascii=False).lower()
        for use in uses
        if use.name in right and (use.card_number is not None or json.loads(use.shown))
    ]
    said += [shown(card).lower() for card in cards if TOOL_OF[card.kind] in right]
    is_said = is_tool and any(
        all(any(word in one for word in words.split("|")) for words in request.get("has", []))
        for one in said
    )
    is_date = is_said and "phrase" in request and any(has_time(card, request) for card in cards)
    outcome = Outcome(called, is_tool, is_said, is_date, by_words, seconds)
    if is_told:
        reply.refresh_from_db()
        marks = "".join("x" if one else "-" for one in (is_tool, is_said, is_date, by_words))
        print(f"{marks} {seconds:5.1f} s  {request['text']}", file=sys.stderr)
        for use in uses:
            print(f"      {use.name} {use.arguments} -> {use.result[:150]!r}", file=sys.stderr)
        print(f"      {changed} {reply.state} {reply.content[:150]!r}", file=sys.stderr, flush=True)
    Card.objects.filter(reply=reply).delete()
    return outcome


def shown(card: Any) -> str:
    """The words of a card, with what the thing is called that it is about."""
    from chats import cards

    [view] = cards.views([card])
    return f"{card.payload} {view.shown.title if view.shown else ''}"


def plain(reply: Any, request: dict[str, Any]) -> bool:
    """Whether a tool that was right has brought something, or any has made a card."""
    brought = [use for use in reply.uses.all() if json.loads(use.shown)]
    return any(use.name in request["tool"] for use in brought) or reply.cards.exists()


def has_time(card: Any, request: dict[str, Any]) -> bool:
    """Whether the card is for the time that the grammar reads in the phrase."""
    from django.utils import timezone

    from reminders import phrases, quick

    person = card.owner
    with timezone.override(person.zone):
        asked = phrases.read(request["phrase"], timezone.now(), person.zone)
    payload = json.loads(card.payload)
    if until := payload.get("until"):
        wanted = datetime.datetime.combine(asked.start.date(), asked.start.time(), person.zone)
        return datetime.datetime.fromisoformat(until) == wanted
    right, found = quick.wanted(asked), payload.get("wanted", {})
    same = all(
        (found.get(name) or None) == (str(right[name]) if right[name] else None)
        for name in ("day", "rrule")
    )
    return same and close(found.get("at"), right["at"])


def close(found: str | None, right: datetime.time | None) -> bool:
    """Minutes go by while a model writes."""
    if found is None or right is None:
        return found is None and right is None
    read = datetime.time.fromisoformat(found)
    minutes = [one.hour * 60 + one.minute for one in (read, right)]
    return abs(minutes[0] - minutes[1]) <= 2


def fill() -> Any:
    from django.utils import timezone

    from ahfai.testing import make_person
    from notes import writing as notes
    from reminders import writing as reminders

    person = make_person("ada@example.org", name="Ada")
    for note in ASKED["notes"]:
        notes.create(person, note["title"], note["body"])
    today = timezone.localdate(timezone=person.zone)
    for one in ASKED["reminders"]:
        wanted: dict[str, Any] = {"title": one["title"]}
        if "at" in one:
            day = today + datetime.timedelta(days=one["days"])
            wanted |= {"day": day, "at": datetime.time.fromisoformat(one["at"])}
        reminders.create(person, wanted, [])
    return person


@contextmanager
def model() -> Iterator[None]:
    """The built-in one, kept as `manage.py serve` keeps it."""
    from django.conf import settings

    from ahfai.serving.builtin import Report
    from chats import servers
    from chats.builtin import keeper
    from chats.builtin.weights import WEIGHTS

    os.environ.update(AHFAI_MODEL_SERVER="builtin", AHFAI_BUILTIN_KEY=KEY)
    stopping, report = threading.Event(), Report()
    kept = threading.Thread(
        target=keeper.keep,
        kwargs={
            "weights": WEIGHTS[settings.BUILTIN_MODEL],
            "folder": settings.DATA_DIR / "models",
            "key": KEY,
            "model_file": settings.MODEL_FILE,
            "threads": os.cpu_count() or 1,
            "report": report,
            # What was asked last is read anew otherwise.
            "restart_wanted": lambda: False,
            "stopping": stopping,
        },
    )
    kept.start()
    try:
        while (status := servers.builtin_status()).state != "ready":
            if status.state == "failed":
                raise SystemExit(status.sentence)
            time.sleep(0.5)
            report.beat()
        beating = threading.Thread(target=beat, args=[report, stopping])
        beating.start()
        with mock.patch.object(servers, "restart_builtin"):
            yield
    finally:
        stopping.set()
        kept.join()


def beat(report: Any, stopping: threading.Event) -> None:
    while not stopping.wait(5):
        report.beat()


if __name__ == "__main__":
    main()
