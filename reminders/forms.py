import datetime
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import ManyChoices, TagsField, time_zones
from reminders import own_lists, quick, repeating, words
from reminders.about import About
from reminders.models import (
    MAX_DETAILS,
    MAX_FEED_NAME,
    MAX_LIST_NAME,
    MAX_TITLE,
    Colour,
    Feed,
    Priority,
    Reminder,
    RepeatFrom,
)
from reminders.phrases import MAX_PHRASE, Order, Phrase, read
from reminders.recurrence import MAX_COUNT, MAX_INTERVAL, YEARS, Rule, Unusable, occurrence
from reminders.repeating import UNITS, Repeat

# The page of a reminder.
DETAIL = "detail"
PLACES = ("list", "undated", "done", "trash", DETAIL)
MAX_AT_ONCE = 500
TIME_FIELDS = (
    *("day", "at", "zone", "unit", "interval", "until", "count", "repeat_from"),
    *("weekdays", "on", "days", "which", "weekday"),
)
# A rule that stays as it is.
KEPT = "kept"
# How long a line that is left standing still means what was shown of it.
KEEPS_SHOWN = datetime.timedelta(days=1)
MAX_PIECES = 50


class DayField(forms.DateField):
    """A day of the years that all clocks of the world can be told in, as UTC or another one."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput({"type": "date"}, "%Y-%m-%d")
        super().__init__(**{"widget": widget, **options})

    def clean(self, value: object) -> datetime.date | None:
        day = super().clean(value)
        if day and day.year not in YEARS:
            years = {"first": YEARS[0], "last": YEARS[-1]}
            raise forms.ValidationError(_("A day is of the years %(first)d to %(last)d.") % years)
        return day


class DaysField(forms.CharField):
    """Numbers of days in a month, separated by spaces or commas."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 100, **options})

    def clean(self, value: object) -> tuple[int, ...]:
        words = super().clean(value).replace(",", " ").replace(".", " ").split()
        if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= 31 for word in words):
            raise forms.ValidationError(_("Days are numbers from 1 to 31."))
        return tuple(sorted({int(word) for word in words}))


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
            _offer_lists(self.fields["list_id"], lists)
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


