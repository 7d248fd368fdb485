"""Who may enter: everything needs a sign-in, and a view that doesn't says why."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required

View = TypeVar("View", bound=Callable[..., Any])


def open_to_all(reason: str) -> Callable[[View], View]:
    """Let people in who are not signed in. A test lists each such view with its `reason`."""

    def mark(view: View) -> View:
        marked: Any = login_not_required(view)
        marked.open_because = reason
        return marked

    return mark


def for_programs(route: Any) -> Any:
    """For a route of the API, which lets in by tokens, too, and answers programs: nobody is led to
    the sign-in page. A test tries that each refuses by itself whoever shows neither."""
    marked = login_not_required(route.callback)
    marked.answers_programs = True
    return route


def asked_by_the_page(view: View) -> View:
    """For what an open page asks by itself: nobody has to sit before it."""
    marked: Any = view
    marked.is_asked_by_the_page = True
    return view
