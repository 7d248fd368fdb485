"""The day or the time that reminders are moved or put off to."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reminders.forms.fields import DayField
from reminders.recurrence import occurrence


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
