"""A browser's side of Web Push: what it keeps for itself, and how it reads what arrives."""

import json
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ahfai.webpush.vapid import decoded, encoded


def private(written: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(written)), ec.SECP256R1())


@dataclass
class BrowserKeys:
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def said(self, endpoint: str) -> dict:
        """What `PushSubscription.toJSON()` gives."""
        keys = {"p256dh": encoded(self.point), "auth": encoded(self.secret)}
        return {"endpoint": endpoint, "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> bytes:
        """Open a message in one record. RFC 8291, 3.4, and RFC 8188, 2, from the other side."""
        salt, record_bytes, id_bytes = body[:16], int.from_bytes(body[16:20]), body[20]
        senders_point, sealed = body[21 : 21 + id_bytes], body[21 + id_bytes :]
        assert len(sealed) <= record_bytes
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), senders_point)
        shared = self.key.exchange(ec.ECDH(), sender)
        info = b"WebPush: info\x00" + self.point + senders_point
        agreed = HKDF(SHA256(), 32, self.secret, info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(agreed)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(agreed)
        text, mark, padding = AESGCM(key).decrypt(nonce, sealed, None).rpartition(b"\x02")
        assert (mark, padding.strip(b"\x00")) == (b"\x02", b"")
        return text


def claims_of(authorization: str) -> tuple[dict, str]:
    """What a header of RFC 8292 claims, after its signature was checked; and the public key."""
    kind, _space, rest = authorization.partition(" ")
    said = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = said["t"].split(".")
    assert kind == "vapid"
    assert json.loads(decoded(head))["alg"] == "ES256"
    both = decoded(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(said["k"]))
    numbers = (int.from_bytes(both[:32]), int.from_bytes(both[32:]))
    key.verify(encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    return json.loads(decoded(claims)), said["k"]


def pretend_to_subscribe(said: dict) -> str:
    """A script for a page of Chromium, which without a window reaches no push service: its part of
    subscribing, with `said` as the outcome."""
    return _PRETENDS.replace("SAID", json.dumps(said))


_PRETENDS = """
const said = SAID;
const subscription = {
  endpoint: said.endpoint,
  toJSON: () => said,
  unsubscribe: async () => sessionStorage.removeItem("subscribed"),
};
PushManager.prototype.getSubscription = async () =>
  sessionStorage.getItem("subscribed") ? subscription : null;
PushManager.prototype.subscribe = async (options) => {
  if (!options.userVisibleOnly || options.applicationServerKey.length !== 87) throw options;
  sessionStorage.setItem("subscribed", "yes");
  return subscription;
};
"""
