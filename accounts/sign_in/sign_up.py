"""The sign-up forms as they are shown: allauth's, with our name field and our limit."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts import invitations
from accounts.models import User
from accounts.sign_in.door_forms import in_our_words


class CountedSignUpForm(SignupForm):
    """Asks whether an address is taken only when all else is right, and counts each asking."""

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)
        in_our_words(self)

    @property
    def invitation_hash(self) -> str:
        return invitations.hash_in_session(self.request)

    def validate_unique_email(self, value: str) -> str:
        return value

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.errors:
            return data
        get_adapter().count_sign_up(self.request)
        try:
            super().validate_unique_email(data["email"])
        except ValidationError as error:
            self.add_error("email", error)
        return data


class ConfirmedSignUpForm(SignupForm):
    """What is left to say behind the link in a mail. The address is that of the link, whatever a
    browser sends."""

    def __init__(self, *args: Any, email: str, invitation_hash: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.invitation_hash = invitation_hash
        in_our_words(self)
        del self.fields["email"]

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["email"] = self.email
        return super().clean()

    def save(self, request: HttpRequest) -> User:
        person = super().save(request)
        EmailAddress.objects.filter(user=person).update(verified=True)
        return person
