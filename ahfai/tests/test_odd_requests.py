"""Whatever is sent to whichever address: no answer is our fault, and nothing of others changes."""

import copy
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.urls import Resolver404, resolve

from ahfai.testing import PASSWORD
from ahfai.tests.odd_requests import NAMES, Forms, Maker, Odd
from ahfai.tests.test_access_matrix import OPEN, ROUTES, things_of

pytestmark = pytest.mark.same_everywhere

# How many to each address, and to each of how many.
HOW_MANY = pytest.mark.parametrize(
    ("each", "of"), [(1, 8), pytest.param(30, 1, marks=pytest.mark.prove)]
)


@pytest.fixture
def things(owner):
    made = things_of(owner)
    # One that no program made: it can't be asked for.
    Authenticator.objects.all().delete()
    return made


@pytest.fixture
def strangers(stranger):
    return things_of(stranger, "1" * 64)


@pytest.fixture
def just_signed_in(owner, nobody):
    """So that nothing asks for the password once more."""
    nobody.post("/account/sign-in/", {"login": owner.email, "password": PASSWORD})
    return nobody


@pytest.fixture(autouse=True)
def nothing_goes_on_beside(monkeypatch):
    """What the thread of a reply or a download reads and writes isn't sent here."""
    start = threading.Thread.start

    def start_others(thread: threading.Thread) -> None:
        if not thread.name.startswith(("reply-", "pull-", "model-list")):
            start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_others)


@HOW_MANY
def test_odd_forms_get_an_answer(
    just_signed_in, things, strangers, stranger, each, of, record_property
):
    known = fields_by_route(just_signed_in, things, ROUTES[::of])
    send_all(
        just_signed_in,
        (
            odd
            for route in ROUTES[::of]
            for odd in Maker(route.pattern, things, strangers).posts(
                route.path(things), known.get(route.pattern, NOTHING_KNOWN), each
            )
        ),
        stranger,
        record_property,
    )


@HOW_MANY
def test_odd_queries_get_an_answer(
    just_signed_in, things, strangers, stranger, each, of, record_property
):
    send_all(
        just_signed_in,
        (
            odd
            for route in ROUTES[::of]
            for odd in Maker(route.pattern, things, strangers).gets(route.path(things), [], each)
        ),
        stranger,
        record_property,
    )


@pytest.mark.parametrize("each", [1, pytest.param(100, marks=pytest.mark.prove)])
def test_odd_requests_of_nobody_get_an_answer(
    things, strangers, stranger, nobody, settings, each, record_property
):
    """Who isn't signed in reaches the doors alone."""
    settings.HAS_MAIL = True
    doors = [route for route in ROUTES if route.name in OPEN]
    known = fields_by_route(nobody, things, doors)

    def requests() -> Iterator[Odd]:
        for route in doors:
            fields, path = known.get(route.pattern, NOTHING_KNOWN), route.path(things)
            maker = Maker(f"nobody {route.pattern}", things, strangers)
            yield from maker.posts(path, fields, each)
            yield from maker.gets(path, fields, each)

    send_all(nobody, requests(), stranger, record_property)


NOTHING_KNOWN = [(name, "") for name in NAMES]


def fields_by_route(client, things, routes) -> dict[str, list]:
    """What the forms of all pages send to each address, as far as they stand in a page."""
    pages, known = {}, {}
    for route in routes:
        path = route.path(things)
        response = client.get(path)
        if not response.streaming and "html" in response.get("Content-Type", ""):
            pages[path] = response.content.decode()
    for path, page in pages.items():
        for target, fields in Forms(path, page).found:
            try:
                match = resolve(target)
            except Resolver404:
                continue
            mine = known.setdefault(match.route, [])
            mine += [one for one in fields if one[0] not in dict(mine)]
    return known


def send_all(client, requests, stranger, record_property) -> None:
    cookies, theirs = copy.deepcopy(client.cookies), rows_of(stranger)
    wrong, answers = {}, Counter()
    for odd in requests:
        client.cookies = copy.deepcopy(cookies)
        with transaction.atomic():
            try:
                response = odd.send(client)
                answers[response.status_code] += 1
                assert response.status_code < 500, response.status_code
                if not response.streaming:
                    assert b"Traceback (most recent" not in response.content
                assert rows_of(stranger) == theirs, "something of a stranger's has changed"
            except Exception as error:
                wrong.setdefault(f"{type(error).__name__}: {error}"[:300] + where(error), str(odd))
            transaction.set_rollback(True)
    for status, count in sorted(answers.items()):
        record_property(f"answered {status}", f"{count:,}")
    assert not wrong, "\n".join(f"{what}\n  {odd}" for what, odd in wrong.items())


def where(error: Exception) -> str:
    """The lines of ours that it came through."""
    ours = settings.BASE_DIR
    return "".join(
        f"\n  {Path(one.filename).relative_to(ours)}:{one.lineno} {one.line}"
        for one in traceback.extract_tb(error.__traceback__)
        if one.filename.startswith(str(ours)) and ".venv" not in one.filename
    )


def rows_of(person) -> list:
    """All that is this person's, as it lies in the database."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            for one in model._meta.concrete_fields:
                if one.remote_field and one.remote_field.model is type(person):
                    table, column = model._meta.db_table, one.column
                    cursor.execute(
                        f'SELECT * FROM "{table}" WHERE "{column}" = %s', [person.pk.hex]
                    )
                    found += cursor.fetchall()
        cursor.execute('SELECT * FROM "accounts_user" WHERE "id" = %s', [person.pk.hex])
        return [*found, *cursor.fetchall()]
