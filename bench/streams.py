"""What AhFai adds to a model server's answers: `python bench/streams.py`.

A stub in the model server's place (`stub_model.py`) stamps each token with the time at which it was
sent. Bare `requests` clients read it, and AhFai's pages do, started as `make run` starts it, the
limits on parallel runs raised and one person for each stream; the difference is what AhFai adds.
All of them share the machine. Prints tables.
"""

import json
import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import requests
from stub_model import MODEL, STAMP, seconds_since

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ahfai.tests.house import House  # noqa: E402

TIMES = 60
RATE = 50
SOME, MANY, AT_ONCE = 24, 128, 64
ANSWER = 2000
PAUSE_S = 0.2
CSRF = "a" * 32
SEED = """
import json, sys
import django
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.conf import settings
from accounts.models import User
from accounts.sessions import SessionStore
from chats.models import Chat
people = []
for number in range(int(sys.argv[1])):
    user = User.objects.create_user(f"p{number}@example.org", None, name="Ada")
    chat = Chat.objects.create(owner=user, title="A talk", model=sys.argv[2], titled=True)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    people.append((session.session_key, str(chat.pk)))
print(json.dumps(people))
"""


class Person(NamedTuple):
    cookie: str
    chat: str


@dataclass
class Stream:
    """One answer that is being read: when it was asked, when the first event of the page and the
    first token were there, and how long each token was on its way."""

    asked: float
    heard: float = 0.0
    first: float = 0.0
    newest: float = 0.0
    status: int = 0
    late: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    over: bool = False
    buffer: bytes = b""

    def take(self, data: bytes) -> None:
        now = time.monotonic()
        if b"event: " in data:
            self.heard = self.heard or now
        for stamped in STAMP.findall(data):
            late = seconds_since(stamped, now)
            # The same words come again when their paragraph is rendered.
            if now - late > self.newest:
                self.first = self.first or now
                self.newest = now - late + 1e-5
                self.late.append(late)
                self.sent.append(now - late)


def main() -> None:
    with stub() as url:
        settings = {"OLLAMA_URL": url, "OLLAMA_PARALLEL": "512", "TITLES": "yes"}
        with House(**settings) as house:
            people = seed(house, MANY)
            measure(url, house, people)


def measure(url: str, house: House, people: Sequence[Person]) -> None:
    processes = len(house.children(house.children()[0]))
    print(f"Pages were served by {processes} process; its parent and the worker stood beside it.\n")
    first_words(url, house, people)
    print()
    tokens(url, house, people)
    print()
    new_chats(url, house, people[:AT_ONCE])


def first_words(url: str, house: House, people: Sequence[Person]) -> None:
    open_home(house, people[0])
    bare, ours = [], []
    # Each asks in a chat of their own, which stays short. The first few warm both sides up.
    for number in range(TIMES + 5):
        bare += bare_streams(url, 1, 1).streams
        ours += page_streams(house, [people[number]], 1).streams
    waits = [[ms(one.first - one.asked) for one in found[5:]] for found in (bare, ours)]
    heard = [ms(one.heard - one.asked) for one in ours[5:]]
    middle, most = [statistics.median(one) for one in waits], [within(one, 0.95) for one in waits]
    print("| from the question to | bare client | AhFai | added | aim |")
    print("|---|---|---|---|---|")
    print(f"| the first token, median | {compared(*middle)} | ≤ 15 ms |")
    print(f"| the first token, 95 % within | {compared(*most)} | |")
    print(f"| the first event of the page, median | | {statistics.median(heard):.1f} ms | | |")


