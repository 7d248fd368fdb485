"""Requests to addresses that people choose reach the internet, and nothing else."""

import datetime
import errno
import ipaddress
import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from email.utils import formatdate

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ahfai import outbound
from ahfai.outbound import Failed, Refused
from ahfai.tests.sinks import http_sink, raw_sink

pytestmark = pytest.mark.same_everywhere

# {port} is that of a listener on this machine.
NOT_ADDRESSES = """
http://127.0.0.1:{port}/
https://127.0.0.1:{port}/
https://2130706433:{port}/
https://0x7f000001:{port}/
https://0x7f.0.0.1:{port}/
https://0x7f.1:{port}/
https://0177.0.0.1:{port}/
https://017700000001:{port}/
https://127.1:{port}/
https://127.0.1:{port}/
https://127.0.0.1.:{port}/
https://0:{port}/
https://0.0.0.0:{port}/
https://localhost:{port}/
https://LOCALHOST:{port}/
https://localhost.:{port}/
https://user@127.0.0.1:{port}/
https://user:word@localhost:{port}/
https://good.example@127.0.0.1:{port}/
https://127.0.0.1:{port}@good.example/
https://good.example:443@127.0.0.1:{port}/
https://good.example#@127.0.0.1:{port}/
https://good.example\\@127.0.0.1:{port}/
https:\\\\127.0.0.1:{port}/
https:///127.0.0.1:{port}/
https:127.0.0.1:{port}/
//127.0.0.1:{port}/
127.0.0.1:{port}
https://[::1]:{port}/
https://[0:0:0:0:0:0:0:1]:{port}/
https://[::]:{port}/
https://[::ffff:127.0.0.1]:{port}/
https://[::ffff:7f00:1]:{port}/
https://[::127.0.0.1]:{port}/
https://[64:ff9b::127.0.0.1]:{port}/
https://[64:ff9b:1::7f00:1]:{port}/
https://[2002:7f00:1::]:{port}/
https://[2001:0:7f00:1::]:{port}/
https://[::1%25lo]:{port}/
https://[fe80::1%lo]:{port}/
https://[fe80::1]:{port}/
https://[fec0::1]:{port}/
https://[fd00::1]:{port}/
https://[fd00:ec2::254]/
https://[ff02::1]:{port}/
https://[100::1]/
https://[2001:db8::1]/
https://[3fff::1]/
https://[5f00::1]/
https://[::1]]:{port}/
https://[127.0.0.1]:{port}/
https://[v1.127]:{port}/
https://10.0.0.1:{port}/
https://100.64.0.1/
https://100.100.100.200/latest/meta-data/
https://127.255.255.254:{port}/
https://168.63.129.16/
https://169.254.169.254/latest/meta-data/
https://172.16.0.1/
https://172.31.255.254/
https://192.0.0.192/
https://192.0.2.1/
https://192.88.99.1/
https://192.168.1.1/
https://198.18.0.1/
https://198.51.100.1/
https://203.0.113.1/
https://224.0.0.1/
https://240.0.0.1/
https://255.255.255.255/
https://１２７.０.０.１:{port}/
https://ⓛocalhost:{port}/
https://127。0。0。1:{port}/
https://münchen.example/
https://127.0.0.1:{port}/ HTTP/1.1
https://good.example:0/
https://good.example:99999/
https://good.example:-1/
https://good.example:２２/
https://good.example:22/
https://good.example:25/
https://good.example:80/
http://good.example/
ftp://good.example/
file:///etc/passwd
gopher://127.0.0.1:{port}/
unix:///run/docker.sock
javascript:alert(1)
https://
https://.example/
https://a..example/
https://-a.example/
https://%31%32%37.0.0.1:{port}/
https://localhost%00.good.example/
""".strip().splitlines()
NOT_ADDRESSES += [
    "",
    "https://good.example/\r\nHost: 127.0.0.1",
    "\thttps://127.0.0.1:{port}/",
    "https://127.0.0.1\t:{port}/",
    "https://localhost\0.good.example/",
    "https://good.example/" + "a" * 2000,
    f"https://{'a' * 64}.example/",
]

