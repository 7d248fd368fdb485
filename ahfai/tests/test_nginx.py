"""What stands between the internet and the pages, as deploy/nginx.conf sets it up: a real nginx
before a real AhFai."""

import contextlib
import http.client
import http.server
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from types import SimpleNamespace

import pytest
import requests

from ahfai.testing import PASSWORD
from ahfai.tests.house import Browser, House
from ahfai.tests.nginx import NAME, Nginx
from ahfai.tests.ports import free_port
from ahfai.tests.test_observatory import WANTED, score
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, FakeOllama, Request, Send, final, head, say
from chats.tests.test_kill import start

pytestmark = pytest.mark.same_everywhere

SAID_BY_THE_APP = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "X-Frame-Options",
    "Cross-Origin-Resource-Policy",
    "Cache-Control",
)


@pytest.fixture(scope="module")
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama(scale=0.01) as ollama:
        yield ollama


@pytest.fixture(scope="module")
def nginx(ollama) -> Iterator[Nginx]:
    """The second of its two web processes isn't there."""
    nginx = Nginx()
    running = House(
        OLLAMA_URL=ollama.url,
        SITE_URL=nginx.url,
        TRUSTED_PROXIES="1",
        LOG_REQUESTS="yes",
        SIGN_INS_PER_HOUR="1000",
    )
    with running as house:
        nobody_there = free_port()
        nginx.house, nginx.webs = house, [f"127.0.0.1:{one}" for one in (house.port, nobody_there)]
        with nginx:
            yield nginx


@pytest.fixture(scope="module")
def ada(nginx) -> Browser:
    ada = browser(nginx)
    ada.sign_up()
    return ada


def browser(nginx: Nginx) -> Browser:
    browser = Browser(nginx.url)
    browser.session.verify = str(nginx.certificate)
    return browser


def asked(nginx: Nginx, path: str, comes_from: str = "127.0.0.1", **headers: str):
    """Answered to who is at this address."""
    trusted = ssl.create_default_context(cafile=nginx.certificate)
    connection = http.client.HTTPSConnection(
        NAME, nginx.https_port, context=trusted, source_address=(comes_from, 0), timeout=10
    )
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())


