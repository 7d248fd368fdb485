"""What a person's own words ask for so clearly that no model is needed to understand them.

Where nothing else is said, a small model isn't asked at all: it would copy the words, not always
those, and say at times that it is done. Else the card is offered under the answer of such a model,
or of one without tools, which is told of it instead of being offered any.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from ahfai.tools import Found, Proposal, Unfit
from chats import hints, servers
from chats.commands import Answer
from chats.tools import remember_fact
from notes.tools import append_to_note, change_note, create_note
from reminders import phrases
from reminders.phrases import MAX_PHRASE
from reminders.tools import complete_reminder, in_one_line, snooze_reminder

MOST_READ = 2000
TOLD = (
    "(Under your answer the person sees a card, and decides: {text}. Nothing is done before they "
    "press its button. Say only in one short sentence that the card is there.)"
)


class Request(NamedTuple):
    """A change that the words ask for; `others` are the words beside it."""

    proposal: Proposal
    others: str

    @property
    def is_all(self) -> bool:
        """Whether the others hint at nothing that needs a tool."""
        return not hints.hinted(self.others)

    @property
    def is_whole(self) -> bool:
        """Whether the others say nothing at all."""
        return bool(_CIVIL.fullmatch(self.others))

    @property
    def told(self) -> str:
        """For the model that answers."""
        return TOLD.format(text=self.proposal.text)


def answer(user: Any, words: str, model: str) -> Answer | None:
    """What is said with the card where a small model needn't be asked. None where it has to be."""
    if not servers.is_small(model):
        return None
    with timezone.override(user.zone):
        request = asked_for(user, words)
    if request is None or not request.is_whole or _REMARK.search(words):
        return None
    return Answer(_("It would be this. Press the button, and it is done."), request.proposal)


def asked_for(user: Any, words: str) -> Request | None:
    """The change that the words ask for, where that is clear."""
    words = words[:MOST_READ]
    for form, propose in _FORMS:
        if said := form.search(words):
            try:
                proposal = propose(
                    user, {name: text or "" for name, text in said.groupdict().items()}
                )
            except Unfit:
                # A card that asks for something else than what was meant helps nobody.
                return None
            if isinstance(proposal, Proposal):
                return Request(proposal, words[: said.start()] + words[said.end() :])
    return None


