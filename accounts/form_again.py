from typing import Any

from django.http import HttpResponse


class FormAgain:
    """A form with a mistake comes back with 422, as everywhere in the house."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response
