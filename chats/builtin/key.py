"""What the built-in model's server is asked with, so that nobody else on this machine uses it."""

from django.utils.crypto import salted_hmac


def key() -> str:
    """All processes of an installation can tell it, also those that `serve` hasn't started."""
    return salted_hmac("chats.builtin", "key", algorithm="sha256").hexdigest()
