"""What AhFai knows about a person: short facts that they wrote, which the model is told."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.fields import opened_rows, sealed_for
from accounts.models import User
from accounts.sealing.lookup import fold
from ahfai.crypto import SealError
from chats.models import Fact, FactsTold

MAX_FACTS = 100
# In characters.
LONGEST = 300


class NotAFact(ValueError):
    """It is empty, or longer than LONGEST."""


class TooMany(Exception):
    """This person has MAX_FACTS already; in words for them."""

    def __str__(self) -> str:
        said = _("AhFai knows %(most)d facts already. Delete one of them first.")
        return said % {"most": MAX_FACTS}


class AlreadyKnown(Exception):
    """Another fact says the same; in words for the person."""

    def __str__(self) -> str:
        return _("AhFai knows that already.")


def remember(user, text: str) -> tuple[Fact, bool]:
    """Keep `text` as a fact about the person, in one line.

    Returns the fact, and whether it is a new one: what is known already isn't kept twice. Raises
    NotAFact and TooMany.
    """
    text = in_one_line(text)
    if not 0 < len(text) <= LONGEST:
        raise NotAFact
    with transaction.atomic():
        if known := _known(user, text):
            return known, False
        if user.facts.count() >= MAX_FACTS:
            raise TooMany
        return user.facts.create(text=text), True


def change(fact: Fact, text: str) -> bool:
    """Put other words in its place; it counts as old as before. False where it was deleted
    meanwhile. Raises NotAFact and AlreadyKnown."""
    text = in_one_line(text)
    if not 0 < len(text) <= LONGEST:
        raise NotAFact
    with transaction.atomic():
        other = _known(fact.owner, text)
        if other and other != fact:
            raise AlreadyKnown
        return bool(Fact.objects.filter(pk=fact.pk).update(text=sealed_for(fact, "text", text)))


def newest_first(user):
    return user.facts.order_by("-created", "-id")


def text_of(fact: Fact) -> str:
    """Empty where it can't be opened."""
    try:
        return fact.text
    except SealError:
        return ""


def told(user) -> list[str]:
    """What the model is told, newest first; nothing where the person has switched that off."""
    rows = newest_first(user).exclude(owner__facts_told__is_on=False)
    return [text for _id, text in opened_rows(rows, "text") if text]


def are_told(user) -> bool:
    return not FactsTold.objects.filter(owner=user, is_on=False).exists()


def tell(user, is_on: bool) -> None:
    """Whether the model is told from now on; the facts are kept in any case."""
    FactsTold.objects.update_or_create(owner=user, defaults={"is_on": is_on})


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def _known(user, text: str) -> Fact | None:
    """The fact that says this already. Until the end of the transaction nobody adds one."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    # They are few: no hash has to lie in clear for it.
    for key, known in opened_rows(user.facts.all(), "text"):
        if fold(known) == fold(text):
            return user.facts.get(pk=key.hex())
    return None
