"""What a person lets a model do without asking them: new reminders and notes, nothing else.

It never holds in a turn that has read words which the person did not write in it: what others wrote
there could ask for something, too.
"""

from collections.abc import Iterable

from chats.models import Leave, Message

# What is longer, or has several lines, may be pasted, or be a note that is asked about.
LONGEST_OWN = 500


def is_given(user) -> bool:
    return Leave.objects.filter(owner=user, may_create=True).exists()


def give(user, may_create: bool) -> None:
    Leave.objects.update_or_create(owner=user, defaults={"may_create": may_create})


def may_create(reply: Message, path: Iterable[Message]) -> bool:
    """Whether the person lets it, and all that they said on the `path` to the reply is surely in
    their own words: the model reads what was pasted earlier, too. What else it reads, who asks must
    know; what stands in a chat that was imported, others may have written."""
    if reply.chat.source_hash or not is_given(reply.owner):
        return False
    return all(_is_own(message.content.strip()) for message in path if message.is_mine)


def _is_own(said: str) -> bool:
    return 0 < len(said) <= LONGEST_OWN and "\n" not in said
