"""Days as forms take them."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reminders.recurrence import YEARS


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
