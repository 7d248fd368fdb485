"""What a person reads when a reply ended early; the row keeps only the code."""

from django.utils.translation import gettext_lazy as _

from chats.engines.failures import SENTENCES
from chats.models import Message, State

OWN = {
    "length": _("The answer reached its greatest length and was cut there."),
    "empty": _("The model gave an empty answer. Try again, or ask in other words."),
    "restarted": _("AhFai was restarted while this was being written. The text so far is kept."),
    "builtin_failed": _(
        "The built-in model can't be used on this machine. “About the model” says what to do."
    ),
}


def sentence(reply: Message) -> str:
    if reply.state == State.STOPPED:
        return str(_("You stopped this answer."))
    if reply.reason in OWN:
        return str(OWN[reply.reason])
    if reply.reason in SENTENCES:
        return str(SENTENCES[reply.reason]) % {"model": reply.model}
    return ""