@pytest.mark.parametrize(
    ("version", "is_spoken"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
def test_only_tls_1_2_and_newer_is_spoken(nginx, version, is_spoken):
    with contextlib.nullcontext() if is_spoken else pytest.raises(ssl.SSLError):
        assert greeted(nginx, NAME, version)[0].replace(".", "_") == version.name


def test_only_what_gives_secrecy_afterwards_is_agreed_on(nginx):
    with pytest.raises(ssl.SSLError):
        greeted(nginx, NAME, ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256:AES256-SHA")
    with pytest.raises(ssl.SSLError):
        greeted(nginx, NAME, ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA")


def test_http_2_is_offered(nginx):
    assert greeted(nginx, NAME, ssl.TLSVersion.TLSv1_3)[1] == "h2"


def test_another_name_gets_no_certificate(nginx):
    with pytest.raises(ssl.SSLError):
        greeted(nginx, "evil.example", ssl.TLSVersion.TLSv1_3)


def test_a_connection_for_our_name_serves_no_other(nginx):
    assert asked(nginx, "/", Host="evil.example").status == 421


def test_who_asks_for_another_name_without_tls_is_hung_up_on(nginx):
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{nginx.http_port}/", timeout=5)


def greeted(nginx: Nginx, name: str, version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0"):
    """The version of TLS and the protocol that a client is told which knows these alone."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(nginx.certificate)
    client.set_ciphers(ciphers)
    client.set_alpn_protocols(["h2", "http/1.1"])
    # Python warns of old versions, which are asked for on purpose here.
    with pytest.warns() if version < ssl.TLSVersion.TLSv1_2 else contextlib.nullcontext():
        client.minimum_version = client.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", nginx.https_port), timeout=5) as connection,
        client.wrap_socket(connection, server_hostname=name) as secured,
    ):
        return secured.version(), secured.selected_alpn_protocol()


def test_a_browser_that_comes_by_http_is_led_to_https(nginx):
    answer = in_clear(nginx, "/notes/?page=2")
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"https://{NAME}/notes/?page=2"


@pytest.mark.parametrize("path", ["/api/notes", "/reminders/feeds/secret.ics"])
def test_a_program_that_comes_by_http_is_refused_and_not_led_on(nginx, path):
    answer = in_clear(nginx, path)
    assert (answer.status_code, "Location" in answer.headers) == (403, False)
    assert "https://" in answer.text


def test_the_api_says_so_by_the_rules_of_its_other_refusals(nginx):
    answer = in_clear(nginx, "/api/notes")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 403


def in_clear(nginx: Nginx, path: str) -> requests.Response:
    address = f"http://{NAME}:{nginx.http_port}{path}"
    return requests.get(address, timeout=5, allow_redirects=False)


def test_a_person_signs_up_and_is_at_home_though_one_replica_is_away(nginx, ada):
    assert ada.get("/").ok
    assert ada.session.cookies["__Host-session"]


def test_the_rules_of_the_observatory_hold_through_nginx(nginx, ada):
    browser_of_somebody = browser(nginx)
    door = browser_of_somebody.get("/account/sign-in/")
    assert score(as_django_says_it(door)) >= WANTED
    said = {"login": "ada@example.org", "password": PASSWORD}
    browser_of_somebody.post("/account/sign-in/", "/account/sign-in/", said)
    assert score(as_django_says_it(browser_of_somebody.get("/"))) >= WANTED


def as_django_says_it(answer: requests.Response) -> SimpleNamespace:
    cookies: SimpleCookie = SimpleCookie()
    for one in answer.raw.headers.getlist("Set-Cookie"):
        cookies.load(one)
    return SimpleNamespace(headers=answer.headers, cookies=cookies, content=answer.content)


@pytest.mark.parametrize("path", ["/", "/account/sign-in/", "/static/icons/mark.svg", "/health"])
def test_no_header_is_sent_twice(nginx, path):
    headers = asked(nginx, path).headers
    for name in (*SAID_BY_THE_APP, "Permissions-Policy", "X-Request-ID", "Server", "Date"):
        assert len(headers.get_all(name) or []) <= 1, name
    assert headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/metrics", "/ready"])
def test_what_watchers_of_the_installation_read_isnt_there(nginx, path):
    answer = asked(nginx, path)
    assert answer.status == 404
    assert not [name for name in SAID_BY_THE_APP if name not in answer.headers]


def test_nothing_tells_which_nginx_it_is(nginx):
    answer = asked(nginx, "/metrics")
    assert answer.headers["Server"] == "nginx"
    assert not re.search(rb"nginx/[0-9]", answer.body)


def test_an_address_and_an_id_that_a_client_makes_up_reach_nobody(nginx):
    made_up = {"X-Forwarded-For": "203.0.113.9, 203.0.113.8", "X-Request-ID": "made-up-by-me"}
    answer = asked(nginx, "/health", comes_from="127.0.0.5", **made_up)
    number = answer.headers["X-Request-ID"]
    wait_until(lambda: "127.0.0.5" in nginx.house.log.read_text())
    assert "203.0.113" not in nginx.house.log.read_text()
    wait_until(lambda: number in nginx.log.read_text())
    assert "made-up-by-me" not in nginx.log.read_text()


def test_no_header_of_a_client_makes_plain_http_look_safe(nginx):
    claimed = {"X-Forwarded-Proto": "https", "Host": NAME}
    address = f"http://127.0.0.1:{nginx.http_port}/account/sign-in/"
    assert requests.get(address, headers=claimed, timeout=5, allow_redirects=False).is_redirect


def test_words_of_a_reply_come_as_they_are_written(nginx, ollama, ada):
    goes_on = threading.Event()

    def answers(request: Request):
        yield Send(head())
        yield say(request, "The first words. ")
        goes_on.wait(20)
        yield say(request, "The last words.")
        yield final(request)
        yield Send(END)

    ollama.play(answers)
    path = start(ada, "Hello")
    stream = re.search(r'data-stream="([^"]+)"', ada.get(path).text)[1]
    wanted = {"Accept": "text/event-stream", "Last-Event-ID": "0"}
    with ada.get(stream, headers=wanted, stream=True) as answer:
        pieces = answer.iter_content(None, decode_unicode=True)
        came = ""
        while "The first words." not in came:
            came += next(pieces)
        assert not goes_on.is_set()
        goes_on.set()
        rest = "".join(pieces)
        assert "The last words." in rest
    assert "X-Accel-Buffering" not in answer.headers


def test_words_come_so_to_who_asks_by_the_same_request(nginx, ollama, ada):
    goes_on = threading.Event()

    def answers(request: Request):
        yield Send(head())
        yield say(request, "At once. ")
        goes_on.wait(20)
        yield final(request)
        yield Send(END)

    ollama.play("plain", answers)
    path = start(ada, "Hello")
    wait_until(lambda: "aria-busy" not in ada.get(path).text)
    wanted = {"Accept": "text/event-stream", "Referer": ada.url + path}
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', ada.get(path).text)[1]
    data = {"text": "And now?", "csrfmiddlewaretoken": token}
    address = ada.url + path + "ask"
    with ada.session.post(address, data, headers=wanted, stream=True, timeout=20) as answer:
        came, pieces = "", answer.iter_content(None, decode_unicode=True)
        while "At once." not in came:
            came += next(pieces)
        goes_on.set()
        assert "done" in "".join(pieces)


def test_whoever_hurries_too_much_at_the_doors_is_told_to_wait(nginx):
    answers = [asked(nginx, "/account/sign-in/", comes_from="127.0.0.2") for _ in range(45)]
    statuses = [answer.status for answer in answers]
    assert statuses[:20] == [200] * 20
    assert 429 in statuses
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.headers["Retry-After"]
    assert refused.headers["Strict-Transport-Security"]
    assert b"Wait a moment" in refused.body
    # Nobody else is.
    assert asked(nginx, "/account/sign-in/", comes_from="127.0.0.3").status == 200


def test_what_is_too_large_is_refused_before_it_is_sent(nginx):
    trusted = ssl.create_default_context(cafile=nginx.certificate)
    with (
        socket.create_connection(("127.0.0.1", nginx.https_port), timeout=5) as connection,
        trusted.wrap_socket(connection, server_hostname=NAME) as secured,
    ):
        size = 30 * 1024 * 1024
        said = f"POST /notes/files HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {size}\r\n\r\n"
        secured.sendall(said.encode())
        assert secured.recv(64).startswith(b"HTTP/1.1 413 ")


ELSEWHERE = {"Origin": "https://app.example"}


def test_a_front_end_elsewhere_reads_what_nginx_itself_refuses(nginx):
    """As the API says it, and without a word that another origin may not read."""
    tried = [asked(nginx, "/api/token", comes_from="127.0.0.5", **ELSEWHERE) for _ in range(45)]
    often = next(answer for answer in tried if answer.status == 429)
    large = asked(nginx, "/api/notes", **ELSEWHERE, **{"Content-Length": str(30 * 1024 * 1024)})
    assert large.status == 413
    for answer in (often, large):
        assert_read_elsewhere(answer)
    assert often.headers["Retry-After"] == "5"


def assert_read_elsewhere(answer: SimpleNamespace) -> None:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.body)["status"] == answer.status
    assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Strict-Transport-Security"]


def test_what_is_the_same_for_everybody_is_kept_and_compressed(nginx):
    page = asked(nginx, "/account/sign-in/").body.decode()
    joined = re.search(r'"(/static/joined/[0-9a-f]{16}/ahfai\.css)"', page)[1]
    for _ in range(2):
        answer = asked(nginx, joined, **{"Accept-Encoding": "gzip"})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert asked(nginx, joined).headers["Content-Encoding"] is None


def test_replicas_of_two_versions_serve_the_pages_of_both():
    older, newer, gone = "a" * 16, "b" * 16, "c" * 16
    with contextlib.ExitStack() as entered:
        replicas = [entered.enter_context(replica(one)) for one in (older, newer)]
        nginx = entered.enter_context(Nginx([address for address, _stop in replicas]))
        for version in (older, newer) * 3:
            assert asked(nginx, f"/static/{version}/house.js").body == version.encode()
        answer = asked(nginx, f"/static/{gone}/house.js")
        assert answer.body.decode() in {older, newer}
        assert answer.headers["Cache-Control"] == "public, no-cache"
        assert asked(nginx, "/static/nothing.js").status == 404
        # The older one is replaced, and pages from before are still open.
        replicas[0][1]()
        for _ in range(3):
            assert asked(nginx, f"/static/{older}/house.js").body == older.encode()


@contextlib.contextmanager
def replica(version: str):
    """What ahfai.static_versions does, with one file. Gives its address and what stops it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_here = self.path == f"/static/{version}/house.js"
            is_other = self.path.endswith("house.js") and not self.headers["X-Only-This-Version"]
            self.send_response(200 if is_here or is_other else 404)
            kept = "public, max-age=31536000, immutable" if is_here else "public, no-cache"
            self.send_header("Cache-Control", kept)
            self.end_headers()
            self.wfile.write(version.encode())

        def log_message(self, *_what: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def stop() -> None:
            server.shutdown()
            server.socket.close()

        yield f"127.0.0.1:{server.server_address[1]}", stop
        server.shutdown()


def test_pages_are_not_compressed(nginx):
    answer = asked(nginx, "/account/sign-in/", **{"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] is None


def test_no_words_are_written_into_the_log(nginx, ada):
    ada.get("/search?q=canary-in-the-address")
    asked(nginx, "/canary-in-the-path?canary", Host="evil.example")
    asked(nginx, "/account/sign-in/?canary", comes_from="127.0.0.2")
    assert asked(nginx, "/health").status == 200
    assert "canary" not in nginx.log.read_text()


def test_without_any_replica_a_sentence_says_so():
    with Nginx([f"127.0.0.1:{free_port()}"]) as nginx:
        answer = asked(nginx, "/?canary")
        assert answer.status == 503
        assert b"back soon" in answer.body
        assert answer.headers["Retry-After"]
        program = asked(nginx, "/api/notes?canary", **ELSEWHERE)
        assert program.status == 503
        assert_read_elsewhere(program)
        assert "canary" not in nginx.log.read_text()
