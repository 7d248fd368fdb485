"""People at their browsers, for `scale.py`: each opens a page, writes or asks every few seconds.

Standard input brings JSON: the address, who they are, how many of them have a reply written at a
time. They go on until SIGTERM; then all that happened is printed as JSON: each request, each reply
that was read, and each word that the server called saved.

They behave as browsers do. A connection is kept for the next request. Nothing that failed is sent
again, but for three things: what went out on a kept connection that the other end had closed
already, without a byte of an answer (RFC 9110, section 9.2.2; all browsers do it); a stream, taken
up where it ended with `Last-Event-ID`; and a question or a note that didn't get through, which its
person sends once more with the same id.
"""

import asyncio
import contextlib
import html
import json
import random
import re
import resource
import signal
import ssl
import sys
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from stub_model import STAMP

CSRF = "a" * 32
PATIENCE_S = 30.0
ACTS_EVERY_S = (5.0, 10.0)
# What one does, and how many times in a hundred; the rest is asking.
HABITS = {
    "home": 15,
    "chats": 12,
    "a chat": 18,
    "notes": 12,
    "a note": 12,
    "reminders": 8,
    "search": 6,
    "save a note": 9,
    "add a reminder": 4,
    "keep a draft": 4,
}
# As chat-stream.js does it.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.3, 5.0
LAST_WORDS = 40


class Broken(Exception):
    """The connection ended before the answer did, or nothing came in time."""


@dataclass
class Request:
    """`status` is 0 where no answer came; `began` is a monotonic moment."""

    kind: str
    began: float
    took_s: float
    status: int


@dataclass
class Reply:
    """What a person saw of a reply: when they asked, when the first token came, every token with
    the time at which it came."""

    owner: str
    chat: str
    text: str
    request_id: str
    asked: float
    reply: str = ""
    first: float = 0.0
    seen: dict[str, float] = field(default_factory=dict)
    # How many characters of the answer the page has, as the stream says.
    offset: int = 0
    # When its stream broke off or was told to come back, and when it went on.
    left: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    state: str = ""
    # Where the person had to press "Continue": what they saw before.
    interrupted: list[str] = field(default_factory=list)
    over: float = 0.0


@dataclass
class Crowd:
    url: str
    people: list[dict]
    streaming_at_once: int
    tokens: int
    rate: int
    requests: list[Request] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    saved: list[dict] = field(default_factory=list)
    stale: list[dict] = field(default_factory=list)
    again: int = 0
    streaming: int = 0
    is_over: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.host, self.port = parts.hostname, parts.port
        self.tls = ssl.create_default_context()
        # The certificate was made a minute ago, for this run.
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE

    async def live(self) -> None:
        # Everybody comes within a few seconds.
        living = [asyncio.create_task(Person(self, one).live()) for one in self.people]
        baseline = asyncio.create_task(self.look_at_health())
        await asyncio.gather(*living)
        await baseline

    async def look_at_health(self) -> None:
        """What a page without content takes, for comparison."""
        browser = Browser(self, "")
        while not self.is_over:
            with contextlib.suppress(Broken):
                await browser.ask("baseline: /health", "GET", "/health")
            await asyncio.sleep(0.5)


