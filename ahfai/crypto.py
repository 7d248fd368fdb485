"""Sealing of bytes with AES-256-GCM: bytes in, bytes out; nothing of Django or of the product.

A sealed value is `version(1) generation(2) nonce(12) ciphertext tag(16)`, numbers big-endian. Its
additional data names the product, the version, the generation of the key and the place where the
value belongs, so that it opens nowhere else. A wrapped data key is `version(1) nonce(12)
ciphertext tag(16)` under a master key, bound to that key's id.

Nonces are random: one key may seal 2³² values (NIST SP 800-38D, 8.3) before it needs a successor.
"""

import base64
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
LAST_GENERATION = 2**16 - 1

Context = tuple[bytes | str, ...]

_PRODUCT = b"AhFai"
_WRAPPED = b"AhFai wrapped key"
_VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER_BYTES = 1 + 2
OVERHEAD = _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES
"""How much longer a sealed value is than what it says, in bytes."""


class SealError(Exception):
    """A value can't be sealed or opened; the message never holds text, key or ciphertext."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def seal(key: bytes, generation: int, text: bytes, context: Context) -> bytes:
    """Seal `text` for the place that `context` names: model, column, row and owner."""
    if not 1 <= generation <= LAST_GENERATION:
        raise SealError("A key's generation is a number from 1 to 65535.")
    header = bytes([_VERSION]) + generation.to_bytes(2, "big")
    nonce = os.urandom(_NONCE_BYTES)
    return header + nonce + _cipher(key).encrypt(nonce, text, _bound(_PRODUCT, header, context))


def generation_of(sealed: bytes) -> int:
    """The generation of the key that opens `sealed`, as its header claims."""
    if len(sealed) < OVERHEAD:
        raise SealError("The sealed value is too short.")
    if sealed[0] != _VERSION:
        raise SealError("The sealed value has an unknown version.")
    generation = int.from_bytes(sealed[1:_HEADER_BYTES], "big")
    if generation == 0:
        raise SealError("The sealed value names no key.")
    return generation


def unseal(key: bytes, sealed: bytes, context: Context) -> bytes:
    """Open a value of the place `context`; the caller chose `key` by `generation_of`.

    Raises SealError for any other key or place, and for any changed bit.
    """
    generation_of(sealed)
    header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
    return _open(key, rest, _bound(_PRODUCT, header, context))


class Opener:
    """Opens many values in places that differ by one part only, such as the row.

    As `unseal` does, with the key that `key_of` gives for a generation; each cipher and what all
    places share are made once.
    """

    def __init__(self, key_of: Callable[[int], bytes], before: Context, after: Context) -> None:
        self._key_of = key_of
        self._before, self._after = before, _framed(after)
        self._made: dict[bytes, tuple[AESGCM, bytes]] = {}

    def open(self, sealed: bytes, part: bytes) -> bytes:
        """The text of the place with this `part`. Raises SealError as `unseal` does, and what
        `key_of` raises."""
        cipher, before = self._made.get(sealed[:_HEADER_BYTES]) or self._make(sealed)
        if len(sealed) < OVERHEAD:
            raise SealError("The sealed value is too short.")
        bound = before + len(part).to_bytes(4, "big") + part + self._after
        return _decrypted(cipher, sealed[_HEADER_BYTES:], bound)

    def _make(self, sealed: bytes) -> tuple[AESGCM, bytes]:
        cipher = _cipher(self._key_of(generation_of(sealed)))
        header = sealed[:_HEADER_BYTES]
        made = self._made[header] = cipher, _bound(_PRODUCT, header, self._before)
        return made


def wrap(master_key: bytes, master_id: str, data_key: bytes, context: Context) -> bytes:
    """Seal a data key under a master key, for the place `context`: owner and generation."""
    nonce = os.urandom(_NONCE_BYTES)
    bound = _bound(_WRAPPED, bytes([_VERSION]), (master_id, *context))
    return bytes([_VERSION]) + nonce + _cipher(master_key).encrypt(nonce, data_key, bound)


def unwrap(master_key: bytes, master_id: str, wrapped: bytes, context: Context) -> bytes:
    """The data key; raises SealError for any other master key or place, or a changed bit."""
    if len(wrapped) != 1 + _NONCE_BYTES + KEY_BYTES + _TAG_BYTES:
        raise SealError("The wrapped key has the wrong length.")
    if wrapped[0] != _VERSION:
        raise SealError("The wrapped key has an unknown version.")
    bound = _bound(_WRAPPED, bytes([_VERSION]), (master_id, *context))
    return _open(master_key, wrapped[1:], bound)


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise SealError("A key has 32 bytes.")
    return AESGCM(key)


def _open(key: bytes, nonce_and_rest: bytes, bound: bytes) -> bytes:
    return _decrypted(_cipher(key), nonce_and_rest, bound)


def _decrypted(cipher: AESGCM, nonce_and_rest: bytes, bound: bytes) -> bytes:
    nonce, rest = nonce_and_rest[:_NONCE_BYTES], nonce_and_rest[_NONCE_BYTES:]
    try:
        return cipher.decrypt(nonce, rest, bound)
    except InvalidTag:
        raise SealError("The value was changed, moved, or sealed with another key.") from None


def _bound(purpose: bytes, header: bytes, context: Iterable[bytes | str]) -> bytes:
    """The additional data; each part carries its length, so that no two contexts look alike."""
    return _framed((purpose, header, *context))


def _framed(parts: Iterable[bytes | str]) -> bytes:
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


@dataclass(frozen=True, repr=False)
class MasterKeys:
    """The master keys of an installation by id, newest first; a new data key takes the newest."""

    keys: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, text: str) -> "MasterKeys":
        """Read `id:key` entries, one a line or separated by commas; a key is 32 bytes in base64url.

        Raises ValueError with a sentence that names the entry, never its content.
        """
        entries = [entry.strip() for entry in re.split(r"[\n,]", text)]
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(filter(None, entries), start=1):
            master_id, colon, encoded = entry.partition(":")
            if not colon:
                raise ValueError(f"Entry {number} of the master key must look like id:key.")
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", master_id):
                raise ValueError(
                    f"The id in entry {number} of the master key must be 1 to 16 letters, digits, "
                    "hyphens or underscores."
                )
            if master_id in keys:
                raise ValueError(f"Entry {number} of the master key repeats an earlier id.")
            keys[master_id] = _decoded(encoded.strip(), number)
        if not keys:
            raise ValueError("The master key is empty.")
        return cls(tuple(keys.items()))

    @staticmethod
    def new_line() -> str:
        """A fresh key with a fresh id, as one entry of the list."""
        return f"{os.urandom(4).hex()}:{base64.urlsafe_b64encode(new_key()).decode()}"

    @property
    def current(self) -> tuple[str, bytes]:
        return self.keys[0]

    def get(self, master_id: str) -> bytes | None:
        return dict(self.keys).get(master_id)

    def __iter__(self) -> Iterator[str]:
        return (master_id for master_id, _ in self.keys)

    def __repr__(self) -> str:
        return f"<MasterKeys {', '.join(self)}>"


def _decoded(encoded: str, number: int) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", encoded):
        raise ValueError(f"Entry {number} of the master key must hold 32 bytes in base64url.")
    return base64.urlsafe_b64decode(encoded[:43] + "=")
