"""Forms about how a person is told outside AhFai."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reminders.channels import WAYS, Way
from reminders.models import MAX_NAME, MAX_TARGET, Channel

SHOWN_OPENLY = _("It goes sealed, and is shown where others may see the screen.")


class ChannelForm(forms.Form):
    """What all kinds have in common."""

    name = forms.CharField(
        max_length=MAX_NAME,
        label=_("Name"),
        help_text=_("For you alone, to know it again."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    by_default = forms.BooleanField(
        required=False, label=_("Use it for every reminder that has no channels of its own")
    )
    says_title = forms.BooleanField(
        required=False,
        label=_("Say what it is, too, and not only “You have a reminder”"),
        help_text=_("Then the words of your reminders pass through other people's servers."),
    )


class WholeChannelForm:
    """That form, and the one of the channel's kind, as one."""

    def __init__(self, kind: str, data: Any = None, channel: Channel | None = None) -> None:
        self.way: Way = WAYS[kind]
        self.kept: dict[str, Any] = json.loads(channel.target) if channel else {}
        names = ("name", "by_default", "says_title")
        first = (
            {name: getattr(channel, name) for name in names}
            if channel
            else {"name": Channel.Kind(kind).label, "by_default": True}
        )
        self.common = ChannelForm(data, initial=first)
        if self.way.sealed:
            self.common.fields["says_title"].help_text = SHOWN_OPENLY
        self.own = self.way.form(data, initial=self.kept) if self.way.form else None
        if self.own and self.kept.get(self.own.secret):
            kept = _("Saved; left empty, it stays as it is.")
            self.own.fields[self.own.secret].widget.attrs["placeholder"] = kept

    @property
    def forms(self) -> list[forms.Form]:
        return [form for form in (self.own, self.common) if form]

    def is_valid(self) -> bool:
        if not all([form.is_valid() for form in self.forms]):  # noqa: C419 (each shows its errors)
            return False
        if self.own and len(self.target) > MAX_TARGET:
            self.common.add_error(None, _("That is too long."))
        return not self.common.errors

    @property
    def target(self) -> str:
        """In JSON, for its column."""
        return json.dumps(self.own.kept(self.kept) if self.own else self.kept)

    @property
    def columns(self) -> dict[str, Any]:
        return {**self.common.cleaned_data, "target": self.target}


class TellingForm(forms.Form):
    """When nothing is sent, and when the digest of the day is."""

    quiet_from = forms.TimeField(
        required=False,
        label=_("Quiet from"),
        widget=forms.TimeInput({"type": "time"}, "%H:%M"),
    )
    quiet_until = forms.TimeField(
        required=False, label=_("Quiet until"), widget=forms.TimeInput({"type": "time"}, "%H:%M")
    )
    digest_at = forms.TimeField(
        required=False,
        label=_("Once a day, at"),
        help_text=_("One message with how many are overdue and how many are for today."),
        widget=forms.TimeInput({"type": "time"}, "%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.errors:
            return data
        begin, end = data["quiet_from"], data["quiet_until"]
        if (begin is None) != (end is None):
            missing = "quiet_until" if end is None else "quiet_from"
            self.add_error(missing, _("Quiet hours need a beginning and an end, or neither."))
        elif begin and begin == end:
            self.add_error("quiet_until", _("They would never end."))
        return data
