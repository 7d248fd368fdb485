"""What a person's words hint at: which tools a small model is offered.

Small models ask for a tool whenever there is one, so they get those alone that the words call for,
and one more: to answer.
"""

import re

from chats.engines import Offer

# English words, as the grammar of reminders is English; other languages have the commands.
_HINTS = {
    "search_notes": r"\bnotes?\b|\bwrote\b|\bwritten down\b|\bwrite down\b",
    "read_note": r"\bnotes?\b",
    "list_reminders": r"\bremind|\bagenda\b|\boverdue\b|\bto.?dos?\b|\btasks?\b|\bmy (?:day|week)\b"
    r"|\b(?:tick|done|finished|snooze|postpone|put off|resched)",
    "search_chats": r"\b(?:chats?|conversation|earlier|talked|said|discussed|told you)\b",
    "set_reminder": r"\bremind me\b|\breminder\b|\b(?:don.?t|do not) let me forget\b",
    "change_reminder": r"\b(?:change|move|rename|resched\w*)\b.*\b(?:reminder|to)\b",
    "complete_reminder": r"\btick\b|\b(?:done|finished|did)\b|\bcomplete",
    "snooze_reminder": r"\bsnooze|\bpostpone|\bput (?:it )?off\b|\blater\b",
    "create_note": r"\bnote\b|\bwrite (?:it |this |that )?down\b|\bsave (?:this|that|it)\b|\bjot",
    "append_to_note": r"\b(?:add|put|append|write)\b.*\bnote\b",
    "remember_fact": r"\bremember\b|\bkeep in mind\b|\babout me\b",
    "change_note": r"\b(?:change|replace|correct|fix)\b.*\bnote\b",
}
_PATTERNS = {name: re.compile(hint, re.IGNORECASE | re.DOTALL) for name, hint in _HINTS.items()}
MOST_READ = 2000

ANSWER = Offer(
    "answer",
    "Answer the person in words. Use this unless another tool is really needed.",
    '{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}',
)


def hinted(words: str) -> tuple[str, ...]:
    """The names of the tools that these words may call for."""
    return tuple(name for name, hint in _PATTERNS.items() if hint.search(words[:MOST_READ]))
