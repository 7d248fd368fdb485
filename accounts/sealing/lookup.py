"""Keyed hashes by which a person's sealed names are found again.

Each person has a secret of their own, and each purpose hashes on its own: the hash of a tag's name
never looks like that of a note's title.
"""

import hashlib
import hmac
import secrets
import unicodedata

from accounts.models import LookupKey, User


def fold(name: str) -> str:
    """Names that differ in letter case, or in how a letter is composed, are the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def key_of(user: User) -> bytes:
    """The person's secret, made where it is missing.

    Inside the caller's transaction, after `changes.next_number`, which lets one writer in.
    """
    row, _made = LookupKey.objects.get_or_create(
        owner=user, defaults={"secret": secrets.token_hex(32)}
    )
    return bytes.fromhex(row.secret)


def hashed(key: bytes, purpose: str, name: str) -> str:
    """64 hexadecimal digits for `name`, folded."""
    said = purpose.encode() + b"\0" + fold(name).encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()
