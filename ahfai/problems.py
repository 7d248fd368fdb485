"""Errors of the API: problem details (RFC 9457), with a sentence for the person who reads them."""

import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MaxLengthValidator
from django.http import JsonResponse
from django.utils.choices import flatten_choices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ahfai import limits

# Others would be a list to scroll through, such as that of time zones.
MOST_CHOICES = 25


class Refused(Exception):
    """Carries what `answer` takes."""

    def __init__(
        self, status: int, sentence: str, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(status)
        self.status, self.sentence, self.headers, self.more = status, sentence, headers, more


def answer(
    status: int, sentence: str, headers: dict[str, str] | None = None, **more: Any
) -> JsonResponse:
    """`more` are members beside those of the RFC. Without a `type`, the title is the status's."""
    said = {"title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return JsonResponse(
        said | more,
        status=status,
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store"} | (headers or {}),
    )


def of_form(form: forms.BaseForm) -> Refused:
    """What a page would say beside its fields."""
    found, told = [], []
    for name, errors in form.errors.as_data().items():
        field = "" if name == NON_FIELD_ERRORS else name
        for error in errors:
            general = _general(form.fields.get(name), error)
            sentence = general or " ".join(error.messages)
            found.append({"field": field, "sentence": sentence})
            told.append(f"{field}: {sentence}" if general and field else sentence)
    return Refused(422, " ".join(told), errors=found)


def _general(field: forms.Field | None, error: ValidationError) -> str:
    """What fits any field, and so has to stand beside its name; "" where the form has words of its
    own. Of a choice it says what there is to choose from, which a page shows; and it is in words
    of ours what Django says to whoever writes code."""
    pairs: list[tuple[Any, Any]] = list(flatten_choices(getattr(field, "choices", ())))
    choices = [str(value) for value, _label in pairs]
    if error.code == "invalid_choice" and len(choices) <= MOST_CHOICES:
        return one_of(list(filter(None, choices)))
    if error.params and error.message is MaxLengthValidator.message:
        return too_long(error.params["limit_value"])
    if error.message is forms.ChoiceField.default_error_messages["invalid_choice"]:
        return _("It isn't one of those that there are.")
    if error.message is forms.Field.default_error_messages["required"]:
        return _("It can't be left empty.")
    return ""


def too_long(most: int) -> str:
    said = ngettext(
        "It can have at most %(most)d character.",
        "It can have at most %(most)d characters.",
        most,
    )
    return said % {"most": most}


def one_of(choices: list[str]) -> str:
    return _("It has to be one of these: %(choices)s.") % {"choices": ", ".join(choices)}


def of_field(name: str, sentence: str) -> Refused:
    return Refused(422, sentence, errors=[{"field": name, "sentence": sentence}])


def too_often(window: datetime.timedelta) -> Refused:
    headers = {"Retry-After": str(limits.seconds_left(window))}
    return Refused(429, _("That was too often in a short time. Try again later."), headers)
