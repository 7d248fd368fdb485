"""A fact about the person that a model proposes to remember: see `ahfai.proposals`."""

import uuid
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ahfai.proposals import Json, Kind, Shown, Stale, Told
from chats import facts


class NewFact:
    label = gettext_lazy("Something to remember about you")
    verb = gettext_lazy("Remember it")
    icon = "idea"
    # The model is told it before each answer, so the person says yes in any case.
    creates = False

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        return Shown(payload["text"])

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        try:
            fact, is_new = facts.remember(user, payload["text"])
        except facts.TooMany as why:
            raise Stale(str(why)) from None
        return {"id": str(fact.pk), "is_new": is_new}

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        return None

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told:
        fact = user.facts.filter(pk=outcome["id"]).first()
        if fact is None:
            return Told(_("It was deleted since."))
        said = (
            _("AhFai remembers that now.") if outcome["is_new"] else _("AhFai knew that already.")
        )
        is_untouched = outcome["is_new"] and facts.text_of(fact) == payload["text"]
        return Told(said, facts.text_of(fact), reverse("chats:facts"), is_untouched)

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        fact = user.facts.filter(pk=outcome["id"]).first()
        if fact is None or not outcome["is_new"] or facts.text_of(fact) != payload["text"]:
            raise Stale(_("Something else was done to this since, so it is left as it is."))
        fact.delete()


KINDS: dict[str, Kind] = {"fact_new": NewFact()}
