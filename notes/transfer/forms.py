from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

MAX_AT_ONCE = 500


class ImportForm(forms.Form):
    """An archive, or a single file; `notes.transfer.archives` looks into it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A ZIP, a .jex of Joplin, or a single file. At most 20 MB."),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".zip,.jex,.md,.markdown,.json,.txt"}),
        error_messages={
            "required": _("Choose a file first."),
            "max_length": _("Its name is too long."),
        },
    )


class PickedForm(forms.Form):
    """Which notes of a list are meant; whose they are is asked of the rows."""

    def clean(self) -> dict[str, object]:
        ids = cast("QueryDict", self.data).getlist("note")[:MAX_AT_ONCE]
        return {"notes": [forms.UUIDField().clean(one) for one in ids]}
