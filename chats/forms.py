from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from chats.order import BACK

MAX_TEXT = 100_000
MAX_AT_ONCE = 500


class WordsField(forms.CharField):
    """Text as it was written: its first line keeps its indent, and browsers' CRLF is one character.

    What holds no word at all is empty.
    """

    def __init__(self, **options) -> None:
        super().__init__(strip=False, **options)

    def to_python(self, value: object) -> str:
        text = super().to_python(value) or ""
        text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
        return text if text.strip() else ""


class ModelForm(forms.Form):
    """Which model shall answer; empty leaves it as it is."""

    model = forms.CharField(max_length=200, required=False)


class MessageForm(ModelForm):
    text = WordsField(
        max_length=MAX_TEXT,
        error_messages={
            "required": _("Write something first."),
            "max_length": _(
                "That is too long for one message: at most %(limit_value)d characters go in."
            ),
        },
    )
    request_id = forms.UUIDField(required=False)


class MoveForm(forms.Form):
    """Which chats go where; whose they are is asked of the rows."""

    to = forms.ChoiceField(choices=[(to, to) for to in BACK])
    back_to = forms.ChoiceField(choices=[(place, place) for place in ("list", "archive", "trash")])

    def clean(self) -> dict[str, object]:
        ids = cast("QueryDict", self.data).getlist("chat")[:MAX_AT_ONCE]
        return {**self.cleaned_data, "chats": [forms.UUIDField().clean(one) for one in ids]}


class TitleForm(forms.Form):
    title = forms.CharField(
        max_length=120,
        label=_("Title"),
        widget=forms.TextInput({"dir": "auto"}),
        error_messages={"required": _("A chat needs a title.")},
    )