class QuickForm(forms.Form):
    """A reminder in one line. How it was read is `phrase`; pieces that were `taken_off` are left as
    words. What was shown is what is saved: with it come the text that it was of, and when.

    Where only one list or tag is looked at, what is added stays there: `around` is how it is
    called."""

    text = forms.CharField(required=False, label=_("What to remind you of"))
    seen = forms.CharField(required=False)
    seen_at = forms.DateTimeField(required=False)
    page = forms.UUIDField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(
        self,
        *args: Any,
        user: Any,
        around: quick.Around | None = None,
        order: Order = "dmy",
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.user, self.order, self.around = user, order, around or quick.Around()
        self.taken_off: list[str] = []
        self.phrase: Phrase | None = None
        self.said = ""
        self.read_at = timezone.now()
        self.is_over = False

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        if len(text) > MAX_PHRASE:
            said = _("A line has at most %(most)d characters. “More” has room for details.")
            raise forms.ValidationError(said % {"most": MAX_PHRASE})
        return text

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        # What is too long isn't read.
        self.said = text = data.get("text", "")
        if text:
            self._read(text, data.get("seen_at") if data.get("seen") == text else None)
        return data

    def _read(self, text: str, seen_at: datetime.datetime | None) -> None:
        back = self._words("put_back")
        asked = dict.fromkeys([*self._words("without"), *self._words("take_off")])
        self.taken_off = [words for words in asked if words in text and words not in back]
        now, zone = self.read_at, self.user.zone
        lists = [one.name for one in self.around.lists]
        self.phrase = read(text, now, zone, self.order, self.taken_off, lists)
        if seen_at and now - KEEPS_SHOWN < seen_at <= now:
            shown = read(text, seen_at, zone, self.order, self.taken_off, lists)
            self.is_over = shown.start != self.phrase.start and quick.is_over(shown, now, zone)
            if not self.is_over:
                self.phrase, self.read_at = shown, seen_at

    def _words(self, name: str) -> list[str]:
        values = cast("QueryDict", self.data).getlist(name)[:MAX_PIECES]
        return [words for value in values for words in value.splitlines() if words]

    def is_clear(self) -> bool:
        """Whether it can be saved; otherwise there are errors that say what to do."""
        if self.is_valid():
            if self.phrase is None or not self.phrase.title:
                self.add_error("text", _("Say what you want to be reminded of."))
            elif self.phrase.doubts:
                self.add_error("text", _("It isn't added yet: change that, or keep it as words."))
            elif self.is_over:
                self.add_error("text", _("The time that stood here is over. This is the next one."))
        return not self.errors

    @property
    def initial_words(self) -> dict[str, Any]:
        """What the whole form begins with, by the columns of a reminder; nothing gets lost."""
        if self.phrase is None:
            list_id = self.goes_to.id if self.goes_to else None
            return {"title": self["text"].value() or "", "list_id": list_id}
        return self.wanted | ({"title": self.said} if self.phrase.doubts else {})

    @property
    def wanted(self) -> dict[str, Any]:
        """What was understood, by the columns of a reminder."""
        assert self.phrase
        if self.around.parent:
            return {**quick.wanted(self.phrase), "parent_id": self.around.parent.pk}
        list_id = self.goes_to.id if self.goes_to else None
        about = self.around.about.columns if self.around.about else {}
        return {**quick.wanted(self.phrase), "list_id": list_id, **about}

    @property
    def goes_to(self) -> own_lists.Named | None:
        """The list that it names, else the one around it."""
        if self.phrase and self.phrase.in_list:
            return own_lists.called(self.around.lists, self.phrase.in_list)
        return self.around.in_list

    @property
    def tag_names(self) -> list[str]:
        tag = self.around.tag
        return [*(self.phrase.tags if self.phrase else ()), *([tag.name] if tag else [])]

    @property
    def chips(self) -> list[quick.Chip]:
        if self.phrase is None:
            return []
        # A series that began earlier goes on.
        is_once = not self.phrase.rrule
        is_over = is_once and quick.is_over(self.phrase, timezone.now(), self.user.zone)
        return quick.chips(self.phrase, timezone.localdate(), self.goes_to, is_over)

    @property
    def doubts(self) -> list[quick.Chip]:
        return list(quick.doubts(self.phrase)) if self.phrase else []

    @property
    def next_days(self) -> list[str]:
        return quick.next_days(self.user, self.phrase, timezone.localdate()) if self.phrase else []


class PlaceForm(forms.Form):
    """The list, or the page `of` a reminder, that something is done in, and to which rows."""

    back_to = forms.ChoiceField(choices=[(place, place) for place in PLACES])
    of = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("back_to") == DETAIL and not data.get("of"):
            self.add_error("of", "")
        return data

    def values(self, name: str) -> list[str]:
        return cast("QueryDict", self.data).getlist(name)[:MAX_AT_ONCE]


class PickedForm(PlaceForm):
    """Which reminders are meant, each with the version of it that the person saw; whose they are
    is asked of the rows."""

    def clean(self) -> dict[str, Any]:
        return {**super().clean(), "seen": dict(map(self._seen, self.values("reminder")))}

    @staticmethod
    def _seen(text: str) -> tuple[uuid.UUID, int]:
        reminder_id, _colon, version = text.partition(":")
        number = forms.IntegerField(min_value=1, max_value=2**31 - 2)
        return forms.UUIDField().clean(reminder_id), number.clean(version)


class UndoForm(PlaceForm):
    def clean(self) -> dict[str, Any]:
        ids = [forms.UUIDField().clean(one) for one in self.values("completion")]
        return {**super().clean(), "completions": ids}


class DayForm(forms.Form):
    day = DayField(label=_("Day"))


class SnoozeForm(forms.Form):
    """What a reminder is put off to, on the person's clock, as `moment`."""

    day = DayField(label=_("Day"))
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


class ListForm(forms.Form):
    """A list's name and colour."""

    name = forms.CharField(
        max_length=MAX_LIST_NAME,
        label=_("Name"),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("A list needs a name.")},
    )
    colour = forms.ChoiceField(choices=Colour, label=_("Colour"), widget=forms.RadioSelect)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class IntoListForm(forms.Form):
    """Which list reminders go into; empty for none."""

    into = forms.TypedChoiceField(coerce=uuid.UUID, empty_value=None, required=False)

    def __init__(self, *args: Any, lists: Sequence[own_lists.Named], **options: Any) -> None:
        super().__init__(*args, **options)
        _offer_lists(self.fields["into"], lists)


def _offer_lists(field: forms.Field, lists: Sequence[own_lists.Named]) -> None:
    offered = [("", _("None")), *((str(one.id), one.name) for one in lists)]
    cast("forms.ChoiceField", field).choices = offered


class FeedForm(forms.Form):
    """A new address for other programs."""

    name = forms.CharField(
        max_length=MAX_FEED_NAME,
        label=_("Name"),
        help_text=_("By which you know it again, such as “Phone”."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("Give it a name, so that you know what reads there.")},
    )
    shape = forms.ChoiceField(
        label=_("What your reminders are there"),
        help_text=_(
            "Most calendars show appointments alone, such as those of Google and Apple. Tasks are "
            "for Nextcloud Tasks, Thunderbird and the like."
        ),
        choices=Feed.Shape,
        initial=Feed.Shape.EVENTS,
        widget=forms.RadioSelect,
    )
    shows_titles = forms.BooleanField(
        required=False,
        initial=True,
        label=_("Show what each reminder is"),
        help_text=_("Otherwise each is only called “Busy”."),
    )


class ImportForm(forms.Form):
    """A file of another calendar; `reminders.ical.reading` looks into it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("An .ics file of at most 5 MB."),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".ics,.ical,.ifb,text/calendar"}),
        error_messages={
            "required": _("Choose a file first."),
            "max_length": _("Its name is too long."),
        },
    )
