from django import forms
from django.utils.translation import gettext_lazy as _

MAX_TEXT = 100_000


class _SoundText(forms.CharField):
    """Text without half characters (lone surrogates), which can't be stored or sent."""

    def to_python(self, value):
        text = super().to_python(value) or ""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise forms.ValidationError(
                _("The text holds a broken character. Remove it, then send again.")
            ) from None
        return text


class MessageForm(forms.Form):
    text = _SoundText(
        max_length=MAX_TEXT,
        error_messages={
            "required": _("Write something first."),
            "max_length": _(
                "That is too long for one message: at most %(limit_value)d characters go in."
            ),
        },
    )
    request_id = forms.UUIDField(required=False)
    model = forms.CharField(max_length=200, required=False)

    def clean_text(self) -> str:
        return self.cleaned_data["text"].replace("\r\n", "\n")


class TitleForm(forms.Form):
    title = _SoundText(
        max_length=120,
        label=_("Title"),
        error_messages={"required": _("A chat needs a title.")},
    )
