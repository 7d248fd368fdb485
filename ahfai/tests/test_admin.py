"""The admin pages show the installation, never what people write, and change nothing."""

import datetime
import json
import uuid
from urllib.parse import parse_qs

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import (
    ApiToken,
    AuditEntry,
    ErasedPerson,
    Export,
    FileText,
    Invitation,
    KeptAnswer,
    Leaving,
    Letter,
    Receipt,
    Retention,
    SealedFile,
    Session,
    User,
    Webhook,
    WebhookEvent,
)
from ahfai.inspection import Inspection
from ahfai.models import Heartbeat
from chats.models import (
    Attachment,
    BuiltinServer,
    Card,
    Chat,
    Fact,
    FactsTold,
    Message,
    Preset,
    Source,
    TemporaryPlace,
    ToolUse,
)
from notes.models import Note, NoteVectors, Revision
from reminders.models import Channel, Completion, Delivery, Feed, List, Notice, Reminder, Telling

CANARY = "a canary that sings in the Ardennes"
COLUMNS = ('"content"', "thinking", '"title"', '"body"', "excerpt", "details", '"words"')


@pytest.fixture
def rows(owner, stranger):
    """A row of each model that has admin pages; the words in them are a stranger's."""
    chat = Chat.objects.create(owner=stranger, title=CANARY, model="m")
    message = Message.objects.create(
        owner=stranger, chat=chat, role="user", content=CANARY, thinking=CANARY
    )
    note = Note.objects.create(owner=stranger, title=CANARY, body=CANARY, excerpt=CANARY)
    reminder = Reminder.objects.create(owner=stranger, title=CANARY, details=CANARY)
    channel = Channel.objects.create(owner=stranger, kind="ntfy", name=CANARY, target=CANARY)
    file = SealedFile.objects.create(owner=stranger, name=CANARY)
    found = {
        Attachment: Attachment.objects.create(owner=stranger, message=message, file=file, number=1),
        FileText: FileText.objects.create(
            owner=stranger, file=file, words=CANARY, length=len(CANARY), is_whole=True
        ),
        Heartbeat: Heartbeat.objects.create(kind="web", host="here", pid=1),
        BuiltinServer: BuiltinServer.objects.create(),
        Chat: chat,
        Message: message,
        Preset: Preset.objects.create(owner=stranger, name=CANARY, instructions=CANARY),
        Source: Source.objects.create(
            owner=stranger, reply=message, number=1, title=CANARY, text=CANARY
        ),
        Fact: Fact.objects.create(owner=stranger, text=CANARY),
        FactsTold: FactsTold.objects.create(owner=stranger, is_on=False),
        ToolUse: ToolUse.objects.create(
            owner=stranger,
            reply=message,
            number=0,
            round=0,
            name="read_note",
            arguments=CANARY,
            result=CANARY,
            shown=CANARY,
        ),
        Card: Card.objects.create(
            owner=stranger,
            reply=message,
            number=0,
            kind="note_new",
            payload=CANARY,
            expires=message.created,
        ),
        TemporaryPlace: TemporaryPlace.objects.create(owner=stranger, model="m"),
        Note: note,
        Revision: Revision.objects.create(
            owner=stranger, note=note, title=CANARY, body=CANARY, version=1, written=note.changed
        ),
        NoteVectors: NoteVectors.objects.create(
            owner=stranger, note=note, version=1, embedder="e", length=1, vectors=CANARY.encode()
        ),
        Reminder: reminder,
        Completion: Completion.objects.create(
            owner=stranger, reminder=reminder, kind="done", version=1
        ),
        Notice: Notice.objects.create(
            owner=stranger, reminder=reminder, occurrence_at=reminder.created
        ),
        Channel: channel,
        Telling: Telling.objects.create(owner=stranger),
        Delivery: Delivery.objects.create(
            owner=stranger,
            reminder=reminder,
            channel=channel,
            occurrence_at=reminder.created,
            next_try_at=reminder.created,
            error=CANARY,
        ),
        List: List.objects.create(owner=stranger, name=CANARY, name_hash="0" * 64),
        Feed: Feed.objects.create(owner=stranger, name=CANARY, secret_hash="0" * 64),
        SealedFile: file,
        Letter: Letter.objects.create(kind="reset", to=stranger.email),
        ErasedPerson: ErasedPerson.objects.create(pk=uuid.uuid4()),
        Retention: Retention.objects.create(owner=stranger, chats=30),
        ApiToken: ApiToken.objects.create(
            owner=stranger,
            name=CANARY,
            secret_hash="0" * 64,
            scopes="notes:read",
            expires=message.created + datetime.timedelta(days=1),
        ),
        KeptAnswer: KeptAnswer.objects.create(
            owner=stranger,
            key_hash="0" * 64,
            fingerprint=CANARY,
            answer=CANARY,
            until=message.created,
        ),
        Webhook: (
            hook := Webhook.objects.create(
                owner=stranger, address=CANARY, secret=CANARY, events="note.created"
            )
        ),
        WebhookEvent: WebhookEvent.objects.create(
            owner=stranger, webhook=hook, kind="note.created", thing=note.pk, error=CANARY
        ),
        Export: Export.objects.create(owner=stranger),
        Leaving: Leaving.objects.create(owner=stranger, due=message.created),
        Receipt: Receipt.objects.create(counts={}),
        User: stranger,
        Authenticator: Authenticator.objects.create(
            user=stranger, type="totp", data={"secret": CANARY}
        ),
        type(stranger.keys.get()): stranger.keys.get(),
        Session: Session.objects.create(
            user=stranger, session_key="0" * 64, expire_date=message.created
        ),
        Invitation: Invitation.objects.create(secret_hash="0" * 64, until=message.created),
        AuditEntry: AuditEntry.objects.create(
            owner=stranger, event="token_made", details=json.dumps({"name": CANARY})
        ),
    }
    assert found.keys() == admin.site._registry.keys(), "a model with admin pages has no row here"
    return found


