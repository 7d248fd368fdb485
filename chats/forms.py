import uuid
from collections.abc import Sequence
from typing import cast

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.tags import Named
from chats import facts, steering
from chats.engines.failures import failed
from chats.engines.names import is_cloud
from chats.models import Preset, Think, UsesNotes
from chats.order import BACK

MAX_TEXT = 100_000
MAX_AT_ONCE = 500
# What comes along with each question of a temporary chat: in characters, which can take nine bytes
# each on the way, and in turns.
MAX_SAID = 300_000
MAX_TURNS = 400
SHOWN_OF_INSTRUCTIONS = 300


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


class FirstFaultFocused(forms.BoundField):
    """The first field with a fault has the keyboard, and so is on the screen with its sentence."""

    def build_widget_attrs(self, attrs, widget=None):
        attrs = super().build_widget_attrs(attrs, widget)
        if self.name == next(iter(self.form.errors), None):
            attrs["autofocus"] = True
        return attrs


class ModelForm(forms.Form):
    """Which model shall answer; empty leaves it as it is."""

    model = forms.CharField(max_length=200, required=False)


class MessageForm(ModelForm):
    """Words for the model; files, if any come along, may say enough."""

    text = WordsField(
        max_length=MAX_TEXT,
        error_messages={
            "required": _("Write something first."),
            "max_length": _("That is too long for one message: at most 100,000 characters go in."),
        },
    )
    request_id = forms.UUIDField(required=False)
    # The last message that the page shows.
    after = forms.UUIDField(required=False)
    # Whether notes are used from now on; empty leaves it as it is.
    notes = forms.ChoiceField(choices=UsesNotes.choices, required=False)

    def __init__(self, *arguments, has_files: bool = False, **options) -> None:
        super().__init__(*arguments, **options)
        self.fields["text"].required = not has_files


