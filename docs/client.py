#!/usr/bin/env python3
"""A small client of AhFai's API, to be read and built on. It needs Python 3.11 and `requests`.

    export AHFAI_URL=http://localhost:8000 AHFAI_TOKEN=ahfai_…
    python docs/client.py note "Soup" "Leek and *potato*"
    python docs/client.py remind "call mum tomorrow at 9"
    python docs/client.py ask "Why is the sky blue?"

The token has to be allowed to read and write chats, notes and reminders.
"""

import argparse
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import requests

# In seconds: for a connection, and between two signs of life of a stream, which come every 15.
PATIENCE = 10, 60
TRIES = 5


class Refused(Exception):
    """AhFai says why."""


class Later(Refused):
    """It can't just now, or the same request is still under way; and how long to wait."""

    def __init__(self, why: str, wait_s: int) -> None:
        super().__init__(why)
        self.wait_s = wait_s


# After these the same is asked once more. A stream that breaks off in the middle of a piece is none
# of `requests`' own connection errors.
PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    Later,
)


class AhFai:
    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def write_note(self, title: str, body: str) -> dict[str, Any]:
        return self._post("/api/notes", title=title, body=body)

    def remind(self, phrase: str) -> dict[str, Any]:
        """Set a reminder by one line, as in "call mum tomorrow at 9"."""
        return self._post("/api/reminders", phrase=phrase)["reminder"]

    def ask(self, text: str, chat_id: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """The reply as it grows, in events with their names and data: the last one is "done", with
        all of it.

        Where the connection breaks off it goes on by itself, with no word missing or twice.
        """
        path = f"/api/chats/{chat_id}/messages" if chat_id else "/api/chats"
        key, reply_id, last, tries = str(uuid.uuid4()), "", 0, 0
        while True:
            pause_s = 1.0
            try:
                # Before its id is known, the same key asks for the same reply.
                answer = (
                    self._stream(
                        "GET", f"/api/messages/{reply_id}/stream", {"Last-Event-ID": str(last)}
                    )
                    if reply_id
                    else self._stream("POST", path, {"Idempotency-Key": key}, {"text": text})
                )
                with answer:
                    for name, number, data in _events(answer):
                        tries = 0
                        if name == "reconnect":
                            pause_s = data["after_ms"] / 1000
                        elif name == "gone":
                            raise Refused("The token has ended, or the chat was deleted.")
                        else:
                            reply_id, last = data.get("id", reply_id), number or last
                            yield name, data
                        if name == "done":
                            return
            except PASSING as why:
                tries += 1
                if tries == TRIES:
                    raise
                pause_s = getattr(why, "wait_s", pause_s)
            time.sleep(pause_s)

    def stop(self, reply_id: str) -> None:
        self._post(f"/api/messages/{reply_id}/stop")

    def _post(self, path: str, **said: Any) -> Any:
        # The same key each time: what was done already isn't done twice.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for number in range(TRIES):
            try:
                answer = self.session.post(
                    self.url + path, json=said, headers=headers, timeout=PATIENCE
                )
                return _checked(answer).json() if answer.status_code != 204 else None
            except PASSING as why:
                if number == TRIES - 1:
                    raise
                time.sleep(getattr(why, "wait_s", 1))
        return None

    def _stream(
        self, method: str, path: str, headers: dict[str, str], said: Any = None
    ) -> requests.Response:
        headers = headers | {"Accept": "text/event-stream"}
        return _checked(
            self.session.request(
                method, self.url + path, json=said, headers=headers, stream=True, timeout=PATIENCE
            )
        )


def _checked(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        problem = answer.headers.get("Content-Type", "") == "application/problem+json"
        why = answer.json()["detail"] if problem else f"{answer.status_code} {answer.reason}"
        if answer.status_code in (409, 503) and "Retry-After" in answer.headers:
            raise Later(why, int(answer.headers["Retry-After"]))
        raise Refused(why)
    return answer


def _events(answer: requests.Response) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Server-sent events, each with its id, 0 for none, and its data."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines(chunk_size=None):
        name, _colon, value = line.decode().partition(": ")
        if name:
            fields[name] = value
        elif fields:
            if "data" in fields:
                yield fields["event"], int(fields.get("id", 0)), json.loads(fields["data"])
            fields = {}


def main() -> int:
    parser = argparse.ArgumentParser(description="Talks with AhFai.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    note = verbs.add_parser("note", help="write a note")
    note.add_argument("title")
    note.add_argument("body")
    remind = verbs.add_parser("remind", help="set a reminder by a phrase")
    remind.add_argument("phrase")
    ask = verbs.add_parser("ask", help="ask the model, and print its words as they come")
    ask.add_argument("text")
    ask.add_argument("--chat", default="", help="the id of the chat to go on in")
    said = parser.parse_args()
    token = os.environ.get("AHFAI_TOKEN")
    if not token:
        parser.error("AHFAI_TOKEN is missing: make a token under Settings, API tokens")
    ahfai = AhFai(os.environ.get("AHFAI_URL", "http://localhost:8000"), token)
    try:
        if said.verb == "note":
            print(f"Written: {ahfai.write_note(said.title, said.body)['id']}")
        elif said.verb == "remind":
            reminder = ahfai.remind(said.phrase)
            print(f"{reminder['title']}: {reminder['due'] or 'without a date'}")
        else:
            for name, data in ahfai.ask(said.text, said.chat):
                if name == "text":
                    print(data["text"], end="", flush=True)
            print(f"\n(chat {data['chat']}, {data['state']})")
    except Refused as why:
        print(why, file=sys.stderr)
        return 1
    except PASSING:
        print(f"{ahfai.url} doesn't answer.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
