"""What a person lets a model do without asking them: new reminders and notes, nothing else.

It never holds in a turn that has read words which the person did not write in it: what others wrote
there could ask for something, too.
"""

from chats.models import Leave, Message

# What is longer, or has several lines, may be pasted, or be a note that is asked about.
LONGEST_OWN = 500


def is_given(user) -> bool:
    return Leave.objects.filter(owner=user, may_create=True).exists()


def give(user, may_create: bool) -> None:
    Leave.objects.update_or_create(owner=user, defaults={"may_create": may_create})


def may_create(reply: Message) -> bool:
    """Whether the person lets it, and the question is surely in their own words. What the reply has
    read beside it, who asks must know; what stands in a chat that was imported, others may have
    written."""
    if reply.chat.source_hash:
        return False
    question = reply.parent
    said = question.content.strip() if question else ""
    is_own = 0 < len(said) <= LONGEST_OWN and "\n" not in said
    return is_own and is_given(reply.owner)