def tokens(url: str, house: House, people: Sequence[Person]) -> None:
    """Answers of 40 seconds; where there are many, five of them begin in each second."""
    columns = (
        f"streams of {RATE} tokens/s",
        "a token, 99 % within, while all run: bare client",
        "AhFai",
        "added",
        "aim",
        "from the first to the last word: AhFai",
        "CPU per 1,000 tokens: bare client",
        "AhFai",
        "aim",
        "tokens that arrived",
    )
    print(f"| {' | '.join(columns)} |")
    print("|" + "---|" * len(columns))
    for streams, late_aim, cpu_aim in (
        (1, "≤ 50 ms", ""),
        (SOME, "", "≤ 0.2 s"),
        (MANY, "< 250 ms", ""),
    ):
        found = (
            bare_streams(url, streams, ANSWER),
            page_streams(house, people[:streams], ANSWER),
        )
        late = [within(late_in_the_middle(one.streams), 0.99) for one in found]
        overall = [ms(late) for stream in found[1].streams for late in stream.late]
        spent = [one.cpu_s / (streams * ANSWER) * 1000 for one in found]
        arrived = sum(len(stream.late) for stream in found[1].streams) / (streams * ANSWER)
        print(
            f"| {streams} | {compared(*late)} | {late_aim} "
            f"| {within(overall, 0.99):.0f} ms "
            f"| {spent[0]:.3f} s | {spent[1]:.3f} s | {cpu_aim} | {arrived:.2%} |"
        )
        # What is done after the last words isn't the next ones'.
        time.sleep(3)


def late_in_the_middle(streams: Sequence[Stream]) -> list[float]:
    """How late the tokens were, in milliseconds, that were sent while all streams ran."""
    begin, end = max(one.sent[0] for one in streams) + 1, min(one.sent[-1] for one in streams)
    return [
        ms(late)
        for stream in streams
        for sent, late in zip(stream.sent, stream.late, strict=True)
        if begin < sent < end
    ]


def new_chats(url: str, house: House, people: Sequence[Person]) -> None:
    before = calls(url)["answers"]
    started = posts(house, people)
    refused = sum(status != 302 for status, _seconds in started)
    slowest = max(seconds for _status, seconds in started)
    until(lambda: calls(url)["answers"] >= before + 2 * AT_ONCE, 60)
    # One more would come now.
    time.sleep(2)
    asked = (calls(url)["answers"] - before) / AT_ONCE
    print(f"| {AT_ONCE} new chats posted within one second | measured | aim |")
    print("|---|---|---|")
    print(f"| refused | {refused} | 0 |")
    print(f"| slowest answer to a post | {ms(slowest):.0f} ms | |")
    print(f"| calls of the model for each, its title included | {asked:.2f} | 2 |")


@dataclass
class Found:
    streams: list[Stream]
    cpu_s: float


