"""An open page of a chat, as far as it follows a reply: what static/js/reply.js does, in Python."""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from ahfai.tests.house import Browser, House

PATIENCE_S = 60


class OpenTab:
    """Follows the reply of the chat at `path`, and knows what it shows of it by now."""

    def __init__(self, house: House, person: Browser, path: str) -> None:
        self.house = house
        self.url = house.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies.update(person.session.cookies)
        page = self.session.get(self.url + path, timeout=20).text
        self.stream = re.findall(r'data-stream="([^"]+)"', page)[-1]
        self.times_opened = self.times_sent_elsewhere = 0
        # The processes that it followed the reply in.
        self.served: set[int] = set()
        self.reload()

    def reload(self) -> None:
        self.html = self.tail = ""
        self.offset = self.closed = 0
        self.ended: dict | None = None

    @property
    def words(self) -> str:
        """The words of the finished reply, as HTML."""
        assert self.ended
        return re.search(r"data-words>(.*?)</div>\s*<div", self.ended["html"], re.DOTALL)[1]

    def follow(self, pieces: int = 10**9) -> None:
        """Take what comes until the stream ends; leave after so many pieces of it."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self.offset)}
        with self.session.get(
            self.url + self.stream, headers=headers, stream=True, timeout=20
        ) as answer:
            if answer.status_code == 503:
                # It says so, and comes back.
                return
            assert answer.ok, answer.status_code
            self.times_opened += 1
            # None where the answer is the last one on its connection.
            if sock := answer.raw.connection.sock:
                self.served |= processes_at(self.house, sock.getsockname()[1])
            for name, number, data in _events(answer, pieces):
                self._take(name, number, data)

    def follow_to_the_end(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self.ended:
            assert time.monotonic() < end, "it never ended"
            # Between two processes nobody may answer for a moment.
            with contextlib.suppress(requests.ConnectionError):
                self.follow()
            time.sleep(0.1)

    def _take(self, name: str, number: int, data: dict) -> None:
        if name == "block":
            assert data["from"] == self.closed, "words vanish from the page, or come twice"
            self.html += data["html"]
            self.tail = data["rest"]
            self.closed = number - len(data["rest"])
        if name == "tail":
            assert data["from"] == self.offset
            self.tail += data["text"]
        if name == "reconnect":
            self.times_sent_elsewhere += 1
            time.sleep(data["after_ms"] / 1000)
        if name == "done":
            self.ended = data
        self.offset = number or self.offset


def _events(answer: requests.Response, pieces: int) -> Iterator[tuple[str, int, dict]]:
    kept = ""
    for _, piece in zip(range(pieces), answer.iter_content(None), strict=False):
        *whole, kept = (kept + piece.decode()).split("\n\n")
        for event in whole:
            fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line)
            if "data" in fields:
                yield fields["event"], int(fields.get("id", 0)), json.loads(fields["data"])


def processes_at(house: House, port: int) -> set[int]:
    """Those of the house that hold the other end of a connection from this port."""
    ends = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    wanted = f":{house.port:04X}", f":{port:04X}"
    sockets = {f"socket:[{end[9]}]" for end in ends if (end[1][8:], end[2][8:]) == wanted}
    return {pid for pid in house.children() if sockets & _opened_by(pid)}


def _opened_by(pid: int) -> set[str]:
    opened = set()
    with contextlib.suppress(OSError):
        for one in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                opened.add(str(one.readlink()))
    return opened
