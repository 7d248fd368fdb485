"""The sign-up form as it is shown: allauth's, with our name field and our limit."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from django.core.exceptions import ValidationError

from accounts.door_forms import in_our_words


class CountedSignUpForm(SignupForm):
    """Asks whether an address is taken only when all else is right, and counts each asking."""

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)
        in_our_words(self)

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
