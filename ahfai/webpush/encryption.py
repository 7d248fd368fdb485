"""Words that only one browser can read, as RFC 8291 seals them: bytes in, bytes out.

The service in between sees how long they are, and nothing else.
"""

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
POINT_BYTES = 65
SECRET_BYTES = 16
_SALT_BYTES, _TAG_BYTES = 16, 16
_RECORD_BYTES = 4096
_HEADER_BYTES = _SALT_BYTES + 4 + 1 + POINT_BYTES
# What all services take (RFC 8030, 7.2), with the header and the mark of the last record.
MOST_BYTES = 4096 - _HEADER_BYTES - _TAG_BYTES - 1
# Short and long titles look the same from outside.
PADDED_TO = 512


def encrypt(
    text: bytes,
    browsers_key: bytes,
    secret: bytes,
    *,
    padded_to: int = PADDED_TO,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """`text` for the browser with this public key and secret, in one record of RFC 8188.

    Its length becomes a multiple of `padded_to`, as far as there is room. `key` and `salt` are made
    anew unless an example gives them. Raises ValueError for more than MOST_BYTES, and for a key
    that is no point of P-256.
    """
    if len(text) > MOST_BYTES:
        raise ValueError(f"A message has at most {MOST_BYTES} bytes.")
    key = key or ec.generate_private_key(CURVE)
    salt = salt or os.urandom(_SALT_BYTES)
    ours = point(key.public_key())
    shared = key.exchange(ec.ECDH(), read_point(browsers_key))
    agreed = _derived(secret, shared, b"WebPush: info\0" + browsers_key + ours, 32)
    content_key = _derived(salt, agreed, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, agreed, b"Content-Encoding: nonce\0", 12)
    room = min(-len(text) % padded_to, MOST_BYTES - len(text))
    # 2 ends the last record; zeros after it are padding.
    sealed = AESGCM(content_key).encrypt(nonce, text + b"\x02" + bytes(room), None)
    return salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours + sealed


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """As Web Push writes a public key: both coordinates, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_point(written: bytes) -> ec.EllipticCurvePublicKey:
    """Raises ValueError where it isn't one of P-256 in full length."""
    if len(written) != POINT_BYTES:
        raise ValueError(f"A public key has {POINT_BYTES} bytes.")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, written)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
