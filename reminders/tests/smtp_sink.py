"""A mail server that keeps what it gets (RFC 5321, as much of it as a test needs)."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class SmtpSink:
    """`says` is what it says to a word instead of yes, such as {"RCPT": "550 Who?"}; where that is
    "", it says nothing at all until `over`."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    sink = SmtpSink()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 sink")
            while line := self.rfile.readline().decode().strip():
                word = line.partition(" ")[0].upper()
                if word in sink.says:
                    self.say(sink.says[word])
                    continue
                if word == "RCPT":
                    sink.recipients.append(line.partition(":")[2].strip("<> "))
                if word == "DATA":
                    self.say("354 go on")
                    self.take()
                self.say("221 bye" if word == "QUIT" else "250 fine")

        def say(self, words: str) -> None:
            if not words:
                sink.over.wait(10)
            self.wfile.write(f"{words}\r\n".encode())

        def take(self) -> None:
            said = b"".join(iter(self.rfile.readline, b".\r\n")).replace(b"\r\n", b"\n")
            sink.mails.append(message_from_bytes(said, policy=policy.default))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_what: object) -> None:
            """Who hangs up is what a test is about."""

    with Server(("127.0.0.1", 0), Talk) as server:
        sink.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield sink
        sink.over.set()
        server.shutdown()
