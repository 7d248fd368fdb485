"""Every address of the house, tried by nobody and by a stranger."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import files
from accounts.models import ApiToken, Invitation, Leaving, Session, Tag, Webhook
from accounts.sign_in import second_factor
from ahfai.testing import signed_in
from chats.models import Card, Chat, Fact, Message, Preset, Pull, Source, TemporaryPlace
from notes.models import Import, Note, Revision
from reminders.models import Channel, Delivery, Feed, List, Reminder

# Each view meets the other database in tests of its own.
pytestmark = pytest.mark.same_everywhere

CANARY = "Weekend in the Ardennes with a canary"
PAYLOAD = json.dumps({"title": CANARY, "body": CANARY})
METHODS = ("get", "post")

# Whoever opens another page to all adds it here, and says in its view why.
OPEN = {
    "health",
    "ready",
    "metrics",
    "favicon",
    "feed",
    "service_worker",
    "openapi",
    "docs",
    "root",
    "receipt",
    "receipt_file",
    "account_login",
    "account_logout",
    "account_signup",
    "sign_up_by_mail",
    "account_inactive",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_from_key",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "ask_for_passkey",
}


# Of the API, where nobody is signed in yet.
DOORS_FOR_PROGRAMS = {"token", "token_refresh", "token_revoke"}


@dataclass(frozen=True)
class Route:
    pattern: str
    name: str
    view: object

    @property
    def answers_programs(self) -> bool:
        return getattr(self.view, "answers_programs", False)

    @property
    def is_door(self) -> bool:
        return self.answers_programs and self.name in DOORS_FOR_PROGRAMS

    @property
    def methods(self) -> tuple[str, ...]:
        return (*METHODS, "put", "patch", "delete") if self.answers_programs else METHODS

    def ask(self, client: Client, method: str, values: dict[str, object]):
        # What changes a row takes an object, here one in which nothing changes.
        said = ("{}", "application/json") if self.answers_programs and method != "get" else ()
        answer = getattr(client, method)(self.path(values), *said)
        # What takes a file takes a form.
        return client.post(self.path(values), {"x": "y"}) if answer.status_code == 415 else answer

    @property
    def takes(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.pattern)

    def path(self, values: dict[str, object]) -> str:
        path = re.sub(
            r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)|<(?:\w+:)?(\w+)>",
            lambda found: str(values[found[1] or found[2]]),
            self.pattern,
        )
        return "/" + path.replace("^", "").replace("$", "")


def _routes(resolver: URLResolver, before: str = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Route(pattern, entry.name or "", entry.callback)
        else:
            yield from _routes(entry, pattern)


ROUTES = list(_routes(get_resolver()))


def things_of(owner, hashed: str = "0" * 64) -> dict[str, object]:
    """One of the owner's things for each name that an address can take."""
    chat = Chat.objects.create(owner=owner, title=CANARY, model="m")
    asked = Message.objects.create(owner=owner, chat=chat, role="user", content=CANARY)
    reply = Message.objects.create(
        owner=owner, chat=chat, parent=asked, role="assistant", state="waiting", content=CANARY
    )
    note = Note.objects.create(owner=owner, title=CANARY, body=CANARY, excerpt=CANARY)
    reminder = Reminder.objects.create(owner=owner, title=CANARY, details=CANARY)
    channel = Channel.objects.create(
        owner=owner, kind="ntfy", name=CANARY, target=json.dumps({"server": CANARY})
    )
    card = {"number": 0, "kind": "note_new", "payload": PAYLOAD, "expires": reply.created}
    return {
        "chat_id": chat.pk,
        "reply_id": reply.pk,
        "message_id": asked.pk,
        "tag_id": Tag.objects.create(owner=owner, name=CANARY, name_hash=hashed).pk,
        "pull_id": Pull.objects.get_or_create(model=CANARY)[0].pk,
        "file_id": files.store(owner, CANARY, [CANARY.encode()]).pk,
        "note_id": note.pk,
        "revision_id": Revision.objects.create(
            owner=owner, note=note, title=CANARY, body=CANARY, version=1, written=note.changed
        ).pk,
        "import_id": Import.objects.create(owner=owner, name=CANARY, size=1).pk,
        "reminder_id": reminder.pk,
        "list_id": List.objects.create(owner=owner, name=CANARY, name_hash=hashed).pk,
        "feed_id": Feed.objects.create(owner=owner, name=CANARY, secret_hash=hashed).pk,
        # What a copy of the database shows of an address opens nothing.
        "secret": hashed,
        "token": Leaving.objects.create(owner=owner, due=reminder.created).pk,
        "channel_id": channel.pk,
        "delivery_id": Delivery.objects.create(
            owner=owner,
            reminder=reminder,
            channel=channel,
            occurrence_at=reminder.created,
            next_try_at=reminder.created,
            state="failed",
            error=CANARY,
        ).pk,
        "source_id": Source.objects.create(
            owner=owner, reply=reply, number=1, note=note, title=CANARY, text=CANARY
        ).pk,
        "fact_id": Fact.objects.create(owner=owner, text=CANARY).pk,
        "card_id": Card.objects.create(owner=owner, reply=reply, **card).pk,
        "factor_id": Authenticator.objects.create(
            user=owner, type="webauthn", data={"name": second_factor.seal(owner, CANARY)}
        ).pk,
        "place_id": TemporaryPlace.objects.create(owner=owner, model="m").pk,
        "preset_id": Preset.objects.create(owner=owner, name=CANARY).pk,
        "session_id": Session.objects.create(
            user=owner, session_key=hashed, expire_date=reply.created, browser=CANARY
        ).id,
        "token_id": ApiToken.objects.create(
            owner=owner,
            name=CANARY,
            secret_hash=hashed,
            scopes="notes:read",
            expires=reminder.created + timedelta(days=1),
        ).pk,
        "webhook_id": Webhook.objects.create(
            owner=owner, address=CANARY, secret=CANARY, events="note.created"
        ).pk,
        "person_id": owner.pk,
        "invitation_id": Invitation.objects.create(
            secret_hash=hashed, until=reply.created + timedelta(days=1)
        ).pk,
        # The admin's.
        "object_id": chat.pk,
        "content_type_id": 1,
        "app_label": "chats",
        "url": "no/such/page/",
    }


