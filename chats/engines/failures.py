"""The sentences for everything that can go wrong with a model server."""

from django.utils.translation import gettext_lazy as _

from chats.engines.events import EngineFailed

SENTENCES = {
    "away": _("The model server can't be reached. Start it, then try again."),
    "not_ready": _("The model server is still starting. Wait a moment, then try again."),
    "model_missing": _(
        "The model server doesn't have the model “%(model)s”. Choose another one, or add it there."
    ),
    "unsuitable": _("The model “%(model)s” can't do that. Choose another one."),
    "cannot_think": _(
        "The model “%(model)s” can't think before it answers. Choose “No” for that under “Steer "
        "the model”, or another model."
    ),
    "no_tools": _("The model “%(model)s” can't use tools. Choose another one."),
    "too_long": _(
        "This conversation is too long for the model. Start a new chat, or send a shorter message."
    ),
    "busy": _("The model server has too much to do. Try again in a minute."),
    "memory": _(
        "The model server hasn't enough memory for this model. Choose a smaller one, or try later."
    ),
    "cut": _("The connection to the model server broke. Try again."),
    "unfinished": _("The model stopped before its answer was complete. Try again."),
    "stalled": _("The model server has been silent for too long. Try again."),
    "refused": _(
        "The model server refused the request. Its address, key or list of allowed hosts needs "
        "a look by the person who runs it."
    ),
    "not_a_model_server": _(
        "What answers at the address of the model server is something else. The address in the "
        "settings needs a look."
    ),
    "cloud": _(
        "“%(model)s” runs on somebody else's machines and would send your words there. Choose a "
        "model that runs on your own."
    ),
    "pull_unknown": _("The model server's library has no model “%(model)s”. Is the name right?"),
    "pull_offline": _(
        "The model server couldn't reach its library. It needs the internet for this."
    ),
    "pull_disk": _("The disk of the model server has no room for this model."),
    "pull_old": _("This model needs a newer version of the model server."),
    "pull_failed": _("The model couldn't be fetched. Try again: what has come is kept."),
    "pull_interrupted": _("AhFai was restarted meanwhile. Try again: what has come is kept."),
    "broken": _("The model server reported a fault. Try again, or choose another model."),
    "too_large": _("The answer grew beyond every measure and was stopped. Ask for less at once."),
}


def failed(code: str, *, model: str = "") -> EngineFailed:
    """An EngineFailed with the sentence that belongs to its code."""
    return EngineFailed(code, str(SENTENCES[code]) % {"model": model})


def too_long(prompt_tokens: int | None, num_ctx: int | None) -> EngineFailed:
    """The prompt doesn't fit; the numbers are None where the server keeps them to itself."""
    sentence = str(SENTENCES["too_long"])
    return EngineFailed("too_long", sentence, prompt_tokens=prompt_tokens, num_ctx=num_ctx)
