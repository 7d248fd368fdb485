"""Signing what goes to a program of a person's, by Standard Webhooks (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets
import time

_PREFIX = "whsec_"


def new_secret() -> str:
    """It begins with "whsec_"; behind that are its bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(secret: str, message_id: str, body: bytes) -> dict[str, str]:
    """For a body that is sent now; the id is the same each time that it is tried."""
    sent = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = hmac.digest(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": sent,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }
