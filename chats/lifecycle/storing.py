"""How a reply comes to be: stored empty together with its question, or beside another reply."""

import datetime
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import changes
from accounts.programs import webhooks
from chats import attachments, context, drafts, servers, sources, titles, tooluse
from chats.lifecycle import places
from chats.lifecycle.heartbeat import this_process
from chats.lifecycle.line import Open, TooManyOpen, line_held_for
from chats.models import Chat, Message, Role, State
from chats.tree import Tree


class StillAnswering(Exception):
    """The chat has a reply that isn't finished."""


class NothingToContinue(Exception):
    """The reply is complete, or has no text to go on from."""


@dataclass(frozen=True)
class Answered:
    """An answer that needs no model: its text, and what stores what comes with it, in the same
    transaction."""

    text: str
    keep: Callable[[Message], None]


def start(
    user,
    text: str,
    model: str,
    request_id: uuid.UUID | None,
    answered: Answered | None = None,
    attached: Sequence[uuid.UUID] = (),
    from_box: bool = True,
    **steering,
) -> tuple[Message, bool]:
    """A new chat with its first question, steered as a preset's `steering.values` say. What comes
    `from_box` was in the message box of the page until now, where the rest of it is dropped.

    Returns the reply, and whether it is a new one that a model is to write. Raises TooManyOpen, and
    `attachments.Gone` where a file that is `attached` isn't there.
    """

    def store(request_id, process):
        number = changes.next_number(user.pk)
        title = titles.from_words(text or attachments.name_of_first(user, attached))
        chat = Chat.objects.create(
            owner=user, title=title, model=model, change_number=number, **steering
        )
        webhooks.happened(user.pk, "chat.created", [chat.pk])
        if from_box:
            drafts.drop(user, None)
        end = _End(None, None, number, line_held_for(user.pk))
        return _ask(chat, end, None, text, model, request_id, process, answered, attached)

    reply, fresh = _once(user, text, request_id, store)
    return reply, fresh and not answered


def ask(
    chat: Chat,
    text: str,
    model: str,
    request_id: uuid.UUID | None,
    after: uuid.UUID | None = None,
    answered: Answered | None = None,
    attached: Sequence[uuid.UUID] = (),
    from_box: bool = True,
) -> tuple[Message, bool]:
    """Store the person's words and the empty reply together: from here on nothing is lost.

    `after` is the message that the person saw last: another tab may show another branch since.
    Raises StillAnswering while the chat's last reply is being written, TooManyOpen,
    Chat.DoesNotExist when the chat was deleted or put into the trash meanwhile,
    Message.DoesNotExist when that message was, and `attachments.Gone` as `start` does.
    """

    def store(request_id, process):
        end = _end_of(chat)
        if from_box:
            drafts.drop(chat.owner, chat)
        parent_id = _end_of_branch(chat, end.current, after)
        return _ask(chat, end, parent_id, text, model, request_id, process, answered, attached)

    reply, fresh = _once(chat.owner, text, request_id, store, chat)
    return reply, fresh and not answered


def edit(
    message: Message,
    text: str,
    model: str,
    request_id: uuid.UUID | None,
    answered: Answered | None = None,
    attached: Sequence[uuid.UUID] = (),
) -> tuple[Message, bool]:
    """Other words in the place of a person's message; the earlier ones stay in the tree.

    Raises what `ask` raises, and Message.DoesNotExist when the message was deleted meanwhile.
    """
    chat = message.chat

    def store(request_id, process):
        end = _end_of(chat)
        parent_id = chat.messages.get(pk=message.pk).parent_id
        return _ask(chat, end, parent_id, text, model, request_id, process, answered, attached)

    reply, fresh = _once(chat.owner, text, request_id, store, chat)
    return reply, fresh and not answered


def try_again(
    reply: Message, model: str, request_id: uuid.UUID | None = None
) -> tuple[Message, bool]:
    """Another reply to the same words; the earlier one stays in the tree.

    Returns it, and whether it is a new one. Raises StillAnswering when one is on its way already,
    TooManyOpen, and Chat.DoesNotExist or Message.DoesNotExist when it was deleted meanwhile.
    """
    return _another(reply, model, request_id)


def carry_on(
    reply: Message, model: str, request_id: uuid.UUID | None = None
) -> tuple[Message, bool]:
    """Another reply that begins with the text of `reply`, up to its last word, and goes on there.

    Returns what `try_again` returns. Raises NothingToContinue, and what that raises.
    """
    if not reply.can_continue:
        raise NothingToContinue
    so_far = context.up_to_last_word(reply.content)
    return _another(reply, model, request_id, content=so_far, thinking=reply.thinking)


