"""Links say where they lead; images become links; nothing leads into this site but to the files
that the caller names.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from ahfai.markdown.files import FILE, File, Files

HOST = "host"
PICTURE = "picture"
FILES = "files"
"""The name in a text's environment for the files that it may show, None where it knows none."""
SCHEMES = frozenset({"http", "https", "mailto"})
LONGEST_TARGET = 80
"""Characters shown of a target that isn't linked."""

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[\w-]+(?::\d+)?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_ENDLESS_WORD = re.compile(r"\S{2000}")
_TURNS_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def add_rules(md: MarkdownIt) -> None:
    bare = _BareLinks(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    md.linkify = bare.add("ftp:", None).add("//", None)
    # The inline rule looks back over the whole line at each "://"; the core rule does not.
    md.inline.ruler.disable("linkify")
    # Every target is parsed as one; `_settled` decides which of them becomes a link.
    md.validateLink = lambda url: True  # type: ignore[method-assign]
    # A name in another script that imitates a known one stays recognisable.
    md.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    md.core.ruler.push("links", _settle_links)
    md.add_render_rule(HOST, _render_host)
    md.add_render_rule(PICTURE, _render_picture)


def destination(href: str) -> str | None:
    """The host (or mail address) that a link leads to; None for a link that isn't allowed."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme == "mailto":
        return parts.path if "@" in parts.path else None
    if parts.scheme not in SCHEMES:
        return None
    host = parts.netloc.rpartition("@")[2].lower()
    return host if _HOST.fullmatch(host) else None


class _BareLinks(LinkifyIt):
    """Finds bare links; leaves words longer than any real one alone: it would search for ages."""

    def pretest(self, text: str) -> bool:
        return not _ENDLESS_WORD.search(text) and super().pretest(text)


def _settle_links(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_settled(token.children, state.env.get(FILES)))


def _settled(tokens: list[Token], files: Files | None) -> Iterator[Token]:
    href: str | None = None
    words: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            href, words = str(token.attrs["href"]), []
            file = _file(href, files)
            if file or destination(href):
                yield _link_open(file.address if file else href)
        elif token.type == "link_close" and href is not None:
            yield from _closing(href, "".join(words), files)
            href = None
        elif token.type == "image" and (file := _file(str(token.attrs["src"]), files)):
            words.append(_alt(token) or file.name)
            yield from _shown(file, words[-1], is_linked=href is not None)
        elif token.type == "image":
            alt, source = _alt(token), str(token.attrs["src"])
            words.append(alt)
            if href is None and destination(source):
                yield _link_open(source)
            if alt:
                yield _text(alt)
            if href is None:
                yield from _closing(source, alt, files)
        else:
            words.append("\n" if token.type in ("softbreak", "hardbreak") else token.content)
            yield token


def _file(href: str, files: Files | None) -> File | None:
    found = FILE.fullmatch(href)
    return files.get(found[1].lower()) if found and files else None


def _shown(file: File, words: str, is_linked: bool) -> Iterator[Token]:
    """A picture in its place, which leads to itself in full; any other file as a link."""
    if not is_linked:
        yield _link_open(file.address)
    if file.is_picture:
        yield Token(PICTURE, "img", 0, content=words, meta={"address": file.address})
    else:
        yield _text(words)
    if not is_linked:
        yield Token("link_close", "a", -1)


def _closing(href: str, words: str, files: Files | None) -> Iterator[Token]:
    host = destination(href)
    if file := _file(href, files):
        if not words.strip():
            yield _text(file.name)
        yield Token("link_close", "a", -1)
    elif files is not None and FILE.fullmatch(href):
        yield _host(_("this file isn't here"))
    elif host:
        if not words.strip():
            yield _text(href)
            words = href
        yield Token("link_close", "a", -1)
        if not _shows(words, href, host):
            yield _host(host)
    elif not href.startswith("#") and words != href:
        cut = href if len(href) <= LONGEST_TARGET else href[:LONGEST_TARGET] + "…"
        yield _host(cut)


def _shows(words: str, href: str, host: str) -> bool:
    """Whether the reader sees from the link's words alone which host it leads to."""
    if _TURNS_DIRECTION.search(words):
        return False
    if words.strip() in (href, href.removeprefix("mailto:")):
        return "@" not in urlsplit(href).netloc
    if href.startswith("mailto:"):
        return words.strip().lower() == host.lower()
    named = _DOMAIN.search(words)
    return named is not None and named[0].lower() == host


def _alt(image: Token) -> str:
    return "".join(
        _alt(child) if child.type == "image" else child.content or " "
        for child in image.children or []
        if child.nesting == 0
    ).strip()


def _link_open(href: str) -> Token:
    return Token("link_open", "a", 1, attrs={"href": href})


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _host(content: str) -> Token:
    return Token(HOST, "span", 0, content=content)


def _render_host(self: object, tokens: list[Token], index: int, *rest: object) -> str:
    return f' <span class="host">{escapeHtml(tokens[index].content)}</span>'


def _render_picture(self: object, tokens: list[Token], index: int, *rest: object) -> str:
    token = tokens[index]
    address, words = escapeHtml(token.meta["address"]), escapeHtml(token.content)
    return f'<img src="{address}" alt="{words}" loading="lazy">'
