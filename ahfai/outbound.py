"""Requests to addresses that people choose: webhooks, ntfy and Gotify, push services.

Somebody may choose an address so that this server reaches for them what they can't reach: its own
services, its neighbours, the metadata of a cloud (OWASP, server-side request forgery). So the name
is looked up once, each address it has must be one of the public internet, and the connection goes
to an address that was checked. Nothing is redirected, and no proxy of the environment is used.
What `NOTIFY_ALLOW` lists may be anywhere: the operator vouches for it.

Everything else must be https. What goes out holds people's titles and secrets of theirs.
"""

import http.client
import math
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from time import monotonic, time
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

WITHIN_S = 5.0
CONNECT_S = 2.5
ANSWER_BYTES = 64 * 1024
URL_LETTERS = 2000
USUAL_PORTS = {"http": 80, "https": 443}

Address = IPv4Address | IPv6Address

_NAME = re.compile(r"(?!.{254})[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
# Read by some programs as an address in another writing: 2130706433, 0x7f.1, 127.1 (WHATWG URL,
# "ends in a number").
_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")

# Written out, since `is_global` differs between versions of Python and lets some of them through.
# https://www.iana.org/assignments/iana-ipv4-special-registry, and -ipv6-special-registry
_NOT_PUBLIC = [
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Azure's machines reach its agent there.
        "168.63.129.16/32",
        # Teredo and what else has a meaning of its own, examples, 6to4.
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
]
# All that is given out; the rest holds loopback, mapped IPv4, NAT64, local and multicast addresses.
_GIVEN_OUT = ip_network("2000::/3")


class Refused(Exception):
    """This address is never asked; trying again is of no use. Carries a sentence for the person."""


class Failed(Exception):
    """Nothing was answered, this time. Carries a sentence for the person."""


@dataclass(frozen=True)
class Answer:
    """What the other side said; of a longer body the first ANSWER_BYTES, or what came in time."""

    status: int
    body: bytes
    # For how many seconds it asks not to be asked again, a day at most.
    wait_s: int = 0


@dataclass(frozen=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """As NOTIFY_ALLOW names it: an IPv6 address in brackets and its shortest form."""
        return f"{self._bracketed}:{self.port}"

    @property
    def named(self) -> str:
        """As the header Host has it."""
        is_usual = self.port == USUAL_PORTS[self.scheme]
        return self._bracketed if is_usual else self.place

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post to an address that a person chose, within WITHIN_S seconds in all.

    Every status is an answer, a redirect too. Raises Refused and Failed, whose sentences name
    neither the address nor anything else of what was sent.
    """
    deadline = monotonic() + WITHIN_S
    target = _checked(url)
    addresses = _look_up(target, deadline)
    if not _is_allowed(target) and not all(map(_is_public, addresses)):
        raise _off_limits()
    sock = _connect(target, addresses, deadline)
    with closing(sock), _cut_off(sock, deadline):
        return _ask(sock, target, body, headers)


def check(url: str) -> None:
    """Raise Refused, as `post` would, for what the address shows without looking up its name."""
    _checked(url)


def _checked(url: str) -> _Target:
    target = _read(url)
    if _is_allowed(target):
        return target
    if target.scheme != "https":
        raise Refused(_("The address must begin with https:// or be one that NOTIFY_ALLOW lists."))
    literal = _literal(target.host)
    # A name that is this machine's wherever it is asked for (RFC 6761, 6.3).
    is_here = target.host == "localhost" or target.host.endswith(".localhost")
    if is_here or not _is_usual(target.port) or (literal and not _is_public(literal)):
        raise _off_limits()
    return target


def _is_allowed(target: _Target) -> bool:
    return target.place in settings.NOTIFY_ALLOW


def _off_limits() -> Refused:
    return Refused(
        _(
            "AhFai may not send there: the address is on a private network, or its port is "
            "kept for something else. Whoever runs AhFai can allow it by NOTIFY_ALLOW."
        )
    )


def _read(url: str) -> _Target:
    """Read strictly: what programs read differently is no address here."""
    not_an_address = Refused(
        _("That isn't an address like https://host/path, in plain letters and without a password.")
    )
    if len(url) > URL_LETTERS or not re.fullmatch(r"[!-~]+", url) or {"#", "\\"} & {*url}:
        raise not_an_address
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise not_an_address from None
    if parts.scheme not in USUAL_PORTS or "@" in parts.netloc or port == 0:
        raise not_an_address
    literal = _literal(host)
    if literal:
        host = str(literal)
    elif not _NAME.fullmatch(host) or _NUMBER.fullmatch(host):
        raise not_an_address
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(parts.scheme, host, port or USUAL_PORTS[parts.scheme], path)


def _literal(host: str) -> Address | None:
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def _look_up(target: _Target, deadline: float) -> list[Address]:
    """All addresses of the host. In a thread, since a resolver may take half a minute."""
    literal = _literal(target.host)
    if literal:
        return [literal]
    found: SimpleQueue[list[Address]] = SimpleQueue()

    def look() -> None:
        try:
            answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers)))
        except (OSError, ValueError):
            found.put([])

    Thread(target=look, name="look-up", daemon=True).start()
    try:
        addresses = found.get(timeout=max(deadline - monotonic(), 0))
    except Empty:
        addresses = []
    if not addresses:
        raise Failed(_("No server of that name was found."))
    return addresses


def _is_usual(port: int) -> bool:
    """Below 1024 are those of mail, remote shells and the like."""
    return port == 443 or port >= 1024


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in _GIVEN_OUT or address.scope_id):
        return False
    return not any(address in network for network in _NOT_PUBLIC) and not _is_own(address)


def _is_own(address: Address) -> bool:
    """Whether it is this machine's, which its firewall may keep from others. Sends nothing."""
    try:
        # A machine without IPv6 makes no socket for it, and has no such address.
        with socket.socket(_family(address), socket.SOCK_DGRAM) as sock:
            sock.connect((str(address), 9))
            return bool(ip_address(sock.getsockname()[0]) == address)
    except OSError:
        return False


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _connect(target: _Target, addresses: list[Address], deadline: float) -> socket.socket:
    for address in addresses:
        left = deadline - monotonic()
        if left <= 0:
            break
        try:
            sock = socket.socket(_family(address), socket.SOCK_STREAM)
        except OSError:
            continue
        try:
            sock.settimeout(min(left, CONNECT_S))
            sock.connect((str(address), target.port))
        except OSError:
            sock.close()
            continue
        return _secured(sock, target, deadline) if target.scheme == "https" else sock
    raise Failed(_("The other side can't be reached."))


def _secured(sock: socket.socket, target: _Target, deadline: float) -> socket.socket:
    try:
        # The whole handshake may take this long.
        sock.settimeout(max(deadline - monotonic(), 0.01))
        return _authorities().wrap_socket(sock, server_hostname=target.host)
    except ssl.SSLCertVerificationError:
        sock.close()
        raise Failed(_("The certificate of the other side isn't valid.")) from None
    except OSError:
        sock.close()
        raise Failed(_("No safe connection came about.")) from None


@cache
def _authorities() -> ssl.SSLContext:
    """Those of the system, where an operator adds their own, and those that Mozilla trusts."""
    context = ssl.create_default_context()
    # Not above: models read a length from here, and whoever loads them would load all of requests.
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


@contextmanager
def _cut_off(sock: socket.socket, deadline: float) -> Iterator[None]:
    """Shut the connection at the deadline: a time-out alone begins anew with each byte."""

    def cut() -> None:
        with suppress(OSError):
            # Not the one of TLS, which isn't made for a second thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = Timer(max(deadline - monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _ask(sock: socket.socket, target: _Target, body: bytes, headers: Mapping[str, str]) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = sock
    ours = {"Host": target.named, "User-Agent": "AhFai", "Connection": "close"}
    try:
        sock.settimeout(WITHIN_S)
        connection.request("POST", target.path, body, {**headers, **ours})
        response = connection.getresponse()
    except ValueError:
        raise Refused(_("The token holds characters that can't be sent.")) from None
    except (http.client.HTTPException, OSError):
        raise Failed(_("The other side took the connection, and gave no answer in time.")) from None
    with response:
        wait_s = _seconds(response.headers.get("Retry-After", ""))
        return Answer(response.status, _beginning(response), wait_s)


def _beginning(response: http.client.HTTPResponse) -> bytes:
    """The status counts already: a body that breaks off must not make us send again."""
    read = bytearray()
    with suppress(http.client.HTTPException, OSError):
        while len(read) < ANSWER_BYTES and (piece := response.read1(ANSWER_BYTES - len(read))):
            read += piece
    return bytes(read)


def _seconds(retry_after: str) -> int:
    """Seconds or a date (RFC 9110, 10.2.3); 0 for anything else."""
    if re.fullmatch("[0-9]{1,9}", retry_after):
        wait_s = int(retry_after)
    else:
        try:
            wait_s = math.ceil(parsedate_to_datetime(retry_after).timestamp() - time())
        except ValueError:
            return 0
    return min(max(wait_s, 0), 24 * 3600)
