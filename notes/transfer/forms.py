from django import forms
from django.utils.translation import gettext_lazy as _


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