def _remind(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    what, joint = said["what"], said.get("joint", "").strip(" ,").lower()
    if not joint and (parts := _TIME_FIRST.fullmatch(what)):
        when = phrases.read(parts["when"], timezone.now(), user.zone)
        if when.start and not when.title:
            return in_one_line(user, f"{parts['what']} {parts['when']}")
    # "15 December: renew the insurance"
    proposal = in_one_line(user, what.replace(": ", ", ", 1)[:MAX_PHRASE])
    # "Remind me of the name of that song" is a question.
    return proposal if joint in _CLEAR_JOINTS or proposal.payload["wanted"]["day"] else None


def _remind_of_it(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    return _remind(user, {"what": _NEED.sub("", said["what"])})


def _remind_then(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    return _remind(user, {**said, "what": f"{said['what']} {said['when']}".strip()})


def _note(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    return create_note(user, "", said["what"])


def _put(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    what = _unquoted(said["what"])
    return (
        None if what.lower() in _POINTING else append_to_note(user, _unquoted(said["note"]), what)
    )


def _change(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    return change_note(user, said["note"], _unquoted(said["what"]), _unquoted(said["by"]))


def _remember(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    return remember_fact(user, said["what"])


def _complete(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    return complete_reminder(user, _unquoted(said["what"]))


def _snooze(user: Any, said: dict[str, str]) -> Found | Proposal | None:
    until = (
        said["until"] if said["joint"].lower() in ("until", "till", "to") else f"in {said['until']}"
    )
    return snooze_reminder(user, _unquoted(said["what"]), until)


def _unquoted(text: str) -> str:
    return text.strip().strip("'\"“”„‘’«»").strip()


# A sentence's end, which the dot in "15. April" isn't, or where something else is asked for.
_REST = (
    r".+?(?=\s*(?:[.!?](?:\s(?!(?:jan|jän|feb|mär|mar|apr|mai|jun|jul|aug|sep|o[kc]t|nov|de[zc]))|$)"
    r"|\n|$"
    r"|,? (?:and (?:then )?(?:put|add|write|note|tell|what|how)"
    r"|und (?:dann )?(?:schreib|notier|sag|was|wie))))"
)
# What is said out of politeness beside a request.
_CIVIL = re.compile(
    r"(?:\W|\b(?:please|hi|hey|hello|thanks|thank you|can|could|would|will|you|ok|okay|also"
    r"|bitte|hallo|danke|kannst|könntest|würdest|du|auch)\b)*",
    re.IGNORECASE,
)
# "Note that it has to run on Python 3.11" may stand in the middle of a talk: the model has to know.
_REMARK = re.compile(
    r"(?<!make a )\bnote that\b|\b(?:remember|keep in mind) that\b|\bmerke? dir\b", re.IGNORECASE
)
_PLEASE = r"(?:,? (?:please|bitte))?"
# "Remind me tomorrow to call mum" has its time first.
_TIME_FIRST = re.compile(
    r"(?P<when>.{1,60}?),? (?:to|about|of|that|an|daran,?|dass) (?P<what>.+)",
    re.IGNORECASE | re.DOTALL,
)
# What makes it a reminder whether there is a time in it or not.
_CLEAR_JOINTS = {"to", "forget", "miss", "daran", "an", "vergessen"}
_NEED = re.compile(
    r"^(?:I|we|ich|wir) (?:still |noch )?(?:need to|have to|must|want to|should|muss|müssen|soll) ",
    re.IGNORECASE,
)
_POINTING = {"this", "that", "it", "them", "these", "those", "das", "dies", "es"}

_Propose = Callable[[Any, dict[str, str]], Found | Proposal | None]


def _form(pattern: str, propose: _Propose) -> tuple[re.Pattern[str], _Propose]:
    return re.compile(pattern.replace("REST", _REST), re.IGNORECASE | re.DOTALL), propose


# The first that is said and understood counts. English, then German.
_FORMS = [
    _form(
        r"\b(?:remind|nudge|ping|notify) me"
        + _PLEASE
        + r" (?P<joint>to |about |of |that )?(?P<what>REST)",
        _remind,
    ),
    _form(
        r"\b(?:don.?t|do not|never) let me (?P<joint>forget|miss) "
        r"(?:to |about |that )?(?P<what>REST)",
        _remind,
    ),
    _form(
        r"\b(?:I|we) (?:must not|mustn.?t|can.?t|should not|shouldn.?t) (?P<joint>forget) "
        r"(?:to |about |that )?(?P<what>REST)",
        _remind,
    ),
    _form(
        r"(?:^|(?P<when>[^\n.!?]{1,80}?),? )I(?: want| would like|.d like| need) to be reminded"
        r"(?P<joint> to| about| of) (?P<what>REST)",
        _remind_then,
    ),
    _form(
        r"\b(?:set|create|make|add) (?:me )?(?:a|another) reminder"
        r"(?P<joint> to| for| about| that| on)?:? (?P<what>REST)",
        _remind,
    ),
    _form(
        r"^(?P<what>[^\n]{1,200}?)[,.;!] (?:please )?(?:remind me|set a reminder)"
        r"(?: of (?:it|that))?" + _PLEASE + r"[.!]?\s*$",
        _remind_of_it,
    ),
    _form(
        r"\bin (?:my|the) (?P<note>.{1,80}?) note,? (?:change|replace|correct) (?:.{1,80}? from )?"
        r"(?P<what>.+?) (?:to|by|with|into) (?P<by>REST)",
        _change,
    ),
    _form(
        r"\b(?:put|add|write) (?P<what>.+?) (?:in|into|to|on|onto) (?:my|the) "
        r"(?P<note>.{1,80}?) note\b",
        _put,
    ),
    _form(
        r"\b(?:make a note|note|write down|write (?:it|this) down|jot down|jot (?:it|this) down)"
        r"(?: that|:) (?P<what>REST)",
        _note,
    ),
    _form(r"\b(?:remember|keep in mind) that (?P<what>(?:I|I.m|my|we|our)\b REST)", _remember),
    _form(
        r"^I(?:.ve| have) (?:just )?(?P<what>[^\n.!?]{1,120}?)[,.;] (?:so )?(?:please )?"
        r"(?:tick|check|cross) (?:that|it|this)(?: one)? off\b",
        _complete,
    ),
    _form(r"\b(?:I.m|I am) done with (?P<what>REST)", _complete),
    _form(r"\b(?:tick|check|cross) off (?P<what>REST)", _complete),
    _form(r"\b(?:tick|check|cross) (?P<what>[^\n.!?]{1,120}?) off\b", _complete),
    _form(
        r"\b(?:snooze|postpone|put off) (?P<what>[^\n.!?]{1,120}?) (?P<joint>until|till|to|by|for) "
        r"(?P<until>REST)",
        _snooze,
    ),
    _form(
        r"\bmich (?P<what>[^\n!?]{1,60}?,? (?:an|daran,?) [^\n!?]{1,160}?),? "
        r"(?:zu )?erinner[ne]\b",
        _remind,
    ),
    _form(
        r"\berinner(?:e|st du)? mich" + _PLEASE + r" (?P<joint>daran,? |an |dass )?(?P<what>REST)",
        _remind,
    ),
    _form(
        r"\blass mich nicht (?P<joint>vergessen),? (?:zu |dass )?(?P<what>REST)",
        _remind,
    ),
    _form(
        r"\bschreib(?:e)?" + _PLEASE + r" (?P<what>.+?) (?:in|auf|zu) (?:meine|die|meiner|der) "
        r"(?:Notiz (?P<note>[^\n.!?]{1,80})|(?P<other>[^\n.!?]{1,80}?)[- ]?notiz\b)",
        lambda user, said: _put(user, {**said, "note": said["note"] or said["other"]}),
    ),
    _form(r"\bmerk(?:e)? dir,? dass (?P<what>(?:ich|mein\w*|wir|unser\w*)\b REST)", _remember),
    _form(
        r"\b(?:notier(?:e)?|schreib(?:e)? (?:dir |mir )?auf)"
        + _PLEASE
        + r"(?:,? dass|:)? (?P<what>REST)",
        _note,
    ),
]
