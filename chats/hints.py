"""What a person's words hint at: which tools a small model is offered.

Small models ask for a tool whenever there is one, so they get those alone that the words call for,
and one more: to answer.
"""

import re

from chats.engines import Offer

# English words and German ones.
_LOOK_UPS = {
    "search_notes": r"\bnotes?\b|\bwrote\b|\bwritten down\b|\bwrite down\b"
    r"|notiz|\baufgeschrieben\b|\bnotiert\b",
    "read_note": r"\bnotes?\b|notiz",
    "list_reminders": r"\bremind me\b|\breminders\b|\b(?:a|the|my) reminder\b|\bagenda\b"
    r"|\boverdue\b|\bto.?dos?\b|\btasks?\b|\bmy (?:day|week)\b"
    r"|\b(?:tick|done|finished|snooze|postpone|put off|resched)"
    r"|\berinner|\büberfällig|\baufgaben\b|\bsteht\b.*\ban\b|\berledigt\b|\bverschieb",
    "search_chats": r"\b(?:chats?|conversation|earlier|talked|spoke|said|discussed|told you)\b"
    r"|\b(?:did|have) (?:we|you|i) (?:say|talk|speak|decide|discuss)"
    r"|\bgespräch|\b(?:besprochen|geredet|gesagt)\b",
}
_CHANGES = {
    "set_reminder": r"\b(?:remind|nudge|ping|notify) me\b|\b(?:a|another|new) reminder\b"
    r"|\b(?:don.?t|do not) let me forget\b|\berinner(?:e|st|n|ung)\b|\bnicht vergessen\b",
    "change_reminder": r"\b(?:change|move|rename|resched\w*)\b.*\b(?:reminder|to)\b"
    r"|\b(?:änder|verschieb)",
    "complete_reminder": r"\btick\b|\b(?:done|finished)\b|\bI did\b|\bcomplete"
    r"|\b(?:erledigt|abgehakt|fertig)\b|\bhak",
    "snooze_reminder": r"\bsnooze|\bpostpone|\bput (?:it )?off\b|\blater\b|\bverschieb|\bspäter\b",
    "create_note": r"\bnote\b|\b(?:write|jot) (?:it |this |that )?down\b"
    r"|\bsave (?:this|that|it)\b|\bnotier|\bschreib\b.*\bauf\b|\bnotiz\b",
    "append_to_note": r"\b(?:add|put|append|write)\b.*\bnote\b|\b(?:schreib|setz|füg)\w*\b.*notiz",
    "remember_fact": r"\bremember\b|\bkeep in mind\b|\babout me\b|\bmerk(?:e)? dir\b",
    "change_note": r"\b(?:change|replace|correct|fix)\b.*\bnote\b|\bnote\b.*\b(?:change|replace)\b"
    r"|\b(?:änder|ersetz)\w*\b.*notiz",
}
# Nobody who asks where something was written down wants it changed.
_ASKS = re.compile(
    r"\s*(?:what|where|when|who|whom|whose|which|how|why|did|does|is|are|was|were"
    r"|(?:do|have) (?:I|we|you)"
    r"|was|wo|wann|wer|wem|wen|welche\w*|wie|warum|habe|ist|sind|war)\b",
    re.IGNORECASE,
)
_LOOK_UP_PATTERNS, _CHANGE_PATTERNS = (
    {name: re.compile(hint, re.IGNORECASE | re.DOTALL) for name, hint in hints.items()}
    for hints in (_LOOK_UPS, _CHANGES)
)
MOST_READ = 2000

ANSWER = Offer(
    "answer",
    "Answer the person in words. Use this unless another tool is really needed.",
    '{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}',
)


def hinted(words: str) -> tuple[str, ...]:
    """The names of the tools that these words may call for: of a question, look-ups alone."""
    words = words[:MOST_READ]
    is_question = bool(_ASKS.match(words))
    patterns = _LOOK_UP_PATTERNS | ({} if is_question else _CHANGE_PATTERNS)
    return tuple(name for name, hint in patterns.items() if hint.search(words))
