"""What programs change goes through the verbs and forms of the pages, and through no others."""

import dis
import inspect
import re
from collections.abc import Iterable, Iterator
from types import CodeType, ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model, QuerySet

from ahfai import openapi
from ahfai.api import api
from ahfai.middleware import SAFE
from ahfai.tests.test_access_matrix import ROUTES

pytestmark = pytest.mark.only_on_sqlite
ROOMS = ("accounts.", "ahfai.", "chats.", "notes.", "reminders.")
# Where views are, and what stands around all of them.
VIEWS = re.compile(r"\.(api(_\w+)?|\w*views|webhook_api)$")
AROUND = re.compile(r"\.(problems|etags|pages|bodies|api_access|idempotency|limits|faults)$")
# Methods of our rows are known by their names.
METHODS = {
    name
    for model in apps.get_models()
    if model.__module__.startswith(ROOMS)
    for kind in (model, type(model._default_manager.all()))
    for name, one in vars(kind).items()
    if inspect.isfunction(one) and not name.startswith("_") and not hasattr(QuerySet, name)
} - {*vars(Model)}
# What no page uses, and why.
OF_PROGRAMS = {
    # Uploaded before, where a form brings them along: both are `_brought`.
    "chats.attachments.named",
    # Without what only the page of a chat asks beside it.
    "chats.forms.SteerForm",
    "chats.forms.UsesNotesForm",
    # What a person does by hand in the editor.
    "ahfai.markdown.files.without",
    # A form has a property of this name.
    "reminders.quick.doubts",
}
# What the database is asked to write by the views themselves, as those of the pages do.
BY_THEMSELVES = {
    "accounts.api_settings.change": {"save"},
    "chats.api_facts.forget": {"delete"},
    "chats.api_presets.delete": {"delete"},
    "ahfai.webhook_api.delete": {"delete"},
}
WRITES = {"create", "update", "save", "delete", "bulk_create", "get_or_create", "update_or_create"}


def test_each_change_by_a_program_is_made_by_the_verbs_and_forms_of_the_pages():
    operations = [one for one in openapi.operations(api) if openapi.is_private(one)]
    views = [one.view for one in ROUTES if not one.answers_programs]
    reading = _used(one.view_func for one in operations if {*one.methods} <= SAFE)
    pages, behind_pages = _used(views), _used(views, is_deep=True)
    without, of_their_own = set(), {}
    for one in operations:
        if {*one.methods} & SAFE:
            continue
        verbs = _used([one.view_func]) - reading
        name = f"{one.view_func.__module__}.{one.view_func.__name__}"
        if not verbs & pages and BY_THEMSELVES.get(name) != {"delete"}:
            without.add(name)
        if others := verbs - behind_pages - OF_PROGRAMS:
            of_their_own[name] = others
    assert (without, of_their_own) == (set(), {})


def test_no_view_for_programs_writes_into_the_database_by_itself():
    found: dict[str, set[str]] = {}
    for one in openapi.operations(api):
        for function in _functions_of([one.view_func]) if openapi.is_private(one) else ():
            codes = list(_codes(function.__code__))
            if writes := {name for of, name in _attributes(function, codes) if not of} & WRITES:
                found[f"{function.__module__}.{function.__name__}"] = writes
    assert found == BY_THEMSELVES


def _used(views: Iterable[Any], is_deep: bool = False) -> set[str]:
    """The functions, classes and methods of the rooms that views use, with those that they call
    where views are; `is_deep`, also wherever else."""
    found = set[str]()
    for function in _functions_of(views, is_deep):
        codes = list(_codes(function.__code__))
        found |= {f".{name}" for code in codes for name in METHODS.intersection(code.co_names)}
        for one in _reached(function, codes):
            if not (VIEWS.search(one.__module__) or AROUND.search(one.__module__)):
                found.add(f"{one.__module__}.{one.__qualname__}")
    return found


def _functions_of(views: Iterable[Any], is_deep: bool = False) -> Iterator[Any]:
    seen, left = set[Any](), [inspect.unwrap(one) for one in views]
    while left:
        function = left.pop()
        if function in seen or not inspect.isfunction(function):
            continue
        seen.add(function)
        yield function
        for one in _reached(function, list(_codes(function.__code__))):
            if is_deep or VIEWS.search(one.__module__):
                left.append(inspect.unwrap(one))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _reached(function: Any, codes: list[CodeType]) -> Iterator[Any]:
    """Of the rooms, by its name or as a part of a module. Which module is not looked at: that would
    take seconds."""
    names = {name for code in codes for name in code.co_names}
    for name in names:
        there = function.__globals__.get(name)
        parts = [vars(there).get(one) for one in names] if isinstance(there, ModuleType) else ()
        for one in (there, *parts):
            is_one = inspect.isfunction(one) or inspect.isclass(one)
            if is_one and one.__module__.startswith(ROOMS):
                yield one


def _attributes(function: Any, codes: list[CodeType]) -> Iterator[tuple[ModuleType | None, str]]:
    """The names behind dots, each with the module that it is a part of, where it is one's."""
    for code in codes:
        module: Any = None
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                yield module, step.argval
            name = step.argval if step.opname == "LOAD_GLOBAL" else None
            found = function.__globals__.get(name)
            module = found if isinstance(found, ModuleType) else None
