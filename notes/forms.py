from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from notes.links import one_line
from notes.models import MAX_BODY, MAX_TITLE
from notes.order import BACK

PLACES = ("list", "archive", "trash")
MAX_AT_ONCE = 500


class WordsField(forms.CharField):
    """Text as a person pastes it. NUL is refused with the line that it is in: no text holds it,
    and nobody sees it to take it out."""

    def validate(self, value: str) -> None:
        super().validate(value)
        before, found, _after = value.partition("\0")
        if found:
            sentence = _(
                "%(field)s, line %(line)d: there is a character in it that no text can hold (NUL). "
                "Write this line again."
            )
            place = {"field": self.label, "line": before.count("\n") + 1}
            raise forms.ValidationError(sentence, params=place)


class NoteForm(forms.Form):
    """The words of a note, the version that they grew from with its own words, and the page that
    they come from."""

    title = WordsField(
        max_length=MAX_TITLE,
        required=False,
        label=_("Title"),
        widget=forms.TextInput({"dir": "auto", "placeholder": _("Title"), "autocomplete": "off"}),
    )
    body = WordsField(
        max_length=MAX_BODY,
        required=False,
        strip=False,
        label=_("Text"),
        widget=forms.Textarea(
            {"dir": "auto", "rows": 12, "placeholder": _("Write…"), "data-grow": ""}
        ),
        error_messages={
            "max_length": _(
                "That is too long for one note: at most %(limit_value)d characters go in."
            ),
        },
    )
    version = forms.IntegerField(
        min_value=0, max_value=2**31 - 2, required=False, widget=forms.HiddenInput
    )
    base_title = forms.CharField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))
    base = forms.CharField(
        required=False, strip=False, widget=forms.HiddenInput({"autocomplete": "off"})
    )
    # A browser that loads the page again must not fill in the earlier one's.
    page = forms.UUIDField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))
    # The words were proposed: they save themselves only once the person has changed something.
    is_proposed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_title(self) -> str:
        return one_line(self.cleaned_data["title"])

    def clean_body(self) -> str:
        return _lines(self.cleaned_data["body"])

    def clean_base(self) -> str | None:
        """None where it wasn't sent: an empty text is another thing."""
        return _lines(self.cleaned_data["base"]) if "base" in self.data else None


def _lines(text: str) -> str:
    """Browsers send each line break as two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class NewNoteForm(NoteForm):
    def clean(self) -> dict[str, object]:
        data = self.cleaned_data
        if not self.errors and not data["title"] and not data["body"].strip():
            self.add_error("body", _("Write something first."))
        return data


class TickForm(forms.Form):
    """The task in a line, counted from 0, of a version of the note."""

    line = forms.IntegerField(min_value=0, max_value=MAX_BODY)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 2)


class PickedForm(forms.Form):
    """Which notes of a list are meant; whose they are is asked of the rows."""

    back_to = forms.ChoiceField(choices=[(place, place) for place in PLACES])

    def clean(self) -> dict[str, object]:
        return {**self.cleaned_data, "notes": self.ids("note")}

    def ids(self, name: str) -> list:
        values = cast("QueryDict", self.data).getlist(name)[:MAX_AT_ONCE]
        return [forms.UUIDField().clean(one) for one in values]


class MoveForm(PickedForm):
    """Which notes go where; `pinned` are those of them that were pinned before."""

    to = forms.ChoiceField(choices=[(to, to) for to in BACK])

    def clean(self) -> dict[str, object]:
        return {**super().clean(), "pinned": self.ids("pinned")}
