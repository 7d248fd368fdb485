"""A model server that costs next to nothing: `python bench/stub_model.py` prints its address; where
a port is named, it listens there.

It speaks as much of Ollama's protocol as a chat needs. A question says in its words how the answer
comes, as in "tokens=200 rate=50": at once the first one, and then so many a second. Each token
tells the microsecond at which it was sent, on the clock that all processes of a machine share
(CLOCK_MONOTONIC), so that who reads it knows how long it was on its way.
"""

import asyncio
import json
import re
import sys
import time

MODEL = "llama3.1:8b"
# Can use tools, which it never does.
WITH_TOOLS = "llama3.3:8b"
DETAILS = {"family": "llama", "parameter_size": "8.0B", "quantization_level": "Q4_K_M"}
LISTED = [
    {"name": name, "model": name, "size": 1, "digest": f"stub of {name}", "details": DETAILS}
    for name in (MODEL, WITH_TOOLS)
]
INFO = {"general.architecture": "llama", "llama.context_length": 131072}
# A line break before it is written as an escape, which ends in a letter.
STAMP = re.compile(rb"(?:\\n|\b)z([0-9a-z]{6})\b")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ROUND_US = 36**6
# A paragraph ends from time to time, as in an answer that people read.
PARAGRAPH = 40


def stamp(moment: float) -> str:
    """Microseconds of a monotonic moment in seven letters, about as long as a word."""
    number, digits = int(moment * 1e6) % ROUND_US, ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return f"z{digits}"


def seconds_since(stamped: bytes, now: float) -> float:
    """How long before the moment `now` a stamp was made, if that is less than half an hour."""
    return (int(now * 1e6) - int(stamped, 36)) % ROUND_US / 1e6


class Calls:
    """How often the server was asked for an answer, and for anything else."""

    answers = 0
    others = 0


class Connection(asyncio.Protocol):
    def connection_made(self, transport) -> None:
        self.transport = transport
        self.buffer = b""
        self.ticking: asyncio.TimerHandle | None = None

    def connection_lost(self, _exc) -> None:
        if self.ticking:
            self.ticking.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if not blank or len(body) < (int(length[1]) if length else 0):
            return
        self.buffer = b""
        path = head.split(b" ")[1]
        if path == b"/api/chat":
            Calls.answers += 1
            self.answer(json.loads(body))
        elif path == b"/calls":
            self.send_json({"answers": Calls.answers, "others": Calls.others})
        else:
            Calls.others += 1
            known = {b"/api/version": {"version": "0.32.15"}}
            if path == b"/api/show":
                uses_tools = json.loads(body)["model"] == WITH_TOOLS
                abilities = ["completion", "tools"] if uses_tools else ["completion"]
                known[path] = {"capabilities": abilities, "model_info": INFO}
            self.send_json(known.get(path, {"models": LISTED}))

    def send_json(self, said: dict) -> None:
        body = json.dumps(said).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self.transport.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def answer(self, asked: dict) -> None:
        words = asked["messages"][-1]["content"]
        found = dict(re.findall(r"(tokens|rate)=(\d+)", words))
        self.tokens, self.pause = int(found.get("tokens", 3)), 1 / int(found.get("rate", 50))
        self.number, self.due = 0, time.monotonic()
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        self.tick()

    def tick(self) -> None:
        if self.number == self.tokens:
            self.end()
            return
        space = "\n\n" if self.number and self.number % PARAGRAPH == 0 else " "
        token = f"{space}{stamp(time.monotonic())}"
        self.write({"message": {"role": "assistant", "content": token}, "done": False})
        self.number += 1
        self.due += self.pause
        self.ticking = asyncio.get_running_loop().call_later(
            max(0, self.due - time.monotonic()), self.tick
        )

    def end(self) -> None:
        self.write(
            {
                "message": {"role": "assistant", "content": ""},
                "done": True,
                "done_reason": "stop",
                "prompt_eval_count": 40,
                "eval_count": self.tokens,
                "eval_duration": 1_000_000_000,
            }
        )
        self.transport.write(b"0\r\n\r\n")
        self.transport.close()

    def write(self, said: dict) -> None:
        line = json.dumps({"model": MODEL, "created_at": "2026-01-01T00:00:00Z"} | said)
        line = line.replace(", ", ",").replace(": ", ":") + "\n"
        self.transport.write(f"{len(line):x}\r\n{line}\r\n".encode())


async def main() -> None:
    loop = asyncio.get_running_loop()
    port = int(sys.argv[1]) if sys.argv[1:] else 0
    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
