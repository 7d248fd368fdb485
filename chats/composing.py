"""What the message box of every page needs."""

import uuid

from chats import servers


def composer(user, **more) -> dict:
    return {
        "request_id": uuid.uuid4(),
        "models": servers.choices(),
        "chosen_model": servers.chosen(user),
        "model_status": servers.status(),
        **more,
    }
