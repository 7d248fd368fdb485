"""What the message box of every page needs."""

import uuid

from chats import servers
from chats.servers import Choice


def composer(user, **more) -> dict:
    """`chat` among `more` is the one that the box writes to."""
    choices = servers.choices()
    chosen = servers.pick(user, more.get("chat"))
    if chosen not in [choice.name for choice in choices]:
        # The server has never answered, so what it has isn't known.
        choices = [Choice(chosen, chosen), *choices]
    return {
        "request_id": uuid.uuid4(),
        "models": choices,
        "chosen_model": chosen,
        "model_status": servers.status(),
        **more,
    }
