"""The branches of a chat: which one is shown, and what is deleted of them."""

import uuid

from django.db import transaction

from accounts import changes
from accounts.programs import webhooks
from chats.models import Chat, Message
from chats.tree import Tree


class OnlyVersion(Exception):
    """Nothing would stand in its place; the chat as a whole can be deleted."""


def show(message: Message) -> None:
    """Make the branch of `message` the one that is shown, down to its newest answer."""
    leaf = Tree(message.chat.messages.in_order()).leaf(message.pk)
    Chat.objects.filter(pk=message.chat_id).update(current=leaf)


def delete_version(message: Message) -> list[uuid.UUID]:
    """Delete `message` with all that grew from it, and show its neighbour instead where it was
    shown.

    Returns the replies that were being written. Raises OnlyVersion, and Chat.DoesNotExist or
    Message.DoesNotExist when it was deleted meanwhile.
    """
    with transaction.atomic():
        chat = Chat.objects.select_for_update().get(pk=message.chat_id)
        tree = Tree(chat.messages.in_order())
        shown = [step.message for step in tree.shown(chat.current_id)]
        step = tree.step(chat.messages.get(pk=message.pk))
        neighbour = step.before or step.after
        if neighbour is None:
            raise OnlyVersion
        gone = tree.under(message)
        growing = [one.pk for one in gone if one.is_open]
        changes.bury(message.owner_id, [one.pk for one in gone])
        webhooks.happened(chat.owner_id, "chat.changed", [chat.pk])
        # Another tab may show another branch since.
        if message in shown:
            Chat.objects.filter(pk=chat.pk).update(current=tree.leaf(neighbour))
        message.delete()
    return growing