class Person:
    def __init__(self, crowd: Crowd, known: dict) -> None:
        self.crowd = crowd
        self.known = known
        self.browser = Browser(crowd, known["cookie"])
        self.tab = Browser(crowd, known["cookie"])
        # The version of each note that was opened for writing, and the words it is known to have.
        self.versions: dict[str, int] = {}
        self.notes: dict[str, list[str]] = {}
        self.draft = 0
        self.number = 0

    async def live(self) -> None:
        await asyncio.sleep(random.uniform(0, ACTS_EVERY_S[1]))
        while not self.crowd.is_over:
            began = time.monotonic()
            with contextlib.suppress(Broken):
                await self.act()
            next_time = began + random.uniform(*ACTS_EVERY_S)
            while not self.crowd.is_over and (left := next_time - time.monotonic()) > 0:
                await asyncio.sleep(min(left, 0.5))
        self.browser.close()
        self.tab.close()
        for note, words in self.notes.items():
            self.remember("note", id=note, one_of=words)

    async def act(self) -> None:
        if self.crowd.streaming < self.crowd.streaming_at_once:
            self.crowd.streaming += 1
            try:
                await self.ask()
            finally:
                self.crowd.streaming -= 1
            return
        kind = random.choices(list(HABITS), weights=list(HABITS.values()))[0]
        match kind:
            case "home":
                await self.open(kind, "/")
            case "chats":
                await self.open(kind, "/chats/")
            case "a chat":
                await self.open(kind, f"/chats/{random.choice(self.known['chats'])}/")
            case "notes":
                await self.open(kind, "/notes/")
            case "a note":
                await self.read_note(random.choice(self.known["notes"]))
            case "reminders":
                await self.open(kind, "/reminders/")
            case "search":
                await self.open(kind, f"/search?q={quote(random.choice(self.known['words']))}")
            case "save a note":
                await self.save_note(random.choice(self.known["notes"][:3]))
            case "add a reminder":
                await self.add_reminder()
            case "keep a draft":
                await self.keep_draft()

    async def open(self, kind: str, path: str) -> str:
        answer = await self.browser.ask(kind, "GET", path)
        return answer.text if answer.status == 200 else ""

    async def read_note(self, note: str) -> None:
        page = await self.open("a note", f"/notes/{note}/")
        self.expect("note", page, self.notes.get(note, []))

    async def save_note(self, note: str) -> None:
        """As the editor does by itself; it was opened once before."""
        if note not in self.versions and not await self.open_editor(note):
            return
        words = self.new_words()
        form = {
            "title": "Shopping",
            "body": f"Written {words}.\n\n" + "A line that was there before.\n" * 20,
            "version": self.versions[note],
        }
        known = self.notes.get(note, [])
        # Until the answer is there either may be saved.
        self.notes[note] = [*known, words]
        answer = await self.post("save a note", f"/notes/{note}/edit", form, "application/json")
        if answer.status != 200:
            self.versions.pop(note, None)
            return
        self.versions[note] = json.loads(answer.text)["version"]
        self.notes[note] = [words]
        # Who has just saved looks at it: from then on it must be there.
        await self.read_note(note)

    async def open_editor(self, note: str) -> bool:
        page = await self.open("the editor", f"/notes/{note}/edit")
        if not page:
            return False
        found = re.search(r'name="version" value="(\d+)"', page)
        self.expect("editor", page, self.notes.get(note, []))
        if found:
            self.versions[note] = int(found[1])
        return bool(found)

    async def add_reminder(self) -> None:
        title = f"Water {self.new_words()}"
        form = {"text": f"{title} tomorrow at 9", "page": str(uuid.uuid4())}
        answer = await self.post("add a reminder", "/reminders/add", form)
        if answer.status != 302:
            self.remember("perhaps a reminder", title=title)
            return
        self.remember("reminder", title=title)
        page = await self.open("reminders", answer.headers["location"])
        self.expect("reminder", page, [title])

    async def keep_draft(self) -> None:
        form = {"text": f"Not sent yet {self.new_words()}", "version": self.draft}
        answer = await self.post("keep a draft", "/chats/draft", form)
        if answer.status in (200, 409):
            self.draft = json.loads(answer.text)["version"]

    async def ask(self) -> None:
        chat = random.choice(self.known["chats"])
        crowd = self.crowd
        text = f"{self.new_words()} tokens={crowd.tokens} rate={crowd.rate}"
        reply = Reply(self.known["id"], chat, text, str(uuid.uuid4()), time.monotonic())
        crowd.replies.append(reply)
        form = {"text": text, "request_id": reply.request_id}
        while not reply.reply and not crowd.is_over:
            with contextlib.suppress(Broken):
                await self.watch(reply, "ask", "POST", f"/chats/{chat}/ask", form)
            if not reply.reply:
                # The words are still in the box, and the page's id with them.
                await asyncio.sleep(3)
        while reply.reply and not reply.over:
            await self.follow(reply)
            if reply.state != "interrupted":
                return
            reply.interrupted.append(" ".join(list(reply.seen)[-LAST_WORDS:]))
            if not await self.go_on(reply):
                return

    async def go_on(self, reply: Reply) -> bool:
        """Press "Continue" or, where nothing was saved yet to go on from, "Try again"."""
        earlier, reply.reply, reply.over = reply.reply, "", 0.0
        for verb in ("continue", "retry"):
            with contextlib.suppress(Broken):
                path = f"/chats/replies/{earlier}/{verb}"
                await self.watch(reply, verb, "POST", path, {})
            if reply.reply:
                return True
        reply.over = time.monotonic()
        return False

    async def follow(self, reply: Reply) -> None:
        """Takes the stream up again and again, until the reply is over."""
        tries = 0
        while not reply.over:
            before = len(reply.seen)
            reply.left.append(time.monotonic())
            path = f"/chats/replies/{reply.reply}/stream"
            with contextlib.suppress(Broken):
                await self.watch(reply, "stream", "GET", path)
            if not reply.over:
                tries = 0 if len(reply.seen) > before else tries + 1
                await asyncio.sleep(min(FIRST_PAUSE_S * 2**tries, LONGEST_PAUSE_S))

    async def watch(
        self, reply: Reply, kind: str, method: str, path: str, form: dict | None = None
    ) -> None:
        """One stream. `form` asks for it, else it is taken up."""
        more = {} if form is not None else {"Last-Event-ID": str(reply.offset)}
        events = self.tab.events(kind, method, path, form, more)
        async for name, number, data in events:
            now = time.monotonic()
            if form is None and len(reply.back) < len(reply.left):
                reply.back.append(now)
            if name == "turn":
                reply.reply = json.loads(data)["reply"]
                reply.offset = 0
                continue
            if number:
                reply.offset = int(number)
            for stamp in STAMP.findall(data.encode()):
                reply.seen.setdefault(stamp.decode(), now)
                reply.first = reply.first or now
            if name == "done":
                reply.state, reply.over = json.loads(data)["state"], now
            elif name == "gone":
                reply.state, reply.over = "gone", now

    async def post(self, kind: str, path: str, form: dict, accept: str = "") -> "Answer":
        more = {"Accept": accept} if accept else {}
        return await self.browser.ask(kind, "POST", path, form, more)

    def new_words(self) -> str:
        self.number += 1
        return f"n{self.known['number']}x{self.number}"

    def remember(self, what: str, **known: Any) -> None:
        self.crowd.saved.append({"what": what, "owner": self.known["id"], **known})

    def expect(self, what: str, page: str, one_of: list[str]) -> None:
        """Whoever has saved something sees it at once, whichever replica answers."""
        if page and one_of and not any(words in html.unescape(page) for words in one_of):
            self.crowd.stale.append({"what": what, "at": time.monotonic()})


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


