"""Codes of the second factor, counted before they are looked at."""

from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.requests import SignedInRequest
from accounts.sign_in import second_factor

_TYPED = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}


class _AnyCode(forms.Form):
    """A code of the app, or one of the recovery codes."""

    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget = forms.TextInput(_TYPED | {"autofocus": True})

    def clean_code(self) -> str:
        second_factor.count_try(self.user)
        code = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP:
            secret = second_factor.unseal(self.user, self.authenticator.data["secret"])
            second_factor.use_up(self.user, secret, code)
        else:
            audit.record(self.user, audit.Event.RECOVERY_CODE_USED, context.request)
        return code


class SignInCode(_AnyCode, AuthenticateForm):
    pass


class AgainCode(_AnyCode, ReauthenticateForm):
    pass


class _FromABrowser(forms.Form):
    """What a passkey answered."""

    def clean_credential(self) -> Any:
        return _parsed(super().clean_credential)  # type: ignore[misc]


def _parsed(parse: Callable[[], Any]) -> Any:
    """An answer of a foreign make can break its parsers in any way."""
    try:
        return parse()
    except ValidationError:
        raise
    except Exception:  # noqa: BLE001 (see above)
        raise get_adapter().validation_error("incorrect_code") from None


class SignInPasskey(_FromABrowser, LoginWebAuthnForm):
    pass


class SecondPasskey(_FromABrowser, AuthenticateWebAuthnForm):
    pass


class AgainPasskey(_FromABrowser, ReauthenticateWebAuthnForm):
    pass


def _name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"), max_length=60, help_text=_("To tell it from others, such as “my phone”.")
    )


class PasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = _name_field()
        # A passkey is made before its form is sent: it shall not be lost for want of a name.
        self.fields["name"].required = False
        self.initial["name"] = ""
        self.fields["passwordless"].label = _("Sign in with it alone, without the password")
        self.fields["passwordless"].help_text = ""
        self.initial["passwordless"] = True

    def clean_name(self) -> str:
        return self.cleaned_data["name"] or str(_("Passkey"))

    def clean(self) -> Any:
        return _parsed(super().clean)


class PasskeyNameForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = _name_field()


class AppForm(forms.Form):
    """Adds an app: the code proves that it has the key."""

    code = forms.CharField(
        label=_("Code"), max_length=20, widget=forms.TextInput(_TYPED | {"inputmode": "numeric"})
    )

    def __init__(self, *args: Any, request: SignedInRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = request.user
        self.secret = second_factor.secret_to_be(request)

    def clean_code(self) -> str:
        second_factor.count_try(self.user)
        code = self.cleaned_data["code"]
        # So that whoever looks over a shoulder can't sign in with it.
        second_factor.use_up(self.user, self.secret, code)
        return code
