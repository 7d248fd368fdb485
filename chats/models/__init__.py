"""Chats: what is said, what models read and propose for it, and the servers that they run on."""

from chats.models.attachment import Attachment
from chats.models.card import Card, Leave
from chats.models.chat import Chat, ChatQuerySet, Pin, UsesNotes
from chats.models.draft import Draft
from chats.models.fact import Fact, FactsTold
from chats.models.message import OPEN, Message, MessageQuerySet, Role, State, Summary
from chats.models.reading import Source, ToolUse
from chats.models.server import BuiltinServer, DefaultModel, Line, Pull, TemporaryPlace, TokenRatio
from chats.models.steering import Preset, PresetQuerySet, Steered, Think

__all__ = [
    "OPEN",
    "Attachment",
    "BuiltinServer",
    "Card",
    "Chat",
    "ChatQuerySet",
    "DefaultModel",
    "Draft",
    "Fact",
    "FactsTold",
    "Leave",
    "Line",
    "Message",
    "MessageQuerySet",
    "Pin",
    "Preset",
    "PresetQuerySet",
    "Pull",
    "Role",
    "Source",
    "State",
    "Steered",
    "Summary",
    "TemporaryPlace",
    "Think",
    "TokenRatio",
    "ToolUse",
    "UsesNotes",
]