class Browser:
    """A connection that is kept for the next request; HTTP/1.1 (RFC 9112)."""

    def __init__(self, crowd: Crowd, cookie: str) -> None:
        self.crowd = crowd
        self.cookies = f"__Host-session={cookie}; __Host-csrf={CSRF}"
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        form: dict | None = None,
        more: dict[str, str] | None = None,
    ) -> Answer:
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                status, headers = await self._send(method, path, form, more or {})
                body = b"".join([piece async for piece in self._pieces(headers)])
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            self._note(kind, began, 0)
            self.close()
            raise Broken from error
        self._note(kind, began, status)
        return Answer(status, headers, body.decode(errors="replace"))

    async def events(
        self, kind: str, method: str, path: str, form: dict | None, more: dict[str, str]
    ) -> AsyncIterator[tuple[str, str, str]]:
        """Name, id and data of each event. What is noted is the time to the first one."""
        began, noted = time.monotonic(), False
        try:
            async with asyncio.timeout(PATIENCE_S):
                asked = {"Accept": "text/event-stream", **more}
                status, headers = await self._send(method, path, form, asked)
            if "text/event-stream" not in headers.get("content-type", ""):
                self._note(kind, began, status)
                raise Broken(status)
            rest = b""
            pieces = self._pieces(headers)
            while True:
                async with asyncio.timeout(PATIENCE_S):
                    piece = await anext(pieces, b"")
                if not noted:
                    noted = True
                    self._note(kind, began, status if piece else 0)
                if not piece:
                    return
                *whole, rest = (rest + piece).split(b"\n\n")
                for one in whole:
                    lines = one.decode().split("\n")
                    said = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
                    if said:
                        yield said["event"], said.get("id", ""), said["data"]
                        if said["event"] == "done":
                            return
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            if not noted:
                self._note(kind, began, 0)
            raise Broken from error
        finally:
            self.close()

    async def _send(
        self, method: str, path: str, form: dict | None, more: dict[str, str]
    ) -> tuple[int, dict[str, str]]:
        body = urlencode({**form, "csrfmiddlewaretoken": CSRF}) if form is not None else ""
        headers = {
            "Host": f"{self.crowd.host}:{self.crowd.port}",
            "Cookie": self.cookies,
            "Accept": "text/html",
            "Accept-Language": "en",
            **more,
        }
        if form is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": str(len(body)),
                "Origin": self.crowd.url,
                "Referer": f"{self.crowd.url}/",
            }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        asked = f"{method} {path} HTTP/1.1\r\n{lines}\r\n{body}".encode()
        was_kept = bool(self.reader and not self.reader.at_eof())
        try:
            return await self._exchange(asked)
        except (OSError, EOFError):
            if not was_kept:
                raise
            # Closed by the other end while it was idle.
            self.crowd.again += 1
            self.close()
            return await self._exchange(asked)

    async def _exchange(self, asked: bytes) -> tuple[int, dict[str, str]]:
        if self.reader is None or self.reader.at_eof():
            self.close()
            self.reader, self.writer = await asyncio.open_connection(
                self.crowd.host, self.crowd.port, ssl=self.crowd.tls, limit=2**20
            )
        self.writer.write(asked)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if line)
        return int(first.split(" ")[1]), {name.lower(): value for name, value in headers.items()}

    async def _pieces(self, headers: dict[str, str]) -> AsyncIterator[bytes]:
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readline(), 16):
                yield (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readline()
        else:
            yield await self.reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.close()

    def close(self) -> None:
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None

    def _note(self, kind: str, began: float, status: int) -> None:
        self.crowd.requests.append(Request(kind, began, time.monotonic() - began, status))


async def main() -> None:
    crowd = Crowd(**json.load(sys.stdin))

    def stop() -> None:
        crowd.is_over = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    print("ready", flush=True)
    await crowd.live()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "requests": [asdict(one) for one in crowd.requests],
        "replies": [asdict(one) for one in crowd.replies],
        "saved": crowd.saved,
        "stale": crowd.stale,
        "again": crowd.again,
        "cpu_s": spent.ru_utime + spent.ru_stime,
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
