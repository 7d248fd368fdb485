"""Forms about a person."""

import zoneinfo
from typing import cast

from django import forms
from django.conf import settings
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import tags, zones
from accounts.models import User

_SELECTED = mark_safe(" selected")


class SignUpForm(forms.Form):
    """What allauth's sign-up form lacks; it inherits from this one."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    # The browser's own zone, filled in by a script; without one the server's is taken.
    time_zone = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-time-zone": True})
    )
    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        """Part of allauth's contract; the adapter has saved all there is."""


class TagsField(forms.CharField):
    """Names of tags, separated by spaces or commas, as a list."""

    def __init__(self, *, most: int = tags.MAX_TAGS, **options) -> None:
        super().__init__(
            **{"max_length": 2000, "widget": forms.TextInput({"dir": "auto"}), **options}
        )
        self.most = most

    def clean(self, value: object) -> list[str]:
        text = super().clean(value)
        try:
            names = tags.parse(text)
        except tags.TooLong:
            raise forms.ValidationError(self.too_long()) from None
        if len(names) > self.most:
            raise forms.ValidationError(self.too_many(self.most))
        if self.required and not names:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return names

    @staticmethod
    def too_many(most: int) -> str:
        said = ngettext(
            "Only one tag, please: without spaces and commas.",
            "At most %(most)d tags go on one thing.",
            most,
        )
        return said % {"most": most}

    @staticmethod
    def too_long() -> str:
        return _("A tag can have at most %(most)d characters.") % {"most": tags.MAX_NAME}


class TagForm(forms.Form):
    name = TagsField(
        most=1,
        label=_("Name"),
        help_text=_(
            "Tags nested in it go along. If you have a tag of the new name, the two become one."
        ),
        error_messages={"required": _("A tag needs a name.")},
    )

    def clean_name(self) -> str:
        return self.cleaned_data["name"][0]


class TagSeveralForm(forms.Form):
    """Tags to put on, or the one to take off."""

    tags = TagsField(required=False)
    take_off = forms.UUIDField(required=False)

    def clean(self) -> dict[str, object]:
        if not self.errors and not self.cleaned_data["tags"] and not self.cleaned_data["take_off"]:
            self.add_error("tags", _("Write the tags first."))
        return self.cleaned_data


class TagsOfOneForm(forms.Form):
    """Which tags a thing carries. `names` are all of them, those it has and new ones."""

    carried = forms.MultipleChoiceField(
        required=False, label=_("Your tags"), widget=forms.CheckboxSelectMultiple({"dir": "auto"})
    )
    more = TagsField(
        required=False,
        label=_("New tags"),
        help_text=_("Separated by spaces or commas. A slash nests them, as in garden/roses."),
    )

    def __init__(self, *args, known: list[tags.Named], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(tag.id): tag.name for tag in known}
        cast("forms.MultipleChoiceField", self.fields["carried"]).choices = self.known.items()
        if not known:
            del self.fields["carried"]

    def clean(self) -> dict[str, object]:
        data = self.cleaned_data
        carried = [self.known[one] for one in data.get("carried", [])]
        names = list(dict.fromkeys([*carried, *data.get("more", [])]))
        if len(names) > tags.MAX_TAGS:
            self.add_error(None, TagsField.too_many(tags.MAX_TAGS))
        return {**data, "names": names}


class ManyChoices(forms.Select):
    """Hundreds of choices, none in a group. Django renders three templates for each of them."""

    def render(self, name, value, attrs=None, renderer=None):
        chosen = self.format_value(value)
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            ((one, _SELECTED if str(one) in chosen else "", said) for one, said in self.choices),
        )
        attributes = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<select name="{}"{}>\n{}\n</select>', name, attributes, options)


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "theme", "time_zone"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "theme": forms.RadioSelect,
        }

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(zone, _shown(zone)) for zone in time_zones()],
        widget=ManyChoices,
    )

    def save(self, commit: bool = True) -> User:
        """Only what the form shows, so that a change from elsewhere is kept."""
        zones.save_profile(self.instance, self.Meta.fields)
        return self.instance


class InvitationForm(forms.Form):
    """Where it shall be sent to, where there is mail."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("The link is sent there. Without an address it is shown to you."),
        widget=forms.EmailInput({"autocomplete": "off"}),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not settings.HAS_MAIL:
            del self.fields["email"]


class QuotaForm(forms.Form):
    quota_mb = forms.IntegerField(
        label=_("Room for files, in MB"),
        required=False,
        min_value=1,
        max_value=1_048_576,
        help_text=_("Without a number it is what the settings of this installation say."),
    )


def time_zones() -> list[str]:
    """Places and UTC, without the aliases that only machines use."""
    return sorted(
        zone
        for zone in zoneinfo.available_timezones()
        if zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix")))
    )


def _shown(zone: str) -> str:
    return zone.replace("_", " ").replace("/", " / ")
