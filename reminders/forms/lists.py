"""The lists that a person has made, and what goes into them."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from reminders import own_lists
from reminders.models import MAX_LIST_NAME, Colour


class ListForm(forms.Form):
    """A list's name and colour."""

    name = forms.CharField(
        max_length=MAX_LIST_NAME,
        label=_("Name"),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("A list needs a name.")},
    )
    colour = forms.ChoiceField(choices=Colour, label=_("Colour"), widget=forms.RadioSelect)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class IntoListForm(forms.Form):
    """Which list reminders go into; empty for none."""

    into = forms.TypedChoiceField(coerce=uuid.UUID, empty_value=None, required=False)

    def __init__(self, *args: Any, lists: Sequence[own_lists.Named], **options: Any) -> None:
        super().__init__(*args, **options)
        offer_lists(self.fields["into"], lists)


def offer_lists(field: forms.Field, lists: Sequence[own_lists.Named]) -> None:
    """Let `field` choose one of the person's `lists`, or none."""
    offered = [("", _("None")), *((str(one.id), one.name) for one in lists)]
    cast("forms.ChoiceField", field).choices = offered
