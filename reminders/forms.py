import datetime
import uuid
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import TagsField, time_zones
from reminders import words
from reminders.models import MAX_DETAILS, MAX_TITLE, Priority, RepeatFrom
from reminders.recurrence import MAX_INTERVAL, occurrence
from reminders.repeating import UNITS, Repeat

PLACES = ("list", "undated", "done", "trash")
MAX_AT_ONCE = 500
# A rule that stays as it is.
KEPT = "kept"


class ReminderForm(forms.Form):
    """A reminder's words and times, with the version that they grew from and the page that they
    come from."""

    title = forms.CharField(
        max_length=MAX_TITLE,
        label=_("What"),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("Say what you want to be reminded of.")},
    )
    day = forms.DateField(
        required=False, label=_("Day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    at = forms.TimeField(
        required=False,
        label=_("Time"),
        help_text=_("Without one, the whole day is meant."),
        widget=forms.TimeInput({"type": "time"}, "%H:%M"),
    )
    tags = TagsField(
        required=False,
        label=_("Tags"),
        help_text=_("Separated by spaces or commas. A slash nests them, as in garden/roses."),
    )
    priority = forms.TypedChoiceField(
        coerce=int, required=False, choices=Priority, label=_("Priority")
    )
    details = forms.CharField(
        max_length=MAX_DETAILS,
        required=False,
        strip=False,
        label=_("Details"),
        help_text=_("In Markdown, or just so."),
        widget=forms.Textarea({"dir": "auto", "rows": 5, "data-grow": ""}),
    )
    zone = forms.ChoiceField(
        required=False,
        label=_("Time zone"),
        help_text=_("Only for a time that belongs to one place, such as a meeting there."),
        choices=lambda: [("", _("Mine, wherever I am")), *((one, one) for one in time_zones())],
    )
    unit = forms.ChoiceField(required=False, label=_("Repeat"), choices=list(UNITS.items()))
    interval = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_INTERVAL,
        initial=1,
        label=_("Every"),
        help_text=_("With 3, each third one."),
    )
    until = forms.DateField(
        required=False,
        label=_("Until"),
        help_text=_("Without one, it goes on."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    repeat_from = forms.ChoiceField(
        required=False,
        label=_("The next time counts from when it"),
        choices=[(RepeatFrom.DUE, _("was due")), (RepeatFrom.DONE, _("was done"))],
        initial=RepeatFrom.DUE,
        widget=forms.RadioSelect,
    )
    version = forms.IntegerField(
        min_value=0, max_value=2**31 - 2, required=False, widget=forms.HiddenInput
    )
    # A browser that loads the page again must not fill in the earlier one's.
    page = forms.UUIDField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(self, *args: Any, kept_rule: str = "", **options: Any) -> None:
        """`kept_rule` is one that these fields have no words for; it can be left as it is."""
        super().__init__(*args, **options)
        self.kept_rule = kept_rule
        if kept_rule:
            kept = (KEPT, words.repeat(kept_rule, ""))
            cast("forms.ChoiceField", self.fields["unit"]).choices = [kept, *UNITS.items()]

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())

    def clean_priority(self) -> int:
        return self.cleaned_data["priority"] or Priority.NONE

    def clean_details(self) -> str:
        """Browsers send each line break as two characters."""
        return self.cleaned_data["details"].replace("\r\n", "\n").replace("\r", "\n")

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("at") and not data.get("day") and "day" not in self.errors:
            self.add_error("day", _("A time needs a day, too."))
        if not data.get("at"):
            data["zone"] = ""
        return {**data, **self._repeat(data)}

    def _repeat(self, data: dict[str, Any]) -> dict[str, str]:
        """The rule, by the columns of a reminder."""
        unit, day = data.get("unit"), data.get("day")
        if not unit or self.errors:
            return {"rrule": "", "repeat_from": ""}
        if day is None:
            self.add_error("day", _("What repeats needs a day to begin with."))
            return {}
        if unit == "hour" and not data["at"]:
            self.add_error("at", _("What repeats by the hour needs a time."))
        if unit == KEPT:
            rule = self.kept_rule
        else:
            until = data["until"]
            if until and until < day:
                self.add_error("until", _("That is before it begins."))
            rule = Repeat(unit, data["interval"] or 1, until).rule(day)
        return {"rrule": rule, "repeat_from": data["repeat_from"] or RepeatFrom.DUE}

    @property
    def wanted(self) -> dict[str, Any]:
        """What it says, by the columns of a reminder."""
        names = ("title", "details", "priority", "day", "at", "zone", "rrule", "repeat_from")
        return {name: self.cleaned_data[name] for name in names}


class PlaceForm(forms.Form):
    """The list that something is done in, and to which of its rows."""

    back_to = forms.ChoiceField(choices=[(place, place) for place in PLACES])

    def values(self, name: str) -> list[str]:
        return cast("QueryDict", self.data).getlist(name)[:MAX_AT_ONCE]


class PickedForm(PlaceForm):
    """Which reminders are meant, each with the version of it that the person saw; whose they are
    is asked of the rows."""

    def clean(self) -> dict[str, Any]:
        return {**self.cleaned_data, "seen": dict(map(self._seen, self.values("reminder")))}

    @staticmethod
    def _seen(text: str) -> tuple[uuid.UUID, int]:
        reminder_id, _colon, version = text.partition(":")
        number = forms.IntegerField(min_value=1, max_value=2**31 - 2)
        return forms.UUIDField().clean(reminder_id), number.clean(version)


class UndoForm(PlaceForm):
    def clean(self) -> dict[str, Any]:
        ids = [forms.UUIDField().clean(one) for one in self.values("completion")]
        return {**self.cleaned_data, "completions": ids}


class SnoozeForm(forms.Form):
    """What a reminder is put off to, on the person's clock, as `moment`."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    at = forms.TimeField(label=_("Time"), widget=forms.TimeInput({"type": "time"}, "%H:%M"))

    def __init__(self, *args: Any, zone: datetime.tzinfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.errors:
            return data
        moment = occurrence(datetime.datetime.combine(data["day"], data["at"]), self.zone).at
        if moment <= timezone.now():
            self.add_error("at", _("That is over already."))
        return {**data, "moment": moment}
