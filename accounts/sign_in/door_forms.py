"""allauth's forms in our words. Apart from `accounts.forms`, which allauth's own forms inherit."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

GOOD_PASSWORD = _("At least 10 characters, and not one that many people use.")
# Without mail there is no page behind allauth's link of a forgotten password.
NO_MAIL = _("Forgotten? Ask the one who runs this server: “manage.py set_password” sets a new one.")


class AddressForm(forms.Form):
    """Where a link shall be sent to."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )


def in_our_words(form: forms.Form) -> None:
    """The label says it; a placeholder that repeats it only looks like something filled in."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    if "email" in form.fields:
        form.fields["email"].label = _("E-mail address")
    if "password1" in form.fields:
        form.fields["password1"].help_text = GOOD_PASSWORD


class SignInPage(LoginForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)
        self.fields["login"].label = _("E-mail address")
        self.fields["password"].help_text = ""


class PasswordPage(ChangePasswordForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)
        if not settings.HAS_MAIL:
            self.fields["oldpassword"].help_text = NO_MAIL

    def clean_oldpassword(self) -> str:
        """Counted like a sign-in: an open session is no way to try passwords without end."""
        password = self.cleaned_data.get("oldpassword", "")
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class AgainPage(ReauthenticateForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)
        if not settings.HAS_MAIL:
            self.fields["password"].help_text = NO_MAIL
