"""Codes of the second factor, counted before they are looked at."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import validate_totp_code
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import audit, second_factor
from accounts.models import User
from accounts.requests import SignedInRequest

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
        if not validate_totp_code(self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        return code
