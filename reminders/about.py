"""What a reminder is about: a note or a chat, named by its kind and its id.

Reminders know of neither: the roof tells where such a name leads, and whose it is.
"""

import re
import uuid
from typing import NamedTuple

from reminders.models import MAX_KIND, Reminder

_NAMED = re.compile(rf"([a-z]{{1,{MAX_KIND}}}):([0-9a-f-]{{36}})")


class About(NamedTuple):
    kind: str
    id: uuid.UUID

    @classmethod
    def parse(cls, text: str) -> "About | None":
        """From "note:…", as an address has it; None for what names nothing."""
        found = _NAMED.fullmatch(text)
        try:
            return cls(found[1], uuid.UUID(found[2])) if found else None
        except ValueError:
            return None

    @classmethod
    def of(cls, reminder: Reminder) -> "About | None":
        return cls(reminder.about_kind, reminder.about_id) if reminder.about_id else None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @property
    def columns(self) -> dict[str, object]:
        return {"about_kind": self.kind, "about_id": self.id}