@pytest.fixture
def things(owner) -> dict[str, object]:
    return things_of(owner)


def test_there_are_addresses_to_try():
    assert len(ROUTES) > 20


def test_each_name_in_an_address_stands_for_a_thing_here(things):
    unknown = {name for route in ROUTES for name in route.takes} - things.keys()
    assert not unknown, "add what these names stand for to `things`"


def test_what_is_open_to_all_is_listed_and_says_why():
    found = [
        route
        for route in ROUTES
        if not getattr(route.view, "login_required", True) and not route.answers_programs
    ]
    assert {route.name for route in found} == OPEN
    for route in found:
        assert len(route.view.open_because) > 10


def test_nobody_is_asked_to_sign_in(things):
    def check(route: Route) -> None:
        answers = set()
        for method in route.methods:
            response = route.ask(Client(), method, things)
            answers.add(response.status_code)
            if route.is_door:
                assert response.status_code in (405, 422)
                assert not response.cookies
            elif route.answers_programs:
                assert response.status_code in (401, 405)
                assert not response.cookies
            elif route.name in OPEN:
                assert response.status_code < 500
            else:
                assert response.status_code == 302
                assert response.url.startswith("/account/sign-in/?next=")
            assert CANARY not in _text(response)
        # The way that it can be asked for by doesn't let them in.
        assert 401 in answers or route.is_door or not route.answers_programs

    assert _wrong_at(check) == {}


def test_a_stranger_finds_nothing_of_the_owners(stranger, things):
    def check(route: Route) -> None:
        answers, client = [], signed_in(stranger)
        for method in route.methods:
            response = route.ask(client, method, things)
            answers.append(response.status_code)
            assert response.status_code < 500
            assert CANARY not in _text(response)
            if route.takes and not route.pattern.startswith("admin/"):
                missing = {
                    name: 10**9 if isinstance(things[name], int) else uuid.uuid4()
                    for name in route.takes
                }
                same = route.ask(client, method, missing)
                assert (response.status_code, _text(response)) == (same.status_code, _text(same))
        if route.pattern.startswith("admin/"):
            assert set(answers) <= {302, 404}
        elif route.takes:
            # The way that it can be asked for by finds nothing, and the other isn't allowed.
            assert set(answers) in ({404}, {404, 405})

    assert _wrong_at(check) == {}


def _wrong_at(check: Callable[[Route], None]) -> dict[str, str]:
    """What the check complains of at each address. None knows what was done at another."""
    found = {}
    for route in ROUTES:
        before = transaction.savepoint()
        try:
            check(route)
        except Exception as error:
            found[route.pattern] = f"{type(error).__name__}: {error}"
        transaction.savepoint_rollback(before)
    return found


def _text(response) -> str:
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return response.content.decode()
