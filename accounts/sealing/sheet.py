"""The recovery sheet: a master key on paper, to be typed in again.

A key is four numbered lines of four groups of four letters and digits and a last one of two, which
says whether the line was typed right:

    Key 5f0c2a91
    1  6N3Q HZ0D YT5B 4WQK  P7

The letters are Crockford's base 32 (https://www.crockford.com/base32.html): none of them looks like
another one. Each line holds ten bytes: the lines together the 32 of the key and the beginning of a
SHA-256 of its id and itself. The last group is a Reed-Solomon code over GF(32), so that one or two
wrong letters of a line always show, and two that were exchanged; it is mixed with a hash of the id
and the number of the line.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator

from ahfai.crypto import KEY_BYTES, MasterKeys

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LINES, BYTES_A_LINE = 4, 10
# What people read instead.
_MEANT = str.maketrans("OIL", "011", " -\t")


class Misread(ValueError):
    """Says in a sentence what doesn't fit in what was typed; nothing of a key."""


def lines(master_id: str, key: bytes) -> list[str]:
    """The four lines for a key, without their numbers."""
    whole = key + _digest(master_id, key)[: LINES * BYTES_A_LINE - KEY_BYTES]
    parts = [whole[at : at + BYTES_A_LINE] for at in range(0, len(whole), BYTES_A_LINE)]
    return [_line(master_id, number, part) for number, part in enumerate(parts, start=1)]


def read(text: str) -> MasterKeys:
    """The keys of a sheet that was typed into a file, or of what its QR codes say (`id:key`).

    Raises Misread with a sentence that names the line.
    """
    found: dict[str, list[str]] = {}
    entries = []
    current = None
    for line in filter(None, map(str.strip, text.splitlines())):
        if named := re.fullmatch(r"key[ :]+([A-Za-z0-9_-]{1,16})\.?", line, re.I):
            current = found.setdefault(named[1], [])
        elif re.fullmatch(r"[A-Za-z0-9_-]{1,16}:[A-Za-z0-9_-]{43}=?", line):
            entries.append(line)
        elif current is not None and len(current) < LINES and _looks_like_a_line(line):
            current.append(line)
    for master_id, typed in found.items():
        parts = [part_of(master_id, number, line) for number, line in enumerate(typed, start=1)]
        entries.append(entry(master_id, parts))
    if not entries:
        raise Misread("No key is in it. A key begins with a line like: Key 5f0c2a91")
    try:
        return MasterKeys.parse("\n".join(entries))
    except ValueError as error:
        raise Misread(str(error)) from None


def ask(line: Callable[[str], str], say: Callable[[str], object]) -> MasterKeys:
    """The key that somebody types in, line by line; what doesn't fit is asked again at once."""
    master_id = ""
    while not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", master_id):
        master_id = line("Key: ").strip().removeprefix("Key ")
    parts: list[bytes] = []
    while len(parts) < LINES:
        try:
            parts.append(part_of(master_id, len(parts) + 1, line(f"{len(parts) + 1}: ")))
        except Misread as error:
            say(str(error))
    return MasterKeys.parse(entry(master_id, parts))


def part_of(master_id: str, number: int, line: str) -> bytes:
    """The ten bytes of that line. Raises Misread."""
    typed = re.sub(rf"^\s*{number}[.:]?\s+", "", line).upper().translate(_MEANT)
    wrong = Misread(f"Line {number} of the key {master_id} doesn't fit. Look at each letter again.")
    if not re.fullmatch(f"[{LETTERS}]{{18}}", typed):
        raise wrong
    part = _number(typed[:16]).to_bytes(BYTES_A_LINE)
    if typed[16:] != _check(master_id, number, part):
        raise wrong
    return part


def entry(master_id: str, parts: list[bytes]) -> str:
    """`id:key`, as the list of master keys has it. Raises Misread."""
    if len(parts) != LINES:
        raise Misread(f"The key {master_id} has {len(parts)} lines here, and {LINES} on the sheet.")
    whole = b"".join(parts)
    key, rest = whole[:KEY_BYTES], whole[KEY_BYTES:]
    if rest != _digest(master_id, key)[: len(rest)]:
        raise Misread(f"The lines of the key {master_id} don't belong together.")
    return f"{master_id}:{base64.urlsafe_b64encode(key).decode()}"


def in_one_line(keys: MasterKeys) -> Iterator[str]:
    """Each key as `id:key`, for its QR code."""
    for master_id, key in keys.keys:
        yield f"{master_id}:{base64.urlsafe_b64encode(key).decode()}"


def _line(master_id: str, number: int, part: bytes) -> str:
    typed = _letters(int.from_bytes(part), 16)
    groups = " ".join(typed[at : at + 4] for at in range(0, 16, 4))
    return f"{groups}  {_check(master_id, number, part)}"


def _looks_like_a_line(line: str) -> bool:
    """Not a sentence of the sheet around it."""
    return bool(re.match(r"[1-4][.:]?\s", line)) or len(line.translate(_MEANT)) == 18


def _check(master_id: str, number: int, part: bytes) -> str:
    sums = powers = 0
    for letter in _letters(int.from_bytes(part), 16):
        value = LETTERS.index(letter)
        sums ^= value
        powers = _doubled(powers) ^ value
    place = hashlib.sha256(f"{master_id} {number}".encode()).digest()
    return LETTERS[sums ^ place[0] & 31] + LETTERS[powers ^ place[1] & 31]


def _doubled(value: int) -> int:
    """In GF(32), by the polynomial x^5 + x^2 + 1."""
    return (value << 1) ^ (0b100101 if value & 16 else 0)


def _digest(master_id: str, key: bytes) -> bytes:
    return hashlib.sha256(b"AhFai recovery sheet " + master_id.encode() + b" " + key).digest()


def _letters(number: int, count: int) -> str:
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(count)))


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | LETTERS.index(letter)
    return number
