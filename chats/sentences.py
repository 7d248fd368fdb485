"""What a person reads while a reply waits and when it ended early; the row keeps only codes."""

from django.forms import Form
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chats import servers
from chats.engines.failures import SENTENCES
from chats.lifecycle import line
from chats.models import Message, State

OWN = {
    "length": _("The answer reached its greatest length and was cut there."),
    "empty": _("The model gave an empty answer. Try again, or ask in other words."),
    "unoffered_tool": _(
        "The model wanted to use a tool that it wasn't offered. Try again, or ask in other words."
    ),
    "too_many_tools": _(
        "The model went on looking things up without an answer, so AhFai stopped it. Ask in other "
        "words."
    ),
    "restarted": _("AhFai was restarted while this was being written. The text so far is kept."),
    "overloaded": _("AhFai has too much to do just now. Try again in a minute."),
    "unreadable": _(
        "An earlier message of this chat can't be opened, so the model could not read it. "
        "“manage.py verify” says more."
    ),
    "own_fault": _("AhFai made a mistake of its own here. Your words are kept: try again."),
    "builtin_failed": _(
        "The built-in model can't be used on this machine. “About the model” says what to do."
    ),
}

THINKING = _("Thinking…")
AWAY = _("AhFai can't reach its database just now; it goes on by itself.")

PULL_IT = _(
    "The model “%(model)s” isn't on the model server. Get it with “ollama pull %(model)s”, or "
    "choose another one."
)


def sentence(reply: Message) -> str:
    if reply.state == State.STOPPED:
        return str(_("You stopped this answer."))
    if reply.reason in OWN:
        return str(OWN[reply.reason])
    if reply.reason == "model_missing" and servers.kind() == "ollama":
        return str(PULL_IT) % {"model": reply.model}
    if reply.reason in SENTENCES:
        return str(SENTENCES[reply.reason]) % {"model": reply.model}
    return ""


def in_line(reply: Message) -> str:
    """What keeps a waiting reply from being written."""
    if servers.kind() == "builtin" and (told := servers.builtin_status().sentence):
        return told
    place = line.place_in_line(reply)
    if place > 1:
        return gettext("Waiting in line: number %(place)d.") % {"place": place}
    return gettext("Next in line: another reply is being written.")


def too_many() -> str:
    """What somebody is told who has line.MAX_OPEN_PER_PERSON replies that aren't over."""
    return gettext(
        "So many of your questions are waiting already. Let some of them be answered first."
    )


def of_faults(form: Form) -> str:
    """All that is wrong with it."""
    return " ".join(str(fault) for faults in form.errors.values() for fault in faults)
