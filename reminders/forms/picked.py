"""What is done to several reminders at once, or taken back, and where it was done."""

import uuid
from typing import Any, cast

from django import forms
from django.http import QueryDict

# The page of a reminder.
DETAIL = "detail"
PLACES = ("list", "undated", "done", "trash", DETAIL)
MAX_AT_ONCE = 500


class PlaceForm(forms.Form):
    """The list, or the page `of` a reminder, that something is done in, and to which rows."""

    back_to = forms.ChoiceField(choices=[(place, place) for place in PLACES])
    of = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("back_to") == DETAIL and not data.get("of"):
            self.add_error("of", "")
        return data

    def values(self, name: str) -> list[str]:
        return cast("QueryDict", self.data).getlist(name)[:MAX_AT_ONCE]


class PickedForm(PlaceForm):
    """Which reminders are meant, each with the version of it that the person saw; whose they are
    is asked of the rows."""

    def clean(self) -> dict[str, Any]:
        return {**super().clean(), "seen": dict(map(self._seen, self.values("reminder")))}

    @staticmethod
    def _seen(text: str) -> tuple[uuid.UUID, int]:
        reminder_id, _colon, version = text.partition(":")
        number = forms.IntegerField(min_value=1, max_value=2**31 - 2)
        return forms.UUIDField().clean(reminder_id), number.clean(version)


class UndoForm(PlaceForm):
    def clean(self) -> dict[str, Any]:
        ids = [forms.UUIDField().clean(one) for one in self.values("completion")]
        return {**super().clean(), "completions": ids}
