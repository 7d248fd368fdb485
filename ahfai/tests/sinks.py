"""Local servers that take what AhFai sends out."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Sink:
    """Keeps each request, and answers with the next of `answers`, else with 200."""

    port: int = 0
    requests: list["Request"] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/"


@dataclass(frozen=True)
class Request:
    path: str
    headers: Message
    body: bytes


@contextmanager
def http_sink(tls=None) -> Iterator[Sink]:
    """One on 127.0.0.1; with an ssl.SSLContext it speaks https."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sink.requests.append(Request(self.path, self.headers, body))
            status, headers, answer = sink.answers.pop(0) if sink.answers else (200, {}, b"taken")
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_what: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_what: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    sink.port = server.server_address[1]
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def raw_sink(talk) -> Iterator[str]:
    """`talk` has the connection to itself; gives the address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        while True:
            try:
                connection, _from = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                talk(connection)

    threading.Thread(target=take, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        # Wakes who waits for a connection; closing alone doesn't.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