# What the names resolve to.
NAMES = {
    "good.example": ["93.184.215.14"],
    "localhost": ["127.0.0.1", "::1"],
    "loopback.example": ["127.0.0.1"],
    "localtest.me": ["::1"],
    "10.0.0.1.nip.example": ["10.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "mixed.example": ["93.184.215.14", "127.0.0.1"],
    "mixed6.example": ["93.184.215.14", "fd00::1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "link.example": ["fe80::1%lo"],
    "multicast.example": ["224.0.0.251"],
}

PUBLIC = """
1.1.1.1
9.255.255.255
100.63.255.255
100.128.0.1
172.15.255.255
172.32.0.1
192.167.0.1
198.17.255.255
223.255.255.255
2001:200::1
2606:4700:4700::1111
2a00:1450::1
""".strip().splitlines()


@pytest.fixture
def listener():
    """Something private on this machine; says how many have connected."""
    taken = []
    doors = [socket.create_server(("127.0.0.1", 0))]
    port = doors[0].getsockname()[1]
    # Not every machine has IPv6.
    with suppress(OSError):
        doors.append(socket.create_server(("::1", port), family=socket.AF_INET6))

    def take(door):
        while True:
            try:
                connection, _from = door.accept()
            except OSError:
                return
            taken.append(port)
            connection.close()

    for door in doors:
        threading.Thread(target=take, args=(door,), daemon=True).start()
    yield port, taken
    for door in doors:
        door.shutdown(socket.SHUT_RDWR)
        door.close()


@pytest.fixture
def connects(monkeypatch):
    """Where connections were tried; those that would leave this machine go nowhere."""
    tried = []

    class Watched(socket.socket):
        def connect(self, address):
            if self.type == socket.SOCK_STREAM:
                tried.append(address[0])
                if not ipaddress.ip_address(address[0]).is_loopback:
                    raise OSError("no network in tests")
            super().connect(address)

    monkeypatch.setattr(socket, "socket", Watched)
    return tried


@pytest.fixture
def names(monkeypatch):
    """A resolver that knows NAMES, and writes down what it was asked."""
    asked = []

    def look_up(host, port, *_args, **_kwargs):
        asked.append(host)
        if host not in NAMES:
            raise socket.gaierror
        return [(0, socket.SOCK_STREAM, 6, "", (one, port)) for one in NAMES[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.fixture
def sink(settings):
    with http_sink() as sink:
        settings.NOTIFY_ALLOW = {sink.place}
        yield sink


@pytest.mark.parametrize("url", NOT_ADDRESSES)
def test_nothing_private_is_reached_however_it_is_written(url, listener, connects, names):
    port, taken = listener
    with pytest.raises(Refused):
        outbound.post(url.replace("{port}", str(port)), b"", {})
    assert (connects, taken) == ([], [])


@pytest.mark.parametrize("name", sorted(NAMES.keys() - {"good.example"}))
def test_a_name_that_has_one_private_address_is_refused(name, listener, connects, names):
    port, taken = listener
    with pytest.raises(Refused, match="NOTIFY_ALLOW"):
        outbound.post(f"https://{name}:{port}/", b"", {})
    asked = [] if name == "localhost" else [name]
    assert (connects, taken, names) == ([], [], asked)


def test_a_name_is_looked_up_once_so_that_it_cannot_change_after_the_check(
    monkeypatch, listener, connects
):
    port, taken = listener
    answers = iter(["93.184.215.14"])

    def look_up(host, *_args, **_kwargs):
        return [(0, 0, 0, "", (next(answers, "127.0.0.1"), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(Failed):
        outbound.post(f"https://rebinds.example:{port}/", b"", {})
    assert (connects, taken) == (["93.184.215.14"], [])


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_reached(address, connects, names):
    with pytest.raises(Failed):
        outbound.post(f"https://[{address}]/" if ":" in address else f"https://{address}/", b"", {})
    assert connects == [address]


def test_a_public_address_of_this_machine_is_private_too():
    # The one that every machine has stands for it.
    assert outbound._is_own(ipaddress.ip_address("127.0.0.1"))
    assert not outbound._is_own(ipaddress.ip_address("127.0.0.2"))


def test_what_the_operator_lists_is_reached_with_what_was_given(sink):
    sink.answers = [(201, {}, b"thanks")]
    answer = outbound.post(f"{sink.url}topic?a=b", b"words", {"Authorization": "Bearer t"})
    assert (answer.status, answer.body) == (201, b"thanks")
    (request,) = sink.requests
    assert (request.path, request.body) == ("/topic?a=b", b"words")
    assert request.headers["Host"] == sink.place
    assert request.headers["Authorization"] == "Bearer t"


def test_only_the_listed_port_of_a_listed_host_is_reached(sink, listener, connects):
    port, taken = listener
    with pytest.raises(Refused):
        outbound.post(f"https://127.0.0.1:{port}/", b"", {})
    assert (connects, taken) == ([], [])


def test_a_redirect_is_an_answer_and_leads_nowhere(sink, listener):
    port, taken = listener
    sink.answers = [(307, {"Location": f"http://127.0.0.1:{port}/"}, b"")]
    assert outbound.post(sink.url, b"", {}).status == 307
    assert taken == []


def test_a_proxy_of_the_environment_is_not_used(sink, listener, monkeypatch):
    port, taken = listener
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    assert outbound.post(sink.url, b"", {}).status == 200
    assert taken == []


def test_nobody_there_is_a_failure_for_now(settings):
    settings.NOTIFY_ALLOW = {"127.0.0.1:9"}
    with pytest.raises(Failed, match="can't be reached"):
        outbound.post("http://127.0.0.1:9/", b"", {})


def test_of_several_addresses_the_next_one_is_tried(settings, monkeypatch, sink):
    monkeypatch.setitem(NAMES, "two.example", ["127.0.0.9", "127.0.0.1"])
    answers = [(0, 0, 0, "", (one, sink.port)) for one in NAMES["two.example"]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: answers)
    settings.NOTIFY_ALLOW = {f"two.example:{sink.port}"}
    assert outbound.post(f"http://two.example:{sink.port}/", b"", {}).status == 200


def test_when_the_time_is_over_no_further_address_is_tried(settings, monkeypatch, sink):
    settings.NOTIFY_ALLOW = {sink.place}
    monkeypatch.setattr(outbound, "WITHIN_S", 0)
    with pytest.raises(outbound.Failed):
        outbound.post(sink.url, b"", {})
    assert sink.requests == []


def test_a_machine_without_ipv6_reaches_names_that_have_it(monkeypatch, connects, names):
    watched = socket.socket

    def no_ipv6(family=-1, *rest, **more):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return watched(family, *rest, **more)

    monkeypatch.setattr(socket, "socket", no_ipv6)
    monkeypatch.setitem(NAMES, "both.example", ["2606:4700:4700::1111", "93.184.215.14"])
    with pytest.raises(Failed):
        outbound.post("https://both.example/", b"", {})
    assert connects == ["93.184.215.14"]


def _drip(connection):
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 ")
    while True:
        time.sleep(0.02)
        connection.sendall(b" ")


def _drip_the_body(connection):
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 201 Created\r\n\r\n")
    while True:
        time.sleep(0.02)
        connection.sendall(b".")


def _wait_until_it_hangs_up(connection):
    while connection.recv(65_536):
        pass


@pytest.mark.parametrize("talk", [_drip, _wait_until_it_hangs_up])
def test_who_answers_too_slowly_is_cut_off(settings, monkeypatch, talk):
    monkeypatch.setattr(outbound, "WITHIN_S", 0.2)
    with raw_sink(talk) as url:
        settings.NOTIFY_ALLOW = {url.split("/")[2]}
        began = time.monotonic()
        with pytest.raises(Failed, match="no answer in time"):
            outbound.post(url, b"", {})
        # By itself it would never end.
        assert time.monotonic() - began < 10


def _drip_a_handshake(connection):
    connection.recv(65_536)
    connection.sendall(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")
    while True:
        time.sleep(0.02)
        connection.sendall(b"\x03")


def test_a_handshake_that_never_ends_is_cut_off(settings, monkeypatch):
    monkeypatch.setattr(outbound, "WITHIN_S", 0.2)
    with raw_sink(_drip_a_handshake) as url:
        settings.NOTIFY_ALLOW = {url.split("/")[2]}
        began = time.monotonic()
        with pytest.raises(Failed, match="No safe connection"):
            outbound.post(url.replace("http:", "https:"), b"", {})
        assert 0.15 < time.monotonic() - began < 10


def test_a_body_that_never_ends_does_not_make_a_taken_notice_go_out_again(settings, monkeypatch):
    monkeypatch.setattr(outbound, "WITHIN_S", 0.2)
    with raw_sink(_drip_the_body) as url:
        settings.NOTIFY_ALLOW = {url.split("/")[2]}
        answer = outbound.post(url, b"", {})
    assert (answer.status, answer.body[:2]) == (201, b"..")


def test_a_name_that_nobody_has_may_be_tried_again_later(connects, names):
    with pytest.raises(Failed, match="No server of that name"):
        outbound.post("https://nobody.example/", b"", {})
    assert connects == []


def test_a_resolver_that_does_not_answer_costs_no_more_time(monkeypatch):
    monkeypatch.setattr(outbound, "WITHIN_S", 0.05)
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: answered.wait(5) and [])
    with pytest.raises(Failed, match="No server of that name"):
        outbound.post("https://good.example/", b"", {})
    answered.set()


def test_of_a_large_answer_only_its_beginning_is_read(sink):
    sink.answers = [(200, {}, b"x" * 1_000_000)]
    assert len(outbound.post(sink.url, b"", {}).body) == 64 * 1024


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("120", 120),
        ("9" * 9, 24 * 3600),
        ("9" * 5000, 0),
        ("soon", 0),
        ("-5", 0),
    ],
)
def test_how_long_the_other_side_asks_to_wait_is_told(sink, said, wait_s):
    sink.answers = [(429, {"Retry-After": said}, b"")]
    assert outbound.post(sink.url, b"", {}).wait_s == wait_s


def test_a_date_until_which_it_asks_to_wait_is_counted_from_now(sink):
    now = time.time()
    dates = [formatdate(now + seconds, usegmt=True) for seconds in (3600, -60)]
    sink.answers = [(429, {"Retry-After": one}, b"") for one in dates]
    assert 3500 < outbound.post(sink.url, b"", {}).wait_s <= 3601
    assert outbound.post(sink.url, b"", {}).wait_s == 0


def test_a_token_that_no_header_can_hold_is_refused(sink):
    for token in ("a\r\nHost: b", "→"):
        with pytest.raises(Refused, match="token"):
            outbound.post(sink.url, b"", {"Authorization": token})


def test_nothing_of_an_address_is_logged(settings, caplog):
    def talk(connection):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")

    caplog.set_level(logging.DEBUG)
    with raw_sink(talk) as url:
        settings.NOTIFY_ALLOW = {url.split("/")[2]}
        outbound.post(f"{url}secret-topic", b"", {})
    assert "secret-topic" not in caplog.text


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Makes certificates that this machine trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "authority.pem"
    file.write_bytes(_certificate("Authority", key, "Authority", key)[0])
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    outbound._authorities.cache_clear()
    yield lambda name: _server_side(tmp_path, name, key)
    outbound._authorities.cache_clear()


def _server_side(folder, name, authority):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate, private = _certificate(name, key, "Authority", authority)
    (folder / "server.pem").write_bytes(private + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def _certificate(name, key, issuer, issuers_key):
    def named(one):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)])

    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(issuers_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private


def _at_home(monkeypatch, settings, sink, name="ntfy.example"):
    answers = [(0, 0, 0, "", ("127.0.0.1", sink.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: answers)
    settings.NOTIFY_ALLOW = {f"{name}:{sink.port}"}
    return f"https://{name}:{sink.port}/"


def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    monkeypatch, settings, authority
):
    context, seen = authority("ntfy.example"), []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    with http_sink(context) as sink:
        url = _at_home(monkeypatch, settings, sink)
        assert outbound.post(url, b"", {}).status == 200
        assert seen == ["ntfy.example"]
        assert sink.requests[0].headers["Host"] == f"ntfy.example:{sink.port}"


def test_a_certificate_of_another_name_is_none(monkeypatch, settings, authority):
    with http_sink(authority("other.example")) as sink:
        with pytest.raises(Failed, match="certificate"):
            outbound.post(_at_home(monkeypatch, settings, sink), b"", {})
        assert sink.requests == []


def test_a_server_that_speaks_no_tls_gets_nothing(monkeypatch, settings, sink):
    with pytest.raises(Failed, match="No safe connection"):
        outbound.post(_at_home(monkeypatch, settings, sink), b"", {})
    assert sink.requests == []
