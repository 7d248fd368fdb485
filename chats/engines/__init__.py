"""What a model server says, in one closed vocabulary; each wire has its own file beside this."""

from chats.engines.events import (
    Call,
    Called,
    Cancelled,
    Counts,
    EngineFailed,
    Event,
    Finished,
    Model,
    Offer,
    Picture,
    Prompt,
    Text,
    Thinking,
    ToolCall,
    Turn,
)

__all__ = [
    "Call",
    "Called",
    "Cancelled",
    "Counts",
    "EngineFailed",
    "Event",
    "Finished",
    "Model",
    "Offer",
    "Picture",
    "Prompt",
    "Text",
    "Thinking",
    "ToolCall",
    "Turn",
]
