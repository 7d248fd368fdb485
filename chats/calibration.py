"""How long texts are in the tokens of each model: an estimate, set right by what servers count."""

import logging
import time

from django.db import Error as DatabaseError

from chats.models import TokenRatio

log = logging.getLogger(__name__)

# What no text shows: a server that counts only what it had not read before, or counts wrongly.
LEAST, MOST = 0.35, 4.0
# The largest ratio seen is forgotten by this part at each answer, since a prompt that is too
# long costs more than a little room.
FORGOTTEN = 0.1
# A smaller change isn't worth a write.
NOTICED = 0.02
# A text may be shorter in tokens than all that were seen, by as much as kinds of texts differ.
SPREAD = 1.25
TRUSTED_S = 5

_known: dict[str, tuple[float, float]] = {}


def ratio(model: str) -> float:
    """Tokens of `model` in one estimated token; 1 while nothing is known.

    What other processes learn counts here some seconds later.
    """
    known, until = _known.get(model, (1.0, 0.0))
    if time.monotonic() > until:
        row = _stored(model)
        known = row.ratio if row else 1.0
        _known[model] = known, time.monotonic() + TRUSTED_S
    return known


def learn(model: str, estimated: float, counted: int | None) -> None:
    """A prompt of `estimated` tokens was `counted` tokens long, as far as the server told."""
    if not counted or estimated <= 0 or not LEAST <= counted / estimated <= MOST:
        return
    try:
        _learn(model, counted / estimated)
    except DatabaseError as error:
        # The answer itself is complete.
        log.info("the length of a prompt was not kept: %s", type(error).__name__)


def _learn(model: str, seen: float) -> None:
    row = _stored(model) or TokenRatio(model=model, ratio=seen)
    least = row.least or seen
    fresh = {
        "ratio": max(seen, row.ratio + (seen - row.ratio) * FORGOTTEN),
        "least": min(seen, least + (seen - least) * FORGOTTEN),
    }
    if row.least is None or any(
        abs(new - getattr(row, name)) > getattr(row, name) * NOTICED for name, new in fresh.items()
    ):
        _store(model, **fresh)


def learn_overflow(model: str, estimated: float, counted: int | None) -> None:
    """Such a prompt was too long for the server; twice as long as thought where it told nothing."""
    known = ratio(model)
    # A message that is too long by itself was measured well, and says nothing of the others.
    seen = max(known, counted / estimated) if counted and estimated > 0 else known * 2
    _store(model, ratio=min(MOST, seen))


def is_surely_longer(model: str, estimated: float, limit: int) -> bool:
    """Whether a prompt of `estimated` tokens has more than `limit` of the model's, even if it is as
    short as any that was answered; False while none was."""
    if estimated * ratio(model) <= limit:
        return False
    row = _stored(model)
    least = row.least if row else None
    return least is not None and estimated * least > limit * SPREAD


def _stored(model: str) -> TokenRatio | None:
    return TokenRatio.objects.filter(model=model).first()


def _store(model: str, **fresh: float) -> None:
    TokenRatio.objects.update_or_create(model=model, defaults=fresh)
    _known.pop(model, None)


def forget() -> None:
    """Look at the database again at the next question."""
    _known.clear()
