"""A reminder that is said in one line."""

import datetime
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reminders import own_lists, quick
from reminders.phrases import MAX_PHRASE, Order, Phrase, read

# How long a line that is left standing still means what was shown of it.
KEEPS_SHOWN = datetime.timedelta(days=1)
MAX_PIECES = 50


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
