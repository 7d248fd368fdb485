"""How a reply ends: in which state, and with what its row is closed."""

import logging
from typing import Any

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connections

from accounts.fields import sealed_for
from chats import context, numbers
from chats.engines import Counts, Finished
from chats.generation.growing import Growing
from chats.lifecycle import closing
from chats.models import Message, State

log = logging.getLogger(__name__)


def of(finished: Finished) -> tuple[State, dict[str, Any]]:
    """The state and the columns of an answer that the model server has finished."""
    counts: Counts = finished.counts
    fields = {
        "reason": "length" if finished.reason == "length" else "",
        "prompt_tokens": _stored(counts.prompt_tokens),
        "reply_tokens": _stored(counts.reply_tokens),
        "reply_ms": _stored(counts.reply_s * 1000) if counts.reply_s else None,
    }
    return (State.CUT if finished.reason == "length" else State.DONE), fields


def _stored(number: float | None) -> int | None:
    """None also for what no column could hold, whatever a server counts."""
    return round(number) if number is not None and 0 <= number < 2**31 else None


def close(
    growing: Growing,
    built: context.Context | None,
    window: context.Window | None,
    state: State,
    fields: dict[str, Any],
) -> bool:
    """Write the end into the row of the reply. False where the database is away: then it is worth
    another try."""
    reply = growing.reply
    try:
        words = {
            "content": sealed_for(reply, "content", _checked(growing.text, built)),
            "thinking": sealed_for(reply, "thinking", growing.thinking),
        }
        closing.close(reply, state, **words, **_measured(growing.text, built, window), **fields)
    except (OperationalError, InterfaceError) as error:
        log.error("a reply could not be saved: %s", type(error).__name__)
        connections.close_all()
        return False
    except Exception as error:  # noqa: BLE001 (an open row would hold its place for ever)
        # The person's key is gone or unreadable, or the database refuses a value: another
        # try would end alike. What was saved before stays.
        log.error("the end of a reply can't be saved as it is: %s", type(error).__name__)
        return _close_bare(reply, state, fields["reason"])
    return True


def _checked(text: str, built: context.Context | None) -> str:
    """The text without numbers of sources that don't support it."""
    return numbers.checked(text, built.quoted if built else ())


def _measured(
    text: str, built: context.Context | None, window: context.Window | None
) -> dict[str, Any]:
    """How much of the chat was left out, and how full it is with this answer."""
    if built is None or window is None:
        return {}
    measured = {
        "left_out": len(built.left_out),
        "files_read": built.files_read,
        "pictures_left_out": built.unseen,
    }
    if text:
        measured["fullness"] = built.fullness(window.tokens(text))
    return measured


def _close_bare(reply: Message, state: State, reason: str) -> bool:
    connections.close_all()
    try:
        closing.close(reply, state, reason=reason)
    except DatabaseError as error:
        log.error("a reply could not be closed: %s", type(error).__name__)
        connections.close_all()
        return False
    return True
