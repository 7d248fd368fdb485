"""A reminder in full: its words, its times, how it repeats, and by what it is told."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import ManyChoices, TagsField, time_zones
from reminders import own_lists, repeating, words
from reminders.about import About
from reminders.forms.fields import DayField, DaysField
from reminders.forms.lists import offer_lists
from reminders.models import MAX_DETAILS, MAX_TITLE, Priority, Reminder, RepeatFrom
from reminders.recurrence import MAX_COUNT, MAX_INTERVAL, Rule, Unusable
from reminders.repeating import UNITS, Repeat

TIME_FIELDS = (
    *("day", "at", "zone", "unit", "interval", "until", "count", "repeat_from"),
    *("weekdays", "on", "days", "which", "weekday"),
)
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
    day = DayField(required=False, label=_("Day"))
    at = forms.TimeField(
        required=False,
        label=_("Time"),
        help_text=_("Without one, the whole day is meant."),
        widget=forms.TimeInput({"type": "time"}, "%H:%M"),
    )
    list_id = forms.TypedChoiceField(
        coerce=uuid.UUID, empty_value=None, required=False, label=_("List")
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
        widget=ManyChoices,
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
    weekdays = forms.MultipleChoiceField(
        required=False,
        label=_("On"),
        help_text=_("Without one, it is the weekday of the day above."),
        choices=list(repeating.DAYS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    on = forms.ChoiceField(required=False, label=_("When"), choices=list(repeating.ON.items()))
    days = DaysField(
        required=False,
        label=_("Days of the month"),
        help_text=_("As in 1, 15."),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    which = forms.TypedChoiceField(
        coerce=int,
        required=False,
        label=_("The"),
        choices=list(repeating.WHICH.items()),
    )
    weekday = forms.ChoiceField(
        required=False,
        label=_("Weekday"),
        choices=[*repeating.DAYS.items(), (repeating.WORKDAY, _("day from Monday to Friday"))],
    )
    until = DayField(required=False, label=_("Until"))
    count = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_COUNT,
        label=_("Or so many times"),
        help_text=_("Without a day or a number, it goes on."),
    )
    repeat_from = forms.ChoiceField(
        required=False,
        label=_("The next time counts from when it"),
        choices=[(RepeatFrom.DUE, _("was due")), (RepeatFrom.DONE, _("was done"))],
        initial=RepeatFrom.DUE,
        widget=forms.RadioSelect,
    )
    has_own_channels = forms.BooleanField(
        required=False,
        label=_("Tell me of it by channels of its own"),
        help_text=_("Instead of the usual ones; in AhFai itself you are told anyway."),
    )
    channels = forms.TypedMultipleChoiceField(
        coerce=uuid.UUID,
        required=False,
        label=_("Channels"),
        widget=forms.CheckboxSelectMultiple({"dir": "auto"}),
    )
    version = forms.IntegerField(
        min_value=0, max_value=2**31 - 2, required=False, widget=forms.HiddenInput
    )
    about = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    # A browser that loads the page again must not fill in the earlier one's.
    page = forms.UUIDField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(
        self,
        *args: Any,
        lists: Sequence[own_lists.Named] = (),
        channels: Sequence[tuple[uuid.UUID, str]] = (),
        earlier: Reminder | None = None,
        kept_rule: str = "",
        **options: Any,
    ) -> None:
        """`lists` and `channels` are those of the person, the latter with their names; `earlier` is
        what the form changes; `kept_rule` is one that these fields have no words for; it can be
        left as it is."""
        super().__init__(*args, **options)
        if channels:
            cast("forms.ChoiceField", self.fields["channels"]).choices = channels
        else:
            del self.fields["channels"], self.fields["has_own_channels"]
        if lists:
            offer_lists(self.fields["list_id"], lists)
        else:
            del self.fields["list_id"]
        self.earlier, self.kept_rule = earlier, kept_rule
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
        if not unit or not self.has_sound_times:
            return {"rrule": "", "repeat_from": ""}
        if day is None:
            self.add_error("day", _("What repeats needs a day to begin with."))
            return {}
        is_short = unit == KEPT and Rule.parse(self.kept_rule).is_shorter_than_days
        if (unit in ("minute", "hour") or is_short) and not data["at"]:
            self.add_error("at", _("What repeats by hours or minutes needs a time."))
        rule = self.kept_rule if unit == KEPT else self._rule(data, day)
        return {"rrule": rule, "repeat_from": data["repeat_from"] or RepeatFrom.DUE}

    def _rule(self, data: dict[str, Any], day: datetime.date) -> str:
        until, count, on, days = data["until"], data["count"], data["on"], data["days"]
        if until and until < day:
            self.add_error("until", _("That is before it begins."))
        if until and count:
            self.add_error("count", _("A day or a number, not both."))
        if on == "days" and not days:
            self.add_error("days", _("Say which days."))
        repeat = Repeat(data["unit"], data["interval"] or 1, until, count)
        if repeat.unit == "week":
            repeat = replace(repeat, weekdays=tuple(data["weekdays"]))
        elif repeat.unit in ("month", "year"):
            repeat = replace(repeat, on=on)
            if on == "days":
                repeat = replace(repeat, days=days)
            elif on == "which":
                repeat = replace(repeat, which=data["which"] or 1, weekday=data["weekday"] or "MO")
        rule = repeat.rule(day)
        try:
            Rule.parse(rule)
        except Unusable:
            self.add_error("interval", _("Every 5 minutes is the most often."))
        before = self.earlier
        if before and before.day == day:
            zone = before.own_zone
            if Repeat.of(before.rrule, day, zone) == Repeat.of(rule, day, zone):
                # It was said in another way, and means the same.
                return before.rrule
        return rule

    @property
    def has_sound_times(self) -> bool:
        """Whether the next times can be told, whatever else is still to be said."""
        return not self.errors.keys() & {*TIME_FIELDS}

    @property
    def asks_for_time(self) -> list[str]:
        """What has to be said before the next times can be told."""
        return [*self.errors.get("day", []), *self.errors.get("at", [])]

    @property
    def wanted(self) -> dict[str, Any]:
        """What it says, by the columns of a reminder."""
        words = ("title", "details", "priority", "list_id")
        names = (*words, "day", "at", "zone", "rrule", "repeat_from")
        told = ("has_own_channels",) if "has_own_channels" in self.fields else ()
        said = (*names, *told)
        wanted = {name: self.cleaned_data[name] for name in said if name in self.cleaned_data}
        about = None if self.earlier else About.parse(self.cleaned_data["about"])
        return wanted | (about.columns if about else {})

    @property
    def told_by(self) -> list[uuid.UUID] | None:
        """The channels of its own; None where the person has none to choose of."""
        if "channels" not in self.fields:
            return None
        return self.cleaned_data["channels"] if self.cleaned_data["has_own_channels"] else []