def _another(
    reply: Message, model: str, request_id: uuid.UUID | None, **begin
) -> tuple[Message, bool]:
    process = this_process()
    try:
        with transaction.atomic():
            end = _end_of(reply.chat)
            words = reply.chat.messages.get(replies=reply.pk)
            words.chat = reply.chat
            another = _reply_to(words, end, model, process, request_id=request_id, **begin)
            another.save(force_insert=True)
            if begin:
                # The numbers that it says already are those of what was read for its beginning.
                sources.take_over(reply, another)
                tooluse.take_over(reply, another)
            _go_on(another)
    except (IntegrityError, StillAnswering, TooManyOpen, ObjectDoesNotExist):
        stored = _stored(reply.owner, request_id)
        if stored is None or stored.parent_id != reply.parent_id:
            raise
        return stored, False
    return another, True


def _once(user, text, request_id, store, chat=None) -> tuple[Message, bool]:
    """Run `store` in a transaction, unless this very request has been stored before.

    Other words under an old id are a new question: a page may keep its id while the person
    rewrites what did not seem to get through.
    """
    # Before the transaction: a heartbeat that two threads insert would undo the question.
    process = this_process()
    try:
        with transaction.atomic():
            return store(request_id, process), True
    except (IntegrityError, StillAnswering, TooManyOpen, ObjectDoesNotExist) as refusal:
        # Most requests come once, so this is looked up when the database refuses the second.
        words = _stored(user, request_id)
        if words and _is_resend(words, text, chat):
            return words.last_reply, False
        if not words or not isinstance(refusal, IntegrityError):
            raise
    with transaction.atomic():
        return store(None, process), True


def _stored(user, request_id: uuid.UUID | None) -> Message | None:
    return user.messages.filter(request_id=request_id).first() if request_id else None


def _is_resend(words: Message, text: str, chat: Chat | None) -> bool:
    return words.content == text and (chat is None or words.chat_id == chat.pk)


@dataclass(frozen=True)
class _End:
    """The end of a chat, where it goes on: when its newest message was made, the last one of the
    branch that is shown, the number of this change, and who is in line."""

    newest: datetime.datetime | None
    current: uuid.UUID | None
    number: int
    line: list[Open]


def _end_of(chat: Chat) -> _End:
    """Nobody else can add to the chat until the transaction's end."""
    mine = Chat.objects.living().select_for_update().filter(pk=chat.pk)
    current = mine.values_list("current", flat=True).get()
    newest, created = chat.messages.in_order().values_list("pk", "created").last() or (None, None)
    number = changes.next_number(chat.owner_id)
    line = line_held_for(chat.owner_id)
    if any(one.chat == chat.pk for one in line):
        raise StillAnswering
    return _End(created, current or newest, number, line)


def _end_of_branch(
    chat: Chat, current: uuid.UUID | None, after: uuid.UUID | None
) -> uuid.UUID | None:
    """Where a question goes of somebody who saw `after` last: what came below it meanwhile is
    before the question, but not what stands on another branch."""
    if after is None or after == current:
        return current
    tree = Tree(chat.messages.only("pk", "chat_id", "parent_id").in_order())
    seen, end = tree.get(str(after)), tree.get(str(current))
    if seen is None:
        raise Message.DoesNotExist
    if end and seen in tree.path_to(end):
        return current
    leaf = tree.leaf(seen.pk)
    return leaf.pk if leaf else current


def _ask(
    chat, end, parent_id, text, model, request_id, process, answered=None, attached=()
) -> Message:
    words = Message(
        owner_id=chat.owner_id,
        chat=chat,
        parent_id=parent_id,
        role=Role.PERSON,
        content=text,
        request_id=request_id,
        created=_after(end.newest),
        change_number=end.number,
    )
    reply = _reply_to(words, replace(end, newest=words.created), model, process)
    if answered:
        reply.state, reply.content, reply.model = State.DONE, answered.text, ""
        reply.process_id, reply.closed = None, timezone.now()
    Message.objects.bulk_create([words, reply])
    attachments.keep(words, attached)
    if answered:
        answered.keep(reply)
    _go_on(reply)
    return reply


def _reply_to(words: Message, end: _End, model: str, process: uuid.UUID, **begin) -> Message:
    """The empty reply. Where nobody is before it, it has its place at the model server already."""
    ready = servers.is_ready()
    server = places.server_for(end.line, model, words.owner_id) if ready else None
    return Message(
        owner_id=words.owner_id,
        chat=words.chat,
        parent=words,
        role=Role.ASSISTANT,
        state=State.WAITING if server is None else State.RUNNING,
        model=model,
        server=server or "",
        process_id=process,
        created=_after(end.newest),
        change_number=end.number,
        **begin,
    )


def _go_on(reply: Message) -> None:
    now = timezone.now()
    # What no model has answered leaves the chat its own.
    used = {"model": reply.model} if reply.model else {}
    Chat.objects.filter(pk=reply.chat_id).update(changed=now, current=reply, **used)


def _after(last: datetime.datetime | None) -> datetime.datetime:
    """Now, but later than `last` in any case: a clock may be set back between two messages."""
    now = timezone.now()
    return now if last is None else max(now, last + datetime.timedelta(microseconds=1))
