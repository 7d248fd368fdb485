from django import forms
from django.utils.translation import gettext_lazy as _

MAX_TEXT = 100_000


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


class TitleForm(forms.Form):
    title = forms.CharField(
        max_length=120,
        label=_("Title"),
        widget=forms.TextInput({"dir": "auto"}),
        error_messages={"required": _("A chat needs a title.")},
    )