def bare_streams(url: str, streams: int, tokens: int) -> Found:
    """Read by `requests` alone, in a process of its own, a thread for each stream."""
    command = [sys.executable, __file__, "bare", url, str(streams), str(tokens)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return Found([Stream(**one) for one in told["streams"]], told["cpu_s"])


def read_bare(url: str, streams: int, tokens: int) -> None:
    found = [Stream(0.0) for _ in range(streams)]

    def read(number: int, stream: Stream) -> None:
        time.sleep(number * PAUSE_S)
        session = requests.Session()
        stream.asked = time.monotonic()
        question = {"role": "user", "content": f"tokens={tokens} rate={RATE}"}
        asked = {"model": MODEL, "messages": [question]}
        with session.post(f"{url}/api/chat", json=asked, stream=True, timeout=60) as answer:
            for line in answer.iter_lines(chunk_size=None):
                stream.take(json.loads(line)["message"]["content"].encode())

    # What only the first request of a process pays isn't the client's.
    requests.get(f"{url}/api/version", timeout=5)
    before = own_cpu()
    in_threads(read, found)
    spent = own_cpu() - before
    print(json.dumps({"cpu_s": spent, "streams": [vars(s) | {"buffer": ""} for s in found]}))


def page_streams(house: House, people: Sequence[Person], tokens: int, question: str = "") -> Found:
    """Asked and read as a page does it, by one thread for all streams."""
    before = cpu(house)
    streams: list[Stream] = []
    with selectors.DefaultSelector() as selector:
        for person in people:
            form = f"text=tokens%3D{tokens}+rate%3D{RATE}+{quote(question)}"
            stream = Stream(time.monotonic())
            connected = send(house, f"/chats/{person.chat}/ask", person, form)
            selector.register(connected, selectors.EVENT_READ, stream)
            streams.append(stream)
            read(selector, stream.asked + (PAUSE_S if len(people) > 1 else 0))
        deadline = time.monotonic() + tokens / RATE + 30
        while not all(one.over for one in streams) and time.monotonic() < deadline:
            read(selector, time.monotonic() + 0.5)
        for key in list(selector.get_map().values()):
            key.fileobj.close()
    return Found(streams, cpu(house) - before)


def read(selector: selectors.BaseSelector, until_time: float) -> None:
    while True:
        ready = selector.select(max(0, until_time - time.monotonic()))
        for key, _events in ready:
            data = key.fileobj.recv(65536)
            stream = key.data
            stream.take(data)
            stream.over = stream.over or not data or b"event: done" in data
            if not data:
                selector.unregister(key.fileobj)
                key.fileobj.close()
        if time.monotonic() >= until_time or not selector.get_map():
            return


def send(house: House, path: str, person: Person, form: str) -> socket.socket:
    form += f"&csrfmiddlewaretoken={CSRF}"
    connected = socket.create_connection(("127.0.0.1", house.port))
    connected.sendall(
        f"POST {path} HTTP/1.1\r\nHost: localhost:{house.port}\r\n"
        f"Cookie: session={person.cookie}; csrf={CSRF}\r\nAccept: text/event-stream\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}".encode()
    )
    return connected


def open_home(house: House, person: Person) -> None:
    """Who asks has a page open, so that the process knows the models."""
    page = requests.get(f"http://localhost:{house.port}/", cookies={"session": person.cookie})
    page.raise_for_status()


def posts(house: House, people: Sequence[Person]) -> list[tuple[int, float]]:
    """A new chat by each person, spread over one second: the status and how long it took."""
    found: list[tuple[int, float]] = []

    def post(number: int, person: Person) -> None:
        time.sleep(number / len(people))
        began = time.monotonic()
        with send(house, "/chats/start", person, f"text=tokens%3D20+rate%3D{RATE}") as connected:
            answer = connected.recv(4096)
        status = int(answer.split(b" ")[1]) if answer else 0
        found.append((status, time.monotonic() - began))

    in_threads(post, people)
    return found


def in_threads(work: Callable, what: Sequence) -> None:
    threads = [threading.Thread(target=work, args=one) for one in enumerate(what)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


@contextmanager
def stub():
    command = [sys.executable, str(ROOT / "bench" / "stub_model.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def seed(house: House, people: int) -> list[Person]:
    environment = os.environ | {
        "ENV_FILE": "none",
        "DATA_DIR": str(house.folder / "data"),
        "KEYS_DIR": str(house.folder / "keys"),
        "DJANGO_SETTINGS_MODULE": "ahfai.settings",
    }
    command = [sys.executable, "-c", SEED, str(people), MODEL]
    made = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return [Person(*one) for one in json.loads(made.stdout)]


def calls(url: str) -> dict[str, int]:
    return requests.get(f"{url}/calls", timeout=5).json()


def cpu(house: House) -> float:
    """Seconds that all processes of AhFai have computed so far."""
    return sum(map(cpu_of, [house.process.pid, *house.children()]))


def cpu_of(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def own_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def ms(seconds: float) -> float:
    return seconds * 1000


def within(taken: Sequence[float], part: float) -> float:
    return sorted(taken)[max(0, round(len(taken) * part) - 1)]


def compared(bare: float, ours: float) -> str:
    return f"{bare:.1f} ms | {ours:.1f} ms | {ours - bare:.1f} ms"


def until(happened: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.2)


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        read_bare(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
