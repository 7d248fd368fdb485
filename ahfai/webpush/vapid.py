"""This installation's name towards the services that carry Web Push (RFC 8292).

A browser's subscription is bound to the public key: with another one it has to be made anew. So all
machines of an installation need the same key.
"""

import json
import time
from base64 import b64decode, urlsafe_b64encode
from functools import cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from ahfai.webpush.encryption import CURVE, point

# At most a day, says the RFC. Clocks may differ.
VALID_S = 12 * 3600


def public_key() -> str:
    """What a browser subscribes with, as `applicationServerKey`."""
    return encoded(point(_key(settings.VAPID_KEY).public_key()))


def authorization(endpoint: str) -> str:
    """The header by which the service knows that it is us who sends to `endpoint`."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + VALID_S,
        # Whom the service may tell that something is wrong; some take neither none nor localhost.
        "sub": settings.SITE_URL if settings.IS_HTTPS else "mailto:nobody@example.org",
    }
    signed = ".".join(
        encoded(json.dumps(part, separators=(",", ":")).encode())
        for part in ({"typ": "JWT", "alg": "ES256"}, claims)
    )
    signature = _key(settings.VAPID_KEY).sign(signed.encode(), ec.ECDSA(SHA256()))
    both = b"".join(number.to_bytes(32) for number in decode_dss_signature(signature))
    return f"vapid t={signed}.{encoded(both)}, k={public_key()}"


def encoded(what: bytes) -> str:
    """Base64 for addresses, without its padding (RFC 4648, 5)."""
    return urlsafe_b64encode(what).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Raises ValueError where it isn't that."""
    bare = text.rstrip("=")
    return b64decode(bare + "=" * (-len(bare) % 4), altchars="-_", validate=True)


@cache
def _key(written: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(written)), CURVE)
