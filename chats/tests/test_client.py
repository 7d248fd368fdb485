"""docs/client.py where the connection breaks off, as behind a proxy whose server was killed."""

import http.server
import importlib.util
import json
import threading

import pytest

from ahfai.tests.tables import ROOT

pytestmark = pytest.mark.same_everywhere


def event(name: str, number: int | None, **data: object) -> bytes:
    fields = f"event: {name}\n" + (f"id: {number}\n" if number else "")
    return f"{fields}data: {json.dumps(data)}\n\n".encode()


class BreaksOff(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        # The end of a chunked answer never comes.
        first = {"text": "One ", "from": 0}
        self.stream(event("reply", None, id="7", chat="3"), event("text", 4, **first))

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Last-Event-ID"]))
        rest = {"text": "two", "from": 4}
        self.stream(event("text", 7, **rest), event("done", None, id="7", chat="3"), b"")

    def stream(self, *pieces: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.close_connection = True

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), BreaksOff)
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(monkeypatch):
    spec = importlib.util.spec_from_file_location("client", ROOT / "docs" / "client.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.time, "sleep", lambda _seconds: None)
    return module


def test_a_stream_that_breaks_off_goes_on_with_no_word_missing_or_twice(server, client):
    ahfai = client.AhFai(f"http://127.0.0.1:{server.server_port}", "ahfai_x")

    events = list(ahfai.ask("Count"))

    assert "".join(data["text"] for name, data in events if name == "text") == "One two"
    assert events[-1][0] == "done"
    assert server.asked == [("/api/messages/7/stream", "4")]


def test_what_doesnt_answer_and_a_missing_token_are_said_in_a_sentence(client, monkeypatch, capsys):
    monkeypatch.setattr(client.sys, "argv", ["client.py", "note", "Soup", ""])
    monkeypatch.setenv("AHFAI_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AHFAI_TOKEN", "ahfai_x")

    assert client.main() == 1
    assert capsys.readouterr().err == "http://127.0.0.1:9 doesn't answer.\n"

    monkeypatch.delenv("AHFAI_TOKEN")
    with pytest.raises(SystemExit):
        client.main()
    assert "AHFAI_TOKEN is missing" in capsys.readouterr().err
