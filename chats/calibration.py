"""How long texts are in the tokens of each model: an estimate, set right by what servers count."""

import time

from chats.models import TokenRatio

# What no text shows: a server that counts only what it had not read before, or counts wrongly.
LEAST, MOST = 0.35, 4.0
# The largest ratio seen is forgotten by this part at each answer, since a prompt that is too
# long costs more than a little room.
FORGOTTEN = 0.1
# A smaller change isn't worth a write.
NOTICED = 0.02
TRUSTED_S = 5

_known: dict[str, tuple[float, float]] = {}


def ratio(model: str) -> float:
    """Tokens of `model` in one estimated token; 1 while nothing is known.

    What other processes learn counts here some seconds later.
    """
    known, until = _known.get(model, (1.0, 0.0))
    if time.monotonic() > until:
        known = _stored(model) or 1.0
        _known[model] = known, time.monotonic() + TRUSTED_S
    return known


def learn(model: str, estimated: float, counted: int | None) -> None:
    """A prompt of `estimated` tokens was `counted` tokens long, as far as the server told."""
    if not counted or estimated <= 0 or not LEAST <= counted / estimated <= MOST:
        return
    seen = counted / estimated
    old = _stored(model)
    new = seen if old is None else max(seen, old + (seen - old) * FORGOTTEN)
    if old is None or abs(new - old) > old * NOTICED:
        _store(model, new)


def learn_overflow(model: str, estimated: float, counted: int | None) -> None:
    """Such a prompt was too long for the server; twice as long as thought where it told nothing."""
    known = ratio(model)
    # A message that is too long by itself was measured well, and says nothing of the others.
    seen = max(known, counted / estimated) if counted and estimated > 0 else known * 2
    _store(model, min(MOST, seen))


def _stored(model: str) -> float | None:
    return TokenRatio.objects.filter(model=model).values_list("ratio", flat=True).first()


def _store(model: str, new: float) -> None:
    TokenRatio.objects.update_or_create(model=model, defaults={"ratio": new})
    _known.pop(model, None)


def forget() -> None:
    """Look at the database again at the next question."""
    _known.clear()
