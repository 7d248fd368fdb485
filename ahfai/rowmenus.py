"""The menus of a list's rows, which are most of what a list draws."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString

from ahfai.templatetags.house import opened

_Row = TypeVar("_Row", bound=models.Model)
# A character that no text holds.
_TITLE = "\ufdd0"


def draw(
    request: HttpRequest,
    template: str,
    name: str,
    rows: Iterable[_Row],
    kind_of: Callable[[_Row], Any],
    **options: Any,
) -> dict[Any, SafeString]:
    """The menu of each row, by its id. One of each kind is drawn, with the row as `name` and its
    `title`; in those of the others only id and title are exchanged."""
    drawn: dict[Any, tuple[str, str]] = {}
    menus = {}
    for row in rows:
        kind = kind_of(row)
        if kind not in drawn:
            shown = {name: row, "title": _TITLE, **options}
            drawn[kind] = str(row.pk), render_to_string(template, shown, request)
        first, menu = drawn[kind]
        menu = menu.replace(first, str(row.pk))
        menus[row.pk] = SafeString(menu.replace(_TITLE, escape(opened(row, "title"))))
    return menus