def _pages(row) -> list[str]:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
    return [
        reverse(f"{name}_changelist"),
        reverse(f"{name}_change", args=[row.pk]),
        reverse(f"{name}_history", args=[row.pk]),
    ]


def test_every_page_is_built_on_the_one_that_only_shows():
    assert admin.site._registry
    for model, page in admin.site._registry.items():
        assert isinstance(page, Inspection), model
        assert page.shown, model


def test_no_page_holds_or_fetches_words_passwords_or_keys(client, rows, stranger):
    """Nor what the content policy forbids; each page is fetched once for all of this."""
    pages = ""
    for row in rows.values():
        for path in _pages(row):
            with CaptureQueriesContext(connection) as asked:
                response = client.get(path)
            assert response.status_code == 200, path
            page = response.content.decode()
            assert CANARY not in page, path
            assert "<style" not in page, path
            assert " onclick=" not in page, path
            sql = " ".join(q["sql"] for q in asked if q["sql"].startswith("SELECT"))
            for column in COLUMNS:
                assert column not in sql, path
            pages += page
    assert stranger.email in pages
    assert stranger.password not in pages
    assert stranger.keys.get().wrapped.hex() not in pages
    assert stranger.name not in pages


@pytest.mark.same_everywhere
def test_nothing_can_be_added_changed_or_deleted(client, rows):
    for model, row in rows.items():
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        before = {*model.objects.values_list("pk", flat=True)}
        for path in (
            reverse(f"{name}_add"),
            reverse(f"{name}_delete", args=[row.pk]),
            reverse(f"{name}_change", args=[row.pk]),
        ):
            assert client.post(path, {"post": "yes"}).status_code == 403, path
        listed = reverse(f"{name}_changelist")
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(listed, chosen)
        now = {*model.objects.values_list("pk", flat=True)}
        # That somebody looked is kept.
        assert now >= before if model is AuditEntry else now == before


@pytest.mark.same_everywhere
@pytest.mark.parametrize("lookup", ["password__startswith", "keys__wrapped", "name", "theme"])
def test_an_address_cannot_ask_about_what_is_not_shown(client, lookup):
    assert client.get("/admin/accounts/user/", {lookup: "x"}).status_code in {302, 400}


@pytest.mark.same_everywhere
@pytest.mark.parametrize("lookup", ["owner__name", "owner__email__gt", "owner__keys__wrapped"])
def test_nor_about_the_owner_of_what_is_shown(client, owner, lookup):
    Chat.objects.create(owner=owner, title="t", model="m")
    assert client.get("/admin/chats/chat/", {lookup: owner.name}).status_code in {302, 400}
    assert client.get("/admin/chats/chat/", {"owner": owner.pk}).status_code == 200


def test_filters_ask_about_what_is_shown_alone(rows, owner, rf):
    request = rf.get("/admin/")
    request.user = owner
    for model, page in admin.site._registry.items():
        columns = {one if isinstance(one, str) else one[0] for one in page.list_filter}
        assert columns | {page.date_hierarchy or "id"} <= {"id", *page.shown}, model
        listed = page.get_changelist_instance(request)
        for spec in listed.filter_specs:
            for choice in spec.choices(listed):
                asked = parse_qs(choice["query_string"].removeprefix("?"))
                assert all(page.lookup_allowed(name, "") for name in asked), (model, asked)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("chats/chat/?archived__exact=0&trashed__isempty=1", True),
        ("chats/chat/?trashed__isempty=0", False),
        ("chats/message/?role__exact=user&state__exact=done", True),
        ("reminders/notice/?made__year=1999", False),
        ("accounts/user/?is_staff__exact=0&is_active__exact=1", True),
    ],
)
def test_a_list_is_narrowed_by_states_and_dates(client, rows, asked, found):
    page = client.get(f"/admin/{asked}")
    assert page.status_code == 200
    assert ("field-id" in page.content.decode()) == found


def test_only_active_staff_get_in(owner, client, strangers_client, nobody):
    assert client.get("/admin/").status_code == 200
    assert strangers_client.get("/admin/").status_code == 404
    assert nobody.get("/admin/").url == "/account/sign-in/?next=/admin/"
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_there_is_no_second_door(nobody, owner):
    response = nobody.post("/admin/login/", {"username": owner.email, "password": "x"})
    assert response.url.startswith("/account/sign-in/")


def test_each_look_is_kept_for_the_one_who_looked_and_the_one_whose_row_it_was(
    client, strangers_client, rows
):
    client.get(reverse("admin:chats_chat_changelist"))
    client.get(reverse("admin:chats_chat_change", args=[rows[Chat].pk]))
    assert client.get("/you/activity/").content.decode().count("chats.") == 2
    told = strangers_client.get("/you/activity/").content.decode()
    assert told.count("Looked at in the admin pages, without its words: chats.") == 1
    assert "by an administrator" in told
