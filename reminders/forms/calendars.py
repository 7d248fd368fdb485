"""Reminders in other programs' calendars, and calendars that become reminders."""

from django import forms
from django.utils.translation import gettext_lazy as _

from reminders.models import MAX_FEED_NAME, Feed


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
