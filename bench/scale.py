"""Many replicas under load, and what happens when one part after the other is lost.

`python bench/scale.py` starts AhFai as an organisation runs it (`installation.py`) and lets 200
people use it through nginx and TLS (`crowd.py`); then, while they go on, kills a web replica, stops
the cache, kills a model server, restarts the database and restarts both replicas. Prints tables.
The exit status is 0 where all aims were met, 1 where one wasn't, and 2 where a program that is
needed isn't installed. `--small` is the same with 20 people, in about a minute.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from installation import (
    MODEL_HOSTS,
    PROCESSES,
    REPLICAS,
    WORKERS,
    Installation,
    NotHere,
    Part,
    stops_on_signals,
)
from stub_model import seconds_since

BENCH = Path(__file__).resolve().parent
RATE = 20
PAGES_P95_MS = 300
BACK_WITHIN_S = 10
# A row is at most about a second behind what was read (docs/figures.md).
TEXT_LOST_S = 2.0
PAGES = {"home", "chats", "a chat", "notes", "a note", "reminders", "search", "the editor"}
WRITES = {"save a note", "add a reminder", "keep a draft"}
STREAMS = {"ask", "stream", "continue", "retry"}


class Sizes(NamedTuple):
    people: int
    streaming: int
    tokens: int
    calm_s: float
    # How long a part is away, and how long the crowd is watched after each fault.
    away_s: float
    after_s: float


FULL = Sizes(people=200, streaming=10, tokens=300, calm_s=120, away_s=10, after_s=20)
SMALL = Sizes(people=20, streaming=2, tokens=60, calm_s=12, away_s=3, after_s=4)


class Row(NamedTuple):
    what: str
    measured: str
    aim: str
    met: bool


class Window(NamedTuple):
    """Monotonic moments between which something was tried, and what was noted there."""

    name: str
    begin: float
    end: float
    noted: dict[str, float]


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    wanted.add_argument("--small", action="store_true")
    wanted.add_argument("--people", type=int)
    wanted.add_argument("--seconds", type=float, help="how long nothing is lost")
    wanted.add_argument("--only", help="the faults to try, with commas: " + ", ".join(FAULTS))
    given = wanted.parse_args()
    sizes = SMALL if given.small else FULL
    if given.people:
        sizes = sizes._replace(people=given.people, streaming=max(1, round(given.people / 20)))
    if given.seconds:
        sizes = sizes._replace(calm_s=given.seconds)
    faults = given.only.split(",") if given.only is not None else list(FAULTS)
    try:
        with stops_on_signals(), Installation() as here:
            rows = run(here, sizes, [name for name in faults if name])
    except NotHere as missing:
        print(missing, file=sys.stderr)
        return 2
    return 0 if all(row.met for row in rows) else 1


def run(here: Installation, sizes: Sizes, faults: Sequence[str]) -> list[Row]:
    people = json.loads(here.python(BENCH / "crowd_rows.py", "make", str(sizes.people)))
    with crowd(here, people, sizes) as living:
        # Everybody has come, and each process has loaded what it needs.
        time.sleep(min(20, sizes.calm_s / 2) + 5)
        spent = {part.name: part.cpu_s() for part in here.parts}
        calm = window("calm", lambda: time.sleep(sizes.calm_s) or {})
        spent = {part.name: part.cpu_s() - spent[part.name] for part in here.parts}
        memory = {part.name: part.memory_mb() for part in here.parts}
        load = os.getloadavg()[0]
        tried = [window(name, lambda name=name: FAULTS[name](here, sizes)) for name in faults]
        told = living()
    for one in [calm, *tried]:
        for wrong in failed(Found(told, calm, []).during(one)):
            after = wrong["began"] - one.begin
            said = f"{wrong['kind']} after {after:.1f} s: {wrong['status'] or 'no answer'}"
            print(f"{one.name}: {said} in {wrong['took_s']:.1f} s", file=sys.stderr)
    checked = json.loads(here.python(BENCH / "crowd_rows.py", "check", told=json.dumps(told)))
    found = Found(told, calm, tried)
    print_setting(here, sizes, found, load)
    print_kinds(found)
    print_parts(here.parts, spent, memory, calm, told["cpu_s"] / told["seconds"])
    rows = [*main_rows(found, sizes), *fault_rows(found), *checked_rows(found, checked)]
    print("| what was tried | measured | aim | met |")
    print("|---|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.measured} | {row.aim} | {'yes' if row.met else '**no**'} |")
    return rows


@contextmanager
def crowd(here: Installation, people: list[dict], sizes: Sizes) -> Iterator[Callable[[], dict]]:
    """The people live until the given function is called, which says what happened to them."""
    began = time.monotonic()
    wanted = {
        "url": here.url,
        "people": people,
        "streaming_at_once": sizes.streaming,
        "tokens": sizes.tokens,
        "rate": RATE,
    }
    with subprocess.Popen(
        [sys.executable, BENCH / "crowd.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:

        def end() -> dict:
            process.terminate()
            said, _ = process.communicate(timeout=sizes.tokens / RATE + 90)
            return json.loads(said.removeprefix("ready\n")) | {"seconds": time.monotonic() - began}

        try:
            process.stdin.write(json.dumps(wanted))
            process.stdin.close()
            process.stdin = None
            yield end
        finally:
            process.kill()


def window(name: str, do: Callable[[], dict[str, float] | None]) -> Window:
    print(f"{name} …", file=sys.stderr, flush=True)
    begin = time.monotonic()
    noted = do() or {}
    return Window(name, begin, time.monotonic(), noted)


# --- What is lost -------------------------------------------------------------------------------


def kill_replica(here: Installation, sizes: Sizes) -> dict[str, float]:
    """SIGKILL to all its processes; it is started again later, as systemd would do."""
    lost = here.web[1]
    killed = time.monotonic()
    lost.kill()
    time.sleep(sizes.after_s)
    back = time.monotonic()
    lost.start()
    return {"killed": killed, "back": back}


def restart_both(here: Installation, sizes: Sizes) -> dict[str, float]:
    """One after the other, as docs/operating.md says it."""
    took = []
    for replica in here.web:
        here.take_out(replica)
        began = time.monotonic()
        replica.stop(patience_s=120)
        took.append(time.monotonic() - began)
        replica.start()
        here.take_in()
        time.sleep(sizes.after_s / 4)
    return {"longest_stop_s": max(took)}


def lose_cache(here: Installation, sizes: Sizes) -> dict[str, float]:
    here.cache.stop()
    stopped = time.monotonic()
    time.sleep(sizes.away_s + sizes.after_s / 2)
    back = time.monotonic()
    here.cache.start()
    time.sleep(sizes.after_s / 4)
    return {"stopped": stopped, "back": back}


def lose_model(here: Installation, sizes: Sizes) -> dict[str, float]:
    lost = here.models[0]
    killed = time.monotonic()
    lost.kill()
    time.sleep(sizes.after_s)
    lost.start()
    return {"killed": killed}


def restart_database(here: Installation, sizes: Sizes) -> dict[str, float]:
    """A fast shutdown, some seconds without it, and a start."""
    stopped = time.monotonic()
    here.primary.stop()
    time.sleep(sizes.away_s / 2)
    here.primary.begin()
    while not here.primary.answers():
        time.sleep(0.02)
    back = time.monotonic()
    time.sleep(max(sizes.after_s, BACK_WITHIN_S + 2))
    return {"stopped": stopped, "back": back}


FAULTS: dict[str, Callable[[Installation, Sizes], dict[str, float]]] = {
    "kill": kill_replica,
    "cache": lose_cache,
    "model": lose_model,
    "database": restart_database,
    "rolling": restart_both,
}


# --- What happened ------------------------------------------------------------------------------


class Found:
    def __init__(self, told: dict, calm: Window, tried: Sequence[Window]) -> None:
        self.requests: list[dict] = told["requests"]
        self.replies: list[dict] = told["replies"]
        self.stale: list[dict] = told["stale"]
        self.again: int = told["again"]
        self.calm = calm
        self.tried = {one.name: one for one in tried}

    def during(self, window: Window, kinds: set[str] | None = None) -> list[dict]:
        return self.between(window.begin, window.end, kinds)

    def between(self, begin: float, end: float, kinds: set[str] | None = None) -> list[dict]:
        return [
            one
            for one in self.requests
            if begin <= one["began"] < end and (kinds is None or one["kind"] in kinds)
        ]

    def replies_asked(self, begin: float, end: float) -> list[dict]:
        return [one for one in self.replies if begin <= one["asked"] < end]

    def replies_open(self, moment: float) -> list[dict]:
        """Those that were being read then."""
        return [
            one
            for one in self.replies
            if one["first"] and one["first"] < moment < (one["over"] or float("inf"))
        ]


def failed(requests: Sequence[dict]) -> list[dict]:
    """As a person sees it: a page that says that something is wrong, or none."""
    return [one for one in requests if one["status"] == 0 or one["status"] >= 500]


def print_setting(here: Installation, sizes: Sizes, found: Found, load: float) -> None:
    calm = found.calm
    acts = found.during(calm)
    seconds = calm.end - calm.begin
    reading = sum(
        max(0, min(one["over"] or calm.end, calm.end) - max(one["asked"], calm.begin))
        for one in found.replies
    )
    print(
        f"{sizes.people} people through nginx with TLS, {len(acts) / seconds:.1f} requests a "
        f"second, {reading / seconds:.1f} replies of {RATE} tokens/s being read at any time; "
        f"{REPLICAS} web replicas of {PROCESSES} processes, {WORKERS} workers, PostgreSQL with a "
        f"replica, {here.cache.name}, {MODEL_HOSTS} model servers (stubs); all of it and the "
        f"people's browsers on {os.cpu_count()} cores, at a load of {load:.1f}. Nothing was lost "
        f"for {seconds:.0f} s:\n"
    )


def print_kinds(found: Found) -> None:
    by_kind: dict[str, list[dict]] = defaultdict(list)
    for one in found.during(found.calm):
        by_kind[one["kind"]].append(one)
    print("| request | how many | median | 95 % within | 99 % within | statuses |")
    print("|---|---|---|---|---|---|")
    for kind, requests in sorted(by_kind.items()):
        took = [one["took_s"] * 1000 for one in requests]
        statuses = Counter(f"{one['status'] // 100}xx" for one in requests)
        said = ", ".join(f"{count} × {name}" for name, count in sorted(statuses.items()))
        name = f"{kind}, to the first event" if kind in STREAMS else kind
        print(f"| {name} | {len(took)} | {times(took)} | {said.replace('0xx', 'broken')} |")
    asked = found.replies_asked(found.calm.begin, found.calm.end)
    first = [(one["first"] - one["asked"]) * 1000 for one in asked if one["first"]]
    print(f"| from the question to its first token | {len(first)} | {times(first)} | |")
    late = [
        seconds_since(stamp.encode(), at) * 1000
        for one in asked
        for stamp, at in one["seen"].items()
    ]
    print(f"| a token, from the model server to its reader | {len(late)} | {times(late)} | |")
    print()


def times(took_ms: Sequence[float]) -> str:
    found = (within(took_ms, part) for part in (0.5, 0.95, 0.99))
    return " | ".join(f"{one:.0f} ms" for one in found)


def print_parts(
    parts: Sequence[Part],
    spent: dict[str, float],
    memory: dict[str, float],
    calm: Window,
    crowds: float,
) -> None:
    seconds = calm.end - calm.begin
    print("| part | CPU, of one core | memory |")
    print("|---|---|---|")
    for part in parts:
        print(f"| {part.name} | {spent[part.name] / seconds:.1%} | {memory[part.name]:.0f} MB |")
    print(f"| the people's browsers (one process) | {crowds:.1%} | |")
    print()


def main_rows(found: Found, sizes: Sizes) -> Iterator[Row]:
    """Nothing was lost then."""
    everything = found.during(found.calm)
    wrong = failed(everything)
    yield Row(
        f"{sizes.people} people, nothing lost: requests that failed",
        f"{len(wrong)} of {len(everything):,}",
        "0",
        not wrong,
    )
    took = [one["took_s"] * 1000 for one in found.during(found.calm, PAGES)]
    p95 = within(took, 0.95)
    yield Row("pages, 95 % within", f"{p95:.0f} ms", f"< {PAGES_P95_MS} ms", p95 < PAGES_P95_MS)
    replies = found.replies_asked(found.calm.begin, found.calm.end)
    whole = sum(one["state"] == "done" for one in replies)
    yield Row("replies that came whole", f"{whole} of {len(replies)}", "all", whole == len(replies))


def fault_rows(found: Found) -> Iterator[Row]:
    rows = {
        "kill": killed_rows,
        "cache": cache_rows,
        "model": model_rows,
        "database": database_rows,
        "rolling": rolling_rows,
    }
    for name, tried in found.tried.items():
        yield from rows[name](found, tried)


def killed_rows(found: Found, tried: Window) -> Iterator[Row]:
    killed = tried.noted["killed"]
    name = "a web replica is killed (SIGKILL)"
    under_way = [
        one
        for one in failed(found.requests)
        if one["began"] < killed < one["began"] + one["took_s"]
    ]
    after = found.between(killed, tried.end)
    wrong = failed(after)
    yield Row(
        f"{name}: requests after it that failed",
        f"{len(wrong)} of {len(after):,}; {len(under_way)} of those under way at that moment",
        "0",
        not wrong,
    )
    were_read = found.replies_open(killed)
    broke = [one for one in were_read if any(killed <= at < killed + 5 for at in one["left"])]
    waited = [
        min(at for at in one["back"] if at >= killed) - killed
        for one in broke
        if any(at >= killed for at in one["back"])
    ]
    went_on = [one for one in broke if one["state"] == "done"]
    cut = sum(bool(one["interrupted"]) for one in broke)
    longest = f", the last one after {max(waited):.1f} s" if waited else ""
    yield Row(
        f"{name}: replies that were read through it went on at the other",
        f"{len(went_on)} of {len(broke)} (of {len(were_read)} being read){longest}; "
        f"{cut} were being written by it, and went on by “Continue” or “Try again”",
        "all",
        len(went_on) == len(broke),
    )


def cache_rows(found: Found, tried: Window) -> Iterator[Row]:
    name = "the cache is stopped and started"
    away = found.between(tried.noted["stopped"], tried.noted["back"])
    requests = found.during(tried)
    wrong = failed(requests)
    yield Row(f"{name}: requests that failed", f"{len(wrong)} of {len(requests):,}", "0", not wrong)
    took = [one["took_s"] * 1000 for one in away if one["kind"] in PAGES]
    before = [one["took_s"] * 1000 for one in found.during(found.calm, PAGES)]
    yield Row(
        f"{name}: pages meanwhile, 95 % within",
        f"{within(took, 0.95):.0f} ms; with it {within(before, 0.95):.0f} ms",
        "slower, never wrong",
        True,
    )


def model_rows(found: Found, tried: Window) -> Iterator[Row]:
    name = "a model server is killed"
    killed = tried.noted["killed"]
    after = found.replies_asked(killed, tried.end)
    done = [one for one in after if one["state"] == "done"]
    first = [one["first"] - one["asked"] for one in done]
    slowest = f", the first token within {max(first):.1f} s" if first else ""
    yield Row(
        f"{name}: questions after it that were answered",
        f"{len(done)} of {len(after)}{slowest}",
        "all",
        len(done) == len(after),
    )
    were_read = found.replies_open(killed)
    states = Counter(one["state"] for one in were_read)
    said = ", ".join(f"{count} {state}" for state, count in states.most_common())
    wrong = failed(found.during(tried))
    yield Row(
        f"{name}: requests that failed; how the replies of that moment ended",
        f"{len(wrong)}; {said}",
        "0; what was written stays",
        not wrong,
    )


def database_rows(found: Found, tried: Window) -> Iterator[Row]:
    name = "PostgreSQL's primary is restarted"
    stopped, back = tried.noted["stopped"], tried.noted["back"]
    writes = found.between(stopped, tried.end, WRITES)
    good = [
        one["began"] + one["took_s"]
        for one in writes
        if one["status"] in (200, 302) and one["began"] + one["took_s"] > back
    ]
    first = min(good) - back if good else float("inf")
    wrong = failed(found.between(stopped, tried.end))
    last = max((one["began"] + one["took_s"] for one in wrong), default=back) - back
    yield Row(
        f"{name}: from its return to the first write that was saved",
        f"{first:.1f} s; the last request failed {max(0, last):.1f} s after its return "
        f"({len(wrong)} in {back - stopped:.0f} s without it)",
        f"≤ {BACK_WITHIN_S} s",
        max(first, last) <= BACK_WITHIN_S,
    )
    were_read = found.replies_open(stopped)
    done = [one for one in were_read if one["state"] == "done"]
    yield Row(
        f"{name}: replies of that moment that ended whole",
        f"{len(done)} of {len(were_read)}",
        "all",
        len(done) == len(were_read),
    )


def rolling_rows(found: Found, tried: Window) -> Iterator[Row]:
    name = "both web replicas are restarted, one after the other"
    requests = found.during(tried)
    wrong = failed(requests)
    took = f"; it took {tried.noted['longest_stop_s']:.0f} s at most to stop one"
    yield Row(
        f"{name}: requests that failed", f"{len(wrong)} of {len(requests):,}{took}", "0", not wrong
    )
    read = [
        one
        for one in found.replies
        if one["asked"] < tried.end and (one["over"] or tried.end) > tried.begin
    ]
    lost = [one for one in read if one["state"] != "done" or one["interrupted"]]
    moved = sum(any(tried.begin <= at < tried.end for at in one["left"]) for one in read)
    yield Row(
        f"{name}: replies that were lost or cut",
        f"{len(lost)} of {len(read)}; {moved} were watched from another process in the middle",
        "0",
        not lost,
    )


def checked_rows(found: Found, checked: dict) -> Iterator[Row]:
    """Of the whole run."""
    said = ", ".join(f"{count:,} × {what}" for what, count in sorted(checked["looked_at"].items()))
    faults = Counter(checked["faults"])
    wrong = ", ".join(f"{count} × {fault}" for fault, count in faults.items())
    yield Row(
        "what was called saved, at the end in the database",
        f"{len(checked['faults'])} missing ({wrong})" if wrong else f"0 missing of {said}",
        "0 missing",
        not checked["faults"],
    )
    lost = max(checked["lost_s"], default=0)
    yield Row(
        "text of replies that had been read and wasn't saved, at most",
        f"{lost:.1f} s ({len(checked['lost_s'])} replies)",
        f"≤ {TEXT_LOST_S:.0f} s",
        lost <= TEXT_LOST_S,
    )
    yield Row(
        "pages that didn't show what their person had just saved",
        f"{len(found.stale)}",
        "0",
        not found.stale,
    )
    yield Row(
        "requests that a browser repeats by itself, on a connection that was closed while idle",
        str(found.again),
        "",
        True,
    )


def within(taken: Sequence[float], part: float) -> float:
    return sorted(taken)[max(0, round(len(taken) * part) - 1)] if taken else float("nan")


if __name__ == "__main__":
    sys.exit(main())