class ModelNameForm(forms.Form):
    """A model of a library, as in llama3.1:8b or hf.co/somebody/some-model:Q4_K_M."""

    bound_field_class = FirstFaultFocused
    model = forms.RegexField(
        r"^[\w.-]+(/[\w.-]+)*(:[\w.-]+)?$",
        max_length=200,
        label=_("Name"),
        widget=forms.TextInput(
            {"placeholder": "llama3.1:8b", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={
            "required": _("Write the model's name first."),
            "invalid": _("That isn't the name of a model. They look like llama3.1:8b."),
        },
    )

    # Of several model servers.
    server = forms.ChoiceField(required=False, label=_("On"))

    def __init__(self, *args, names: Sequence[str] = (), **more) -> None:
        super().__init__(*args, **more)
        choices = [("", _("all model servers")), *((name, name) for name in names)]
        cast(forms.ChoiceField, self.fields["server"]).choices = choices

    def clean_model(self) -> str:
        if is_cloud(name := self.cleaned_data["model"]):
            raise forms.ValidationError(failed("cloud", model=name).sentence)
        return name


class DraftForm(forms.Form):
    """Words as they stand in the box, finished or not."""

    text = forms.CharField(max_length=MAX_TEXT, required=False, strip=False)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 2)


class FirstMessageForm(MessageForm):
    """A new chat, which may begin with a preset."""

    preset = forms.UUIDField(required=False)


class TemporaryForm(FirstMessageForm):
    """A question in a temporary chat, with all that was said before: what the person said (`mine`)
    and each answer to it (`answer`), which is empty where none came."""

    too_long = _(
        "This temporary chat has become too long. Copy what you need of it, and begin a new one."
    )

    def clean(self) -> dict[str, object]:
        said, answers = self._texts("mine"), self._texts("answer")
        if len(said) != len(answers) or not all(said):
            raise forms.ValidationError(_("What was said before didn't arrive whole."))
        if len(said) > MAX_TURNS or sum(map(len, said + answers)) > MAX_SAID:
            raise forms.ValidationError(self.too_long)
        return {**self.cleaned_data, "before": list(zip(said, answers, strict=True))}

    def _texts(self, name: str) -> list[str]:
        field = cast("WordsField", self.fields["text"])
        return [field.to_python(text) for text in cast("QueryDict", self.data).getlist(name)]


class PickPresetForm(forms.Form):
    preset = forms.UUIDField()


class PickedForm(forms.Form):
    """Which chats of a list are meant; whose they are is asked of the rows."""

    back_to = forms.ChoiceField(choices=[(place, place) for place in ("list", "archive", "trash")])

    def clean(self) -> dict[str, object]:
        ids = cast("QueryDict", self.data).getlist("chat")[:MAX_AT_ONCE]
        return {**self.cleaned_data, "chats": [forms.UUIDField().clean(one) for one in ids]}


class MoveForm(PickedForm):
    """Which chats go where."""

    to = forms.ChoiceField(choices=[(to, to) for to in BACK])


def _out_of_range(sentence) -> dict:
    return dict.fromkeys(("invalid", "min_value", "max_value"), sentence)


class SteerForm(forms.Form):
    """How the model answers; empty is as everywhere."""

    bound_field_class = FirstFaultFocused
    instructions = WordsField(
        max_length=8000,
        required=False,
        label=_("Instructions"),
        help_text=_("What the model should know or keep to. Only you can read it."),
        widget=forms.Textarea({"rows": 5, "dir": "auto", "data-grow": ""}),
    )
    temperature = forms.FloatField(
        min_value=0,
        max_value=2,
        required=False,
        label=_("Temperature"),
        help_text=_("0 is sober, 1 and more is daring. Empty: as everywhere."),
        widget=forms.NumberInput({"step": "0.1"}),
        error_messages=_out_of_range(_("A number from 0 to 2.")),
    )
    longest = forms.IntegerField(
        min_value=16,
        max_value=1_048_576,
        required=False,
        label=_("Longest answer"),
        help_text=_("In tokens; about three of them make two words. Empty: as everywhere."),
        error_messages=_out_of_range(_("A whole number from 16 to 1,048,576.")),
    )
    reads = forms.IntegerField(
        min_value=256,
        max_value=1_048_576,
        required=False,
        label=_("How much of the chat it reads"),
        help_text=_(
            "In tokens, the newest messages first; never more than fits into the model's window. "
            "Less makes long chats quicker. Empty: as everywhere."
        ),
        error_messages=_out_of_range(_("A whole number from 256 to 1,048,576.")),
    )
    think = forms.ChoiceField(
        choices=Think.choices,
        required=False,
        label=_("Think before answering"),
        help_text=_("Where the model can. Its thoughts stand folded above the answer."),
    )

    def __init__(self, *args, everywhere: Preset, window: int | None = None, **kwargs) -> None:
        """`everywhere` is what counts in the place of what is empty, `window` what the model can
        read, where that is known."""
        super().__init__(*args, **kwargs)
        empty = {
            "instructions": steering.opened(everywhere, "instructions")[:SHOWN_OF_INSTRUCTIONS],
            "temperature": (
                _("the model's own") if everywhere.temperature is None else everywhere.temperature
            ),
            "longest": everywhere.longest or settings.NUM_PREDICT,
            "reads": everywhere.reads or window or settings.NUM_CTX,
        }
        for name, value in empty.items():
            if value != "":
                self.fields[name].widget.attrs["placeholder"] = value
        said = Think(everywhere.think or Think.OFF).label
        as_everywhere = _("As everywhere: %(choice)s") % {"choice": said}
        cast("forms.ChoiceField", self.fields["think"]).choices = [
            (choice, label if choice else as_everywhere) for choice, label in Think.choices
        ]


class DefaultsForm(SteerForm):
    """How the model answers everywhere."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        fields = cast("dict[str, forms.ChoiceField]", self.fields)
        fields["temperature"].help_text = _(
            "0 is sober, 1 and more is daring. Empty: as the model was made."
        )
        fields["longest"].help_text = _(
            "In tokens; about three of them make two words. Empty: what this installation allows."
        )
        fields["reads"].help_text = _(
            "In tokens, the newest messages first. Empty: all that fits into the model's window."
        )
        fields["think"].choices = [
            choice for choice in Think.choices if choice[0] != Think.EVERYWHERE
        ]


class PresetForm(SteerForm):
    name = forms.CharField(
        max_length=80,
        label=_("Name"),
        widget=forms.TextInput({"dir": "auto"}),
        error_messages={"required": _("A preset needs a name.")},
    )
    field_order = ("name",)


class ChatSteerForm(SteerForm):
    """How the model answers in one chat; with a name, also for others that begin later."""

    name = forms.CharField(
        max_length=80,
        required=False,
        label=_("Save as preset"),
        help_text=_(
            "With a name, this is also kept as a preset that other chats can take. "
            "Empty: for this chat alone."
        ),
        widget=forms.TextInput({"dir": "auto"}),
    )

    def __init__(self, *args, model: str, thinks: bool | None, levels, **kwargs) -> None:
        """`thinks` is whether the chat's model can think, `levels` which choices make a difference
        to it; None where nobody knows."""
        super().__init__(*args, **kwargs)
        if levels is not None:
            # All are taken: the chat may go on with another model.
            think = cast("forms.ChoiceField", self.fields["think"])
            kept = {Think.EVERYWHERE, self["think"].value(), *levels}
            choices = cast("list[tuple[str, str]]", think.choices)
            think.widget.choices = [one for one in choices if one[0] in kept]
        if thinks is False:
            self.fields["think"].help_text = _(
                "%(model)s can't think first, so this counts once another model answers here."
            ) % {"model": model}


class FactForm(forms.Form):
    """One thing about the person; a break in it becomes a blank."""

    bound_field_class = FirstFaultFocused
    text = forms.CharField(
        max_length=facts.LONGEST,
        label=_("Fact"),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
        error_messages={
            "required": _("Write something first."),
            "max_length": _(
                "That is too long for one fact: at most 300 letters go in. Make two of it."
            ),
        },
    )

    def clean_text(self) -> str:
        return facts.in_one_line(self.cleaned_data["text"])


class UsesNotesForm(forms.Form):
    """Whether a chat uses notes."""

    uses_notes = forms.ChoiceField(choices=UsesNotes.choices)


class ChatNotesForm(forms.Form):
    """Whether a chat uses notes, and which ones it keeps to."""

    uses_notes = forms.ChoiceField(
        choices=UsesNotes.choices,
        label=_("Use my notes"),
        help_text=_(
            "When useful: where a passage clearly says what is asked. Always: the passages that "
            "fit best. They go to the model with your question."
        ),
        widget=forms.RadioSelect,
    )
    tags = forms.MultipleChoiceField(
        required=False,
        label=_("Only notes with these tags"),
        widget=forms.CheckboxSelectMultiple({"dir": "auto"}),
    )
    notes = forms.MultipleChoiceField(
        required=False,
        label=_("Only these notes"),
        widget=forms.CheckboxSelectMultiple({"dir": "auto"}),
    )

    def __init__(
        self,
        *args,
        known: list[Named],
        titled: list[tuple[uuid.UUID, str]],
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields = cast("dict[str, forms.MultipleChoiceField]", self.fields)
        fields["tags"].choices = [(str(tag.id), f"#{tag.name}") for tag in known]
        fields["notes"].choices = [
            (str(note), title or gettext("Untitled note")) for note, title in titled
        ]
        for name in ("tags", "notes"):
            if not fields[name].choices:
                del self.fields[name]


class TitleForm(forms.Form):
    title = forms.CharField(
        max_length=120,
        label=_("Title"),
        widget=forms.TextInput({"dir": "auto"}),
        error_messages={"required": _("A chat needs a title.")},
    )


class DecisionForm(forms.Form):
    """The version of the thing that a card showed."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 2, required=False)


class LeaveForm(forms.Form):
    """What the model may do without asking."""

    may_create = forms.BooleanField(
        required=False,
        label=_("Make new reminders and notes without asking"),
        help_text=_(
            "Only where you have just asked for it in a few words of your own, and nothing was "
            "looked up in that chat before. Changes are always asked about, and Undo stays."
        ),
    )
