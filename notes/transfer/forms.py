from typing import cast

from django import forms
from django.http import QueryDict

MAX_AT_ONCE = 500


class PickedForm(forms.Form):
    """Which notes of a list are meant; whose they are is asked of the rows."""

    def clean(self) -> dict[str, object]:
        ids = cast("QueryDict", self.data).getlist("note")[:MAX_AT_ONCE]
        return {"notes": [forms.UUIDField().clean(one) for one in ids]}
