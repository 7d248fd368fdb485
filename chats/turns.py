"""One turn of a chat, from what was said to the reply that is on its way: for pages, for programs
and for the shell alike."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from ahfai import wakes
from chats import asking, attachments, commands, generation, sentences, servers, steering
from chats.attachments import Brought
from chats.lifecycle import closing, line, storing
from chats.models import Chat, Message, State, UsesNotes
from reminders.phrases import Order


class Refused(Exception):
    """A sentence for the person, with the status of HTTP that says the same."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status)
        self.status, self.sentence = status, sentence


def start(
    user: User, said: Mapping[str, Any], brought: Brought, order: Order, from_box: bool = True
) -> Message:
    """The reply in a new chat; `said` is what FirstMessageForm has cleaned, `brought` the files
    that come along, `order` how dates of numbers are meant. Raises Refused."""
    model = servers.pick(user, picked=said["model"])
    _check_seen(brought, model)
    try:
        steered = steering.of_preset(user, said["preset"]) if said["preset"] else {}
        reply, is_fresh = storing.start(
            user,
            said["text"],
            model,
            said["request_id"],
            _answered(user, said["text"], model, brought, order),
            brought.ids,
            from_box,
            uses_notes=said["notes"] or UsesNotes.OFF,
            **steered,
        )
    except steering.NoSuchPreset:
        raise Refused(422, _("This preset is gone. Choose another one.")) from None
    except (attachments.Gone, line.TooManyOpen) as why:
        raise _refused(why) from None
    return _begun(reply, is_fresh)


def ask(
    chat: Chat, said: Mapping[str, Any], brought: Brought, order: Order, from_box: bool = True
) -> Message:
    """The reply to what was `said`, as MessageForm has cleaned it. Raises Refused, and
    Chat.DoesNotExist where the chat was deleted meanwhile."""
    user = chat.owner
    model = servers.pick(user, chat, said["model"])
    _check_seen(brought, model)
    chat.use_notes(said["notes"] or chat.uses_notes)
    try:
        reply, is_fresh = storing.ask(
            chat,
            said["text"],
            model,
            said["request_id"],
            said["after"],
            _answered(user, said["text"], model, brought, order),
            brought.ids,
            from_box,
        )
    except Message.DoesNotExist:
        raise Refused(409, _("What you go on from was deleted elsewhere.")) from None
    except (storing.StillAnswering, attachments.Gone, line.TooManyOpen) as why:
        raise _refused(why) from None
    return _begun(reply, is_fresh)


def edit(message: Message, said: Mapping[str, Any], brought: Brought, order: Order) -> Message:
    """The reply to other words in the place of a person's message. Raises what `ask` raises, and
    Message.DoesNotExist where the message was deleted meanwhile."""
    chat, user = message.chat, message.owner
    model = servers.pick(user, chat, said["model"])
    _check_seen(brought, model)
    chat.use_notes(said["notes"] or chat.uses_notes)
    try:
        answered = _answered(user, said["text"], model, brought, order)
        reply, is_fresh = storing.edit(
            message, said["text"], model, said["request_id"], answered, brought.ids
        )
    except (storing.StillAnswering, attachments.Gone, line.TooManyOpen) as why:
        raise _refused(why) from None
    return _begun(reply, is_fresh)


def try_again(reply: Message, model: str = "", request_id: uuid.UUID | None = None) -> Message:
    """Another reply to the same words. Raises Refused, and Chat.DoesNotExist or
    Message.DoesNotExist where they were deleted meanwhile."""
    return _another(storing.try_again, reply, model, request_id)


def carry_on(reply: Message, model: str = "", request_id: uuid.UUID | None = None) -> Message:
    """Another reply that goes on where this one ended. Raises what `try_again` raises."""
    return _another(storing.carry_on, reply, model, request_id)


def stop(reply: Message) -> None:
    """In whichever process it is being written; its words so far stay."""
    closing.stop(reply)
    if here := generation.running(reply.pk):
        here.stop()
    else:
        wakes.tell(wakes.STOP, [reply.pk])


def _another(
    verb: Callable[[Message, str, uuid.UUID | None], tuple[Message, bool]],
    reply: Message,
    model: str,
    request_id: uuid.UUID | None,
) -> Message:
    try:
        model = servers.pick(reply.owner, reply.chat, model)
        fresh, is_fresh = verb(reply, model, request_id)
    except storing.NothingToContinue:
        raise _not_continued(reply) from None
    except (storing.StillAnswering, line.TooManyOpen) as why:
        raise _refused(why) from None
    return _begun(fresh, is_fresh)


def _check_seen(brought: Brought, model: str) -> None:
    if unseen := brought.unseen_by(model):
        raise Refused(422, unseen)


def _answered(
    user: User, text: str, model: str, brought: Brought, order: Order
) -> storing.Answered | None:
    """Where the words are a command, or so clear that no model is needed."""
    answer = commands.answer(user, text, order)
    if answer is None and not brought.files:
        answer = asking.answer(user, text, model)
    if answer is None:
        return None
    return storing.Answered(answer.text, lambda reply: commands.keep(reply, answer.brought))


def _not_continued(reply: Message) -> Refused:
    if reply.is_open:
        return _refused(storing.StillAnswering())
    if reply.state == State.DONE:
        return Refused(409, _("This answer is complete."))
    return Refused(409, _("This answer has no words to go on from. Try again instead."))


def _refused(why: Exception) -> Refused:
    match why:
        case storing.StillAnswering():
            sentence = _("AhFai is still answering. Wait for the end, or stop it first.")
            return Refused(409, sentence)
        case line.TooManyOpen():
            return Refused(429, sentences.too_many())
        case _:
            return Refused(422, str(why))


def _begun(reply: Message, is_fresh: bool) -> Message:
    if is_fresh:
        generation.begin(reply)
    return reply
