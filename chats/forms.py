from django import forms
from django.utils.translation import gettext_lazy as _

MAX_TEXT = 100_000


class MessageForm(forms.Form):
    text = forms.CharField(
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
    title = forms.CharField(
        max_length=120,
        label=_("Title"),
        widget=forms.TextInput({"dir": "auto"}),
        error_messages={"required": _("A chat needs a title.")},
    )
