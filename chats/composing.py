"""What the message box of every page needs."""

import uuid

from django.urls import reverse

from chats import drafts, servers, steering
from chats.models import Chat, UsesNotes
from chats.servers import Choice


def composer(user, **more) -> dict:
    """`chat` among `more` is the one that the box writes to, `message` one that it edits;
    `is_temporary` is true for a chat of which nothing is kept, unsent words neither."""
    choices = servers.choices()
    chosen = servers.pick(user, more.get("chat"))
    if chosen not in [choice.name for choice in choices]:
        # The server has never answered, so what it has isn't known.
        choices = [Choice(chosen, chosen), *choices]
    if "message" not in more and not more.get("is_temporary"):
        chat = more.get("chat")
        words, version = drafts.read(user, chat)
        more |= {
            "text": more.get("text") or words,
            "draft_version": version,
            "draft_address": (
                reverse("chats:draft", args=[chat.pk])
                if chat
                else reverse("chats:draft_of_new_chat")
            ),
        }
    return {
        "request_id": uuid.uuid4(),
        "models": choices,
        "chosen_model": chosen,
        "presets": [] if "chat" in more else steering.presets(user),
        "notes_choices": UsesNotes.choices if user.notes.living().exists() else [],
        "uses_notes": _uses_notes(user, more.get("chat")),
        "model_status": servers.status(),
        **more,
    }


def _uses_notes(user, chat: Chat | None) -> str:
    """A new chat begins as the one that was used last."""
    last = chat or user.chats.newest_first().only("uses_notes").first()
    return last.uses_notes if last else UsesNotes.OFF
