"""The chats in an archive, whichever program they come from; one after the other, as they are read.

A file of chats can be as large as an archive may be, and is never in memory as a whole.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from chats.transfer import chatgpt, librechat, open_webui, own
from chats.transfer.incoming import ChatUnit, IncomingChat, title
from notes.transfer.archives import Archive, Entry
from notes.transfer.reasons import Broken

# Of one chat, as it stands in its file.
MAX_CHAT = 20 * 2**20
_SPACE = re.compile(r"[\s,]*")
_LIST = re.compile(r"\s*\[")
FORMATS = (chatgpt, open_webui, librechat)


def own_units(archive: Archive, entry: Entry) -> Iterator[ChatUnit]:
    for number, line in enumerate(lines(archive, entry), 1):
        if line is None:
            yield ChatUnit(f"{entry.name}:{number}", partial(_refuse, "chat_too_long"))
        elif line.strip():
            yield ChatUnit(f"{entry.name}:{number}", partial(own.read, line, archive))


def lines(archive: Archive, entry: Entry) -> Iterator[bytes | None]:
    """None for one that is too long."""
    held, is_long = bytearray(), False
    for piece in archive.pieces(entry):
        first, *others = piece.split(b"\n")
        held += first
        for other in others:
            yield None if is_long else bytes(held)
            held, is_long = bytearray(other), False
        if len(held) > MAX_CHAT:
            held.clear()
            is_long = True
    if held or is_long:
        yield None if is_long else bytes(held)


def is_of_others(archive: Archive, entry: Entry) -> bool:
    """Whether the file holds chats of another program: a look at its beginning is enough."""
    if entry.ending != ".json":
        return False
    try:
        first = next(items(archive, entry), None)
    except Broken:
        # It is named when its turn comes.
        return entry.path.name.startswith("conversations")
    return any(one.is_chat(first) for one in FORMATS)


def units_of_others(archive: Archive, entry: Entry) -> Iterator[ChatUnit]:
    number = 0
    try:
        for number, said in enumerate(items(archive, entry), 1):
            shown = title(said.get("title")) if isinstance(said, dict) else ""
            yield ChatUnit(shown or f"{entry.name}:{number}", partial(_of_others, said))
    except Broken as broken:
        yield ChatUnit(f"{entry.name}:{number + 1}", partial(_refuse, broken.code))


def items(archive: Archive, entry: Entry) -> Iterator[Any]:
    """The items of a list in JSON, one after the other, or what stands there alone.

    Raises Broken at the one that can't be read.
    """
    decoder = json.JSONDecoder()
    text = _Text(archive, entry)
    is_list = text.starts_with(_LIST)
    while text.skip(_SPACE) and text.held[text.at] != "]":
        yield text.value(decoder)
        if not is_list:
            return


class _Text:
    """The text of a file, of which as little as possible is held."""

    def __init__(self, archive: Archive, entry: Entry) -> None:
        self._pieces = archive.pieces(entry)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.held = ""
        self.at = 0

    def starts_with(self, pattern: re.Pattern[str]) -> bool:
        self._more()
        found = pattern.match(self.held)
        if found:
            self.at = found.end()
        return bool(found)

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Whether anything follows."""
        while True:
            self.at = (found := pattern.match(self.held, self.at)).end()  # type: ignore[union-attr]
            del found
            if self.at < len(self.held):
                return True
            if not self._more():
                return False

    def value(self, decoder: json.JSONDecoder) -> Any:
        wanted = 0
        while True:
            try:
                said, end = decoder.raw_decode(self.held, self.at)
                # A number could go on.
                if end < len(self.held) or not self._more():
                    self.held, self.at = self.held[end:], 0
                    return said
            except RecursionError:
                raise Broken("chat_not_understood") from None
            except ValueError:
                # Twice as much each time: what was read is read again.
                wanted = max(2 * (len(self.held) - self.at), 2**16)
                if wanted > 4 * MAX_CHAT or not self._more(wanted):
                    raise Broken("chat_damaged") from None

    def _more(self, letters: int = 1) -> bool:
        self.held, self.at = self.held[self.at :], 0
        pieces, length = [self.held], len(self.held)
        for piece in self._pieces:
            try:
                said = self._decoder.decode(piece)
            except UnicodeDecodeError:
                raise Broken("not_text") from None
            pieces.append(said)
            length += len(said)
            if length >= letters and said:
                break
        has_more = length > len(self.held)
        self.held = "".join(pieces)
        return has_more


def _of_others(said: Any) -> IncomingChat:
    for one in FORMATS:
        if one.is_chat(said):
            return one.chat(said)
    raise Broken("chat_not_understood")


def _refuse(code: str) -> IncomingChat:
    raise Broken(code)


Units = Callable[[Archive, Entry], Iterator[ChatUnit]]
