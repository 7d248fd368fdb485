"""Each constraint of the database, and somebody who tries to break it."""

import contextlib
import datetime
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, Model, UniqueConstraint
from django.utils import timezone

from accounts.constraints import SameOwner
from accounts.models import (
    ApiToken,
    Export,
    ExportPart,
    FilePart,
    FileText,
    Invitation,
    KeptAnswer,
    Leaving,
    Letter,
    LookupKey,
    Ownership,
    Retention,
    SealedFile,
    Session,
    Tag,
    User,
    UserKey,
    Webhook,
    WebhookEvent,
)
from ahfai.models import Heartbeat, RateCount
from ahfai.testing import make_person
from chats import models as chats
from chats.models import (
    BuiltinServer,
    Card,
    Chat,
    DefaultModel,
    Draft,
    Line,
    Message,
    Pin,
    Preset,
    Pull,
    Source,
    Summary,
    TemporaryPlace,
    TokenRatio,
    ToolUse,
)
from notes.models import (
    Attachment,
    Import,
    ImportPiece,
    ImportRemark,
    Link,
    Note,
    NoteVectors,
    Revision,
    Tagging,
)
from reminders import models as reminders
from reminders.models import Channel, Completion, Delivery, Feed, Notice, Reminder, Telling

OURS = ("ahfai", "accounts", "chats", "notes", "reminders")
CONSTRAINTS = {
    constraint.name: (model, constraint)
    for label in OURS
    for model in apps.get_app_config(label).get_models()
    for constraint in model._meta.constraints
    # With the key in it, it can't be broken alone: it is there for foreign keys.
    if "id" not in getattr(constraint, "fields", ())
}
# The database makes these up for `unique=True` and for one-to-one relations.
UNIQUE_COLUMNS = {
    f"{model.__name__}.{field.name}": (model, field.column)
    for label in OURS
    for model in apps.get_app_config(label).get_models()
    for field in model._meta.local_concrete_fields
    if field.unique and not field.primary_key
}


class Talk:
    """A person with a chat, one question in it and one reply that is being written."""

    def __init__(self) -> None:
        self.person = make_person()
        self.chat = Chat.objects.create(owner=self.person, title="t", model="m")
        self.asked = self.message(role="user", request_id=uuid.uuid4())
        self.reply = self.message(role="assistant", parent=self.asked, state="running")
        self.note = note(self.person)
        self.reminder = reminder(self.person)

    def message(self, **fields) -> Message:
        fields = {"owner": self.person, "chat": self.chat, "content": "words"} | fields
        return Message.objects.create(**fields)

    def change(self, row, **fields) -> None:
        type(row).objects.filter(pk=row.pk).update(**fields)


def twice(create: Callable, **fields) -> None:
    create(**fields)
    create(**fields)


def source(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "reply": talk.reply, "note": talk.note, "number": 1} | fields
    Source.objects.create(title="t", text="words", **fields)


def pin(talk: Talk, tag_of: User | None = None, **fields) -> None:
    if tag_of:
        fields["tag"] = Tag.objects.create(owner=tag_of, name="garden", name_hash="0" * 64)
    Pin.objects.create(**{"owner": talk.person, "chat": talk.chat} | fields)


def pin_of_another(talk: Talk, other: User) -> None:
    Pin.objects.create(owner=other, chat=talk.chat, note=note(other))


def preset(talk: Talk, **fields) -> None:
    Preset.objects.create(**{"owner": talk.person, "name": "p"} | fields)


def note(owner: User, **fields) -> Note:
    return Note.objects.create(owner=owner, title="t", body="words", **fields)


def revision(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "note": talk.note, "version": 1, "written": NOW} | fields
    Revision.objects.create(title="t", body="words", **fields)


def note_vectors(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "note": talk.note, "version": 1, "length": 1} | fields
    NoteVectors.objects.create(embedder="e", vectors=b"v", **fields)


def tagging(talk: Talk, tag_of: User | None = None, **fields) -> None:
    tag, _made = Tag.objects.get_or_create(
        owner=tag_of or talk.person, name_hash="0" * 64, defaults={"name": "garden"}
    )
    Tagging.objects.create(**{"owner": talk.person, "note": talk.note, "tag": tag} | fields)


def link(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "note": talk.note, "title_hash": "0" * 64} | fields
    Link.objects.create(**fields)


def part(talk: Talk, **fields) -> None:
    file, _made = SealedFile.objects.get_or_create(owner=talk.person, defaults={"name": "plan"})
    fields = {"owner": talk.person, "file": file, "number": 0, "is_last": True} | fields
    FilePart.objects.create(data=b"bytes", **fields)


def text(talk: Talk, **fields) -> None:
    file, _made = SealedFile.objects.get_or_create(owner=talk.person, defaults={"name": "plan"})
    fields = {"owner": talk.person, "file": file, "length": 5, "is_whole": True} | fields
    FileText.objects.create(words="words", **fields)


def message_attachment(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "message": talk.asked, "number": 1} | fields
    if "file" not in fields:
        fields["file"] = SealedFile.objects.create(owner=talk.person, name="plan")
    chats.Attachment.objects.create(**fields)


def attachment(talk: Talk, file_of: User | None = None, **fields) -> None:
    owner = file_of or talk.person
    file, _made = SealedFile.objects.get_or_create(owner=owner, defaults={"name": "plan"})
    fields = {"owner": talk.person, "note": talk.note, "file": file} | fields
    Attachment.objects.create(**fields)


def attachment_of_a_revision_twice(talk: Talk) -> None:
    revision(talk)
    twice(attachment, talk=talk, revision=Revision.objects.get())


def taking_in(talk: Talk, **fields) -> Import:
    return Import.objects.create(owner=talk.person, name="n", size=1, **fields)


def remark(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "number": 0, "name": "n", "code": "damaged"} | fields
    ImportRemark.objects.create(**fields)


def reminder(owner: User, **fields) -> Reminder:
    """For a time in the morning of a day."""
    fields = {"day": NOW.date(), "at": datetime.time(9), "due": NOW} | fields
    return Reminder.objects.create(owner=owner, title="t", **fields)


def own_list(owner: User, **fields) -> reminders.List:
    return reminders.List.objects.create(owner=owner, name="garden", name_hash="0" * 64, **fields)


def completion(talk: Talk, **fields) -> None:
    fields = {
        "owner": talk.person,
        "reminder": talk.reminder,
        "kind": "done",
        "version": 1,
    } | fields
    Completion.objects.create(**fields)


def feed(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "name": "n", "secret_hash": "0" * 64} | fields
    Feed.objects.create(**fields)


def api_token(talk: Talk, **fields) -> None:
    fields = {
        "owner": talk.person,
        "name": "n",
        "secret_hash": "0" * 64,
        "scopes": "notes:read",
        "expires": timezone.now() + datetime.timedelta(days=1),
    } | fields
    ApiToken.objects.create(**fields)


def kept_answer(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "key_hash": "0" * 64, "fingerprint": "f", "until": NOW} | fields
    KeptAnswer.objects.create(**fields)


def webhook(talk: Talk, **fields) -> Webhook:
    fields = {
        "owner": talk.person,
        "address": "a",
        "secret": "s",
        "events": "note.created",
    } | fields
    return Webhook.objects.create(**fields)


def webhook_event(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "kind": "note.created", "thing": talk.person.pk} | fields
    hook = Webhook.objects.first() or webhook(talk)
    WebhookEvent.objects.create(**{"webhook": hook, **fields})


def completion_along_with_a_strangers(talk: Talk) -> None:
    person = make_person()
    theirs = Completion.objects.create(
        owner=person, reminder=reminder(person), kind="done", version=1
    )
    completion(talk, along_with=theirs)


def reminders_tagging(talk: Talk, tag_of: User | None = None, **fields) -> None:
    tag, _made = Tag.objects.get_or_create(
        owner=tag_of or talk.person, name_hash="0" * 64, defaults={"name": "garden"}
    )
    fields = {"owner": talk.person, "reminder": talk.reminder, "tag": tag} | fields
    reminders.Tagging.objects.create(**fields)


def channel(owner: User, **fields) -> Channel:
    return Channel.objects.create(
        **{"owner": owner, "kind": "ntfy", "name": "n", "target": "{}"} | fields
    )


def chosen_channel(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "reminder": talk.reminder} | fields
    fields.setdefault("channel", Channel.objects.first() or channel(talk.person))
    reminders.ChosenChannel.objects.create(**fields)


def delivery(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "reminder": talk.reminder, "occurrence_at": NOW} | fields
    fields.setdefault("channel", Channel.objects.first() or channel(talk.person))
    Delivery.objects.create(next_try_at=NOW, **fields)


def tool_use(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "reply": talk.reply, "number": 0, "round": 0} | fields
    ToolUse.objects.create(arguments="{}", result="words", shown="{}", **fields)


def card(talk: Talk, **fields) -> None:
    fields = {"owner": talk.person, "reply": talk.reply, "number": 0, "kind": "note_new"} | fields
    Card.objects.create(payload="{}", expires=NOW, **fields)


NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
NINE = datetime.time(9)


def export_part(talk: Talk, owner: User | None = None) -> ExportPart:
    of, _is_new = Export.objects.get_or_create(owner=talk.person)
    return ExportPart.objects.create(owner=owner or talk.person, of=of, number=0, data=b"bytes")


BREAKERS: dict[str, Callable[[Talk], object]] = {
    "heartbeat_kind_is_known": lambda talk: Heartbeat.objects.create(
        kind="cron", host="here", pid=1
    ),
    "ratecount_one_per_window": lambda talk: twice(RateCount.objects.create, key="k", window=NOW),
    "user_email_is_lower_case": lambda talk: talk.change(talk.person, email="Ada@example.org"),
    "user_theme_is_known": lambda talk: talk.change(talk.person, theme="pink"),
    "ownership_has_one_row": lambda talk: Ownership.objects.create(only=2, user=make_person()),
    "userkey_one_per_generation": lambda talk: UserKey.objects.create(
        owner=talk.person, generation=1, master_id="m", wrapped=b"w"
    ),
    "userkey_generation_from_one": lambda talk: UserKey.objects.create(
        owner=talk.person, generation=0, master_id="m", wrapped=b"w"
    ),
    "letter_kind_is_known": lambda talk: Letter.objects.create(kind="spam", to="a@example.org"),
    "kept_answer_once_per_owner_and_key": lambda talk: twice(kept_answer, talk=talk),
    "kept_answer_key_is_a_digest": lambda talk: kept_answer(talk, key_hash="buy milk"),
    "session_key_is_a_digest": lambda talk: Session.objects.create(
        session_key="thecookieitself", session_data="", expire_date=NOW
    ),
    "tag_once_per_owner": lambda talk: twice(
        Tag.objects.create, owner=talk.person, name="garden", name_hash="0" * 64
    ),
    "file_kind_is_known": lambda talk: SealedFile.objects.create(
        owner=talk.person, name="plan", kind="text/html"
    ),
    "filepart_once_per_number": lambda talk: twice(part, talk=talk),
    "filepart_file_is_the_owners": lambda talk: part(talk, owner=make_person()),
    "filetext_file_is_the_owners": lambda talk: text(talk, owner=make_person()),
    "pull_once_per_server": lambda _talk: twice(Pull.objects.create, model="m", server="s"),
    "message_attachment_once_per_number": lambda talk: twice(message_attachment, talk=talk),
    "message_attachment_file_once": lambda talk: [
        message_attachment(
            talk,
            number=number,
            file=SealedFile.objects.get_or_create(owner=talk.person, defaults={"name": "plan"})[0],
        )
        for number in (1, 2)
    ],
    "message_attachment_number_from_one": lambda talk: message_attachment(talk, number=0),
    "message_attachment_message_is_the_owners": lambda talk: message_attachment(
        talk, message=Talk().asked
    ),
    "message_attachment_file_is_the_owners": lambda talk: message_attachment(
        talk, file=SealedFile.objects.create(owner=make_person(), name="plan")
    ),
    "chat_temperature_in_range": lambda talk: talk.change(talk.chat, temperature=2.5),
    "chat_source_is_a_digest": lambda talk: talk.change(talk.chat, source="from there"),
    "chat_think_is_known": lambda talk: talk.change(talk.chat, think="hard"),
    "chat_uses_notes_is_known": lambda talk: talk.change(talk.chat, uses_notes="maybe"),
    "source_number_once": lambda talk: twice(source, talk=talk),
    "source_number_from_one": lambda talk: source(talk, number=0),
    "source_reply_is_the_owners": lambda talk: source(talk, owner=make_person(), note=None),
    "source_note_is_the_owners": lambda talk: source(talk, note=note(make_person())),
    "pin_is_a_note_or_a_tag": lambda talk: pin(talk),
    "pin_note_once_per_chat": lambda talk: twice(pin, talk=talk, note=talk.note),
    "pin_tag_once_per_chat": lambda talk: twice(
        pin,
        talk=talk,
        tag=Tag.objects.create(owner=talk.person, name="garden", name_hash="0" * 64),
    ),
    "pin_chat_is_the_owners": lambda talk: pin_of_another(talk, make_person()),
    "pin_note_is_the_owners": lambda talk: pin(talk, note=note(make_person())),
    "pin_tag_is_the_owners": lambda talk: pin(talk, tag_of=make_person()),
    "temporaryplace_is_open": lambda talk: TemporaryPlace.objects.create(
        owner=talk.person, model="m", state="done"
    ),
    "preset_temperature_in_range": lambda talk: preset(talk, temperature=-1),
    "preset_think_is_known": lambda talk: preset(talk, think="hard"),
    "preset_has_a_name_or_is_the_default": lambda talk: preset(talk, name=None),
    "preset_one_default_per_owner": lambda talk: twice(
        preset, talk=talk, name=None, is_default=True
    ),
    "tokenratio_is_positive": lambda _talk: TokenRatio.objects.create(model="m", ratio=0),
    "defaultmodel_has_one_row": lambda _talk: DefaultModel.objects.create(
        only=2, model="m", chosen=NOW
    ),
    "draft_one_for_a_new_chat": lambda talk: twice(
        Draft.objects.create, owner=talk.person, text="words", version=1
    ),
    "message_role_is_known": lambda talk: talk.change(talk.reply, role="system"),
    "message_state_is_known": lambda talk: talk.change(talk.reply, state="thinking"),
    "message_of_person_is_done": lambda talk: talk.message(role="user", state="stopped"),
    "message_reply_has_a_parent": lambda talk: talk.change(talk.reply, parent=None),
    "message_closed_says_when": lambda talk: talk.change(talk.reply, state="done"),
    "message_one_open_reply": lambda talk: talk.message(
        role="assistant", parent=talk.asked, state="waiting"
    ),
    "tooluse_once_per_number": lambda talk: twice(tool_use, talk=talk),
    "tooluse_reply_is_the_owners": lambda talk: tool_use(talk, owner=make_person()),
    "card_once_per_number": lambda talk: twice(card, talk=talk),
    "card_state_is_known": lambda talk: card(talk, state="lost", decided=NOW),
    "card_decided_says_when": lambda talk: card(talk, state="dismissed"),
    "card_done_says_what": lambda talk: card(talk, state="done", decided=NOW),
    "card_reply_is_the_owners": lambda talk: card(talk, owner=make_person()),
    "message_request_once_per_owner": lambda talk: talk.message(
        role="user", request_id=talk.asked.request_id
    ),
    "builtinserver_has_one_row": lambda talk: BuiltinServer.objects.create(only=2),
    "line_has_one_row": lambda talk: Line.objects.create(only=2),
    "note_version_from_one": lambda talk: talk.change(talk.note, version=0),
    "note_title_hash_is_a_digest": lambda talk: talk.change(talk.note, title_hash="the title"),
    "note_source_hash_is_a_digest": lambda talk: talk.change(talk.note, source_hash="the source"),
    "note_pinned_is_in_the_list": lambda talk: talk.change(talk.note, pinned=True, trashed=NOW),
    "note_made_once_per_page": lambda talk: twice(note, owner=talk.person, made_by=uuid.uuid4()),
    "notevectors_note_is_the_owners": lambda talk: note_vectors(talk, owner=make_person()),
    "tagging_once_per_note": lambda talk: twice(tagging, talk=talk),
    "tagging_note_is_the_owners": lambda talk: tagging(talk, note=note(make_person())),
    "tagging_tag_is_the_owners": lambda talk: tagging(talk, tag_of=make_person()),
    "revision_once_per_version": lambda talk: twice(revision, talk=talk),
    "revision_note_is_the_owners": lambda talk: revision(talk, owner=make_person()),
    "attachment_once_per_note": lambda talk: twice(attachment, talk=talk),
    "attachment_once_per_revision": attachment_of_a_revision_twice,
    "attachment_note_is_the_owners": lambda talk: attachment(talk, note=note(make_person())),
    "attachment_file_is_the_owners": lambda talk: attachment(talk, file_of=make_person()),
    "link_once_per_note": lambda talk: twice(link, talk=talk),
    "link_title_hash_is_a_digest": lambda talk: link(talk, title_hash="the title"),
    "link_note_is_the_owners": lambda talk: link(talk, owner=make_person()),
    "retention_of_chats_from_a_day": lambda talk: Retention.objects.create(
        owner=talk.person, chats=0
    ),
    "retention_of_trash_from_a_day": lambda talk: Retention.objects.create(
        owner=talk.person, trash=0
    ),
    "export_one_each": lambda talk: twice(Export.objects.create, owner=talk.person),
    "export_ended_says_when": lambda talk: Export.objects.create(owner=talk.person, state="done"),
    "exportpart_once_per_number": lambda talk: twice(export_part, talk=talk),
    "exportpart_export_is_the_owners": lambda talk: export_part(talk, owner=make_person()),
    "import_one_at_a_time": lambda talk: twice(taking_in, talk=talk),
    "import_state_is_known": lambda talk: taking_in(talk, state="late", ended=NOW),
    "import_counts_add_up": lambda talk: taking_in(talk, done=3, added=1, present=1),
    "import_ended_says_when": lambda talk: taking_in(talk, state="done"),
    "importpiece_once": lambda talk: twice(
        ImportPiece.objects.create, owner=talk.person, of=taking_in(talk), number=0, content=""
    ),
    "importpiece_import_is_the_owners": lambda talk: ImportPiece.objects.create(
        owner=make_person(), of=taking_in(talk), number=0, content=""
    ),
    "importremark_once": lambda talk: twice(remark, talk=talk, of=taking_in(talk)),
    "importremark_import_is_the_owners": lambda talk: remark(
        talk, of=taking_in(talk), owner=make_person()
    ),
    "reminder_version_from_one": lambda talk: talk.change(talk.reminder, version=0),
    "reminder_priority_is_known": lambda talk: talk.change(talk.reminder, priority=4),
    "reminder_of_a_day_is_due": lambda talk: talk.change(talk.reminder, due=None),
    "reminder_zone_is_of_a_time": lambda talk: talk.change(talk.reminder, at=None, zone="UTC"),
    "reminder_repeat_is_whole": lambda talk: talk.change(talk.reminder, rrule="FREQ=DAILY"),
    "reminder_snoozed_is_due": lambda talk: talk.change(talk.reminder, snoozed_until=NOW, done=NOW),
    "reminder_tells_only_of_what_is_open": lambda talk: talk.change(
        talk.reminder, next_fire_at=NOW, trashed=NOW
    ),
    "reminder_about_is_whole": lambda talk: talk.change(talk.reminder, about_kind="note"),
    "reminder_parent_is_the_owners": lambda talk: reminder(
        talk.person, parent=reminder(make_person())
    ),
    "reminder_is_no_part_of_itself": lambda talk: talk.change(talk.reminder, parent=talk.reminder),
    "completion_along_is_the_owners": completion_along_with_a_strangers,
    "list_once_per_owner": lambda talk: twice(own_list, owner=talk.person),
    "list_colour_is_known": lambda talk: own_list(talk.person, colour="pink"),
    "reminder_list_is_the_owners": lambda talk: talk.change(
        talk.reminder, list=own_list(make_person())
    ),
    "reminder_source_hash_is_a_digest": lambda talk: talk.change(
        talk.reminder, source_hash="the source"
    ),
    "reminder_made_once_per_page": lambda talk: twice(
        reminder, owner=talk.person, made_by=uuid.uuid4()
    ),
    "tagging_once_per_reminder": lambda talk: twice(reminders_tagging, talk=talk),
    "tagging_reminder_is_the_owners": lambda talk: reminders_tagging(
        talk, reminder=reminder(make_person())
    ),
    "tagging_reminders_tag_is_the_owners": lambda talk: reminders_tagging(
        talk, tag_of=make_person()
    ),
    "notice_once_per_occurrence": lambda talk: twice(
        Notice.objects.create, owner=talk.person, reminder=talk.reminder, occurrence_at=NOW
    ),
    "notice_reminder_is_the_owners": lambda talk: Notice.objects.create(
        owner=make_person(), reminder=talk.reminder, occurrence_at=NOW
    ),
    "channel_kind_is_known": lambda talk: channel(talk.person, kind="pigeon"),
    "channel_one_for_email": lambda talk: twice(channel, owner=talk.person, kind="email"),
    "chosenchannel_once_per_reminder": lambda talk: twice(chosen_channel, talk=talk),
    "chosenchannel_reminder_is_the_owners": lambda talk: chosen_channel(
        talk, reminder=reminder(make_person())
    ),
    "chosenchannel_channel_is_the_owners": lambda talk: chosen_channel(
        talk, channel=channel(make_person())
    ),
    "telling_quiet_hours_have_an_end": lambda talk: Telling.objects.create(
        owner=talk.person, quiet_from=NINE, quiet_until=NINE
    ),
    "telling_digest_has_a_next_time": lambda talk: Telling.objects.create(
        owner=talk.person, digest_at=NINE
    ),
    "delivery_once_per_occurrence": lambda talk: twice(delivery, talk=talk),
    "delivery_digest_once": lambda talk: twice(delivery, talk=talk, reminder=None),
    "delivery_state_is_known": lambda talk: delivery(talk, state="lost"),
    "delivery_sent_says_when": lambda talk: delivery(talk, state="sent"),
    "delivery_leased_is_waiting": lambda talk: delivery(
        talk, state="failed", lease_until=NOW, lease_token=uuid.uuid4()
    ),
    "delivery_reminder_is_the_owners": lambda talk: delivery(
        talk, reminder=reminder(make_person())
    ),
    "delivery_channel_is_the_owners": lambda talk: delivery(talk, channel=channel(make_person())),
    "feed_secret_hash_is_a_digest": lambda talk: feed(talk, secret_hash="the secret"),
    "feed_shape_is_known": lambda talk: feed(talk, shape="VCARD"),
    "api_token_secret_hash_is_a_digest": lambda talk: api_token(talk, secret_hash="the secret"),
    "api_token_scopes_are_words": lambda talk: api_token(talk, scopes=""),
    "api_token_ends_after_it_began": lambda talk: api_token(talk, expires=NOW, made=NOW),
    "webhook_events_are_words": lambda talk: webhook(talk, events="Everything!"),
    "webhookevent_waits_once": lambda talk: twice(webhook_event, talk=talk),
    "webhookevent_state_is_known": lambda talk: webhook_event(talk, state="lost", is_fresh=None),
    "webhookevent_fresh_is_untried": lambda talk: webhook_event(talk, attempts=1),
    "webhookevent_sent_says_when": lambda talk: webhook_event(talk, state="sent", is_fresh=None),
    "webhookevent_leased_is_waiting": lambda talk: webhook_event(
        talk, state="failed", is_fresh=None, lease_until=NOW, lease_token=uuid.uuid4()
    ),
    "webhookevent_webhook_is_the_owners": lambda talk: webhook_event(talk, owner=make_person()),
    "completion_kind_is_known": lambda talk: completion(talk, kind="lost"),
    "completion_once_per_version": lambda talk: twice(completion, talk=talk),
    "completion_reminder_is_the_owners": lambda talk: completion(talk, owner=make_person()),
}

TWINS: dict[str, Callable[[Talk], object]] = {
    "FileText.file": lambda talk: twice(text, talk=talk),
    "NoteVectors.note": lambda talk: twice(note_vectors, talk=talk),
    "Invitation.secret_hash": lambda _talk: twice(
        Invitation.objects.create, secret_hash="0" * 64, until=NOW
    ),
    "Session.id": lambda talk: [
        Session.objects.create(id=talk.chat.pk, session_key=digit * 64, expire_date=NOW)
        for digit in "01"
    ],
    "User.email": lambda talk: User.objects.create_user(talk.person.email, name="Twin"),
    "Summary.upto": lambda talk: twice(
        Summary.objects.create,
        owner=talk.person,
        chat=talk.chat,
        upto=talk.asked,
        text="words",
        messages=1,
    ),
    "Draft.chat": lambda talk: twice(
        Draft.objects.create, owner=talk.person, chat=talk.chat, text="words", version=1
    ),
    "LookupKey.owner": lambda talk: twice(LookupKey.objects.create, owner=talk.person, secret="00"),
    "Leaving.owner": lambda talk: twice(
        Leaving.objects.create, owner=talk.person, due=timezone.now()
    ),
    "Chat.source_hash": lambda talk: twice(
        Chat.objects.create, owner=talk.person, title="t", model="m", source_hash="0" * 64
    ),
    "Note.source_hash": lambda talk: twice(note, owner=talk.person, source_hash="0" * 64),
    "Feed.secret_hash": lambda talk: twice(feed, talk=talk),
    "ApiToken.secret_hash": lambda talk: twice(api_token, talk=talk),
    "Reminder.source_hash": lambda talk: twice(reminder, owner=talk.person, source_hash="0" * 64),
    "Ownership.user": lambda talk: Ownership.objects.create(only=2, user=talk.person),
}


def test_each_constraint_has_somebody_who_tries_to_break_it():
    assert CONSTRAINTS.keys() == BREAKERS.keys()
    assert UNIQUE_COLUMNS.keys() == TWINS.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("name", BREAKERS)
def test_the_database_refuses(name):
    model, constraint = CONSTRAINTS[name]
    drop_other_checks(model, name)
    talk = Talk()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        break_it(name, talk)
    if isinstance(constraint, CheckConstraint) or name in str(refused.value):
        assert name in str(refused.value)
    elif isinstance(constraint, SameOwner):
        # Nor does it name a foreign key.
        assert f"The row in table '{model._meta.db_table}'" in str(refused.value)
        assert "foreign key" in str(refused.value)
    else:
        # SQLite names the columns of a unique constraint, not its name.
        assert isinstance(constraint, UniqueConstraint)
        for field in constraint.fields:
            column = model._meta.get_field(field).column
            assert f"{model._meta.db_table}.{column}" in str(refused.value)


@pytest.mark.django_db
def test_a_form_says_in_words_what_the_database_would_refuse():
    talk, other = Talk(), Talk()
    Pin(owner=talk.person, chat=talk.chat, note=talk.note).validate_constraints()
    for theirs in ({"chat": other.chat}, {"note": other.note}):
        mine = {"owner": talk.person, "chat": talk.chat, "note": talk.note}
        with pytest.raises(ValidationError, match="This belongs to somebody else"):
            Pin(**mine | theirs).validate_constraints()


@pytest.mark.django_db
def test_a_migration_takes_it_away_and_puts_it_back():
    """As one that is taken back does; SQLite gets a new table then."""
    if connection.vendor != "postgresql":
        pytest.skip("only there it has statements of its own")
    name = "filepart_file_is_the_owners"
    model, constraint = CONSTRAINTS[name]
    talk = Talk()
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    with transaction.atomic():
        break_it(name, talk)
        transaction.set_rollback(True)
    with connection.schema_editor() as editor:
        editor.add_constraint(model, constraint)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        break_it(name, talk)


@pytest.mark.django_db
@pytest.mark.parametrize("name", TWINS)
def test_the_database_refuses_a_twin(name):
    model, column = UNIQUE_COLUMNS[name]
    with without_checks(model):
        talk = Talk()
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            TWINS[name](talk)
    said = str(refused.value)
    assert f"{model._meta.db_table}.{column}" in said or f"Key ({column})=" in said


def break_it(name: str, talk: Talk) -> None:
    BREAKERS[name](talk)
    # Foreign keys would have time until the end of the transaction.
    connection.check_constraints()


@contextlib.contextmanager
def without_checks(model: type[Model]) -> Iterator[None]:
    """A check could refuse the row before the database looks for its twin."""
    if connection.vendor == "postgresql":
        drop_other_checks(model, "")
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield
        finally:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def drop_other_checks(model: type[Model], name: str) -> None:
    """Leave the check `name` alone in its table, until the test is rolled back.

    Of several broken checks PostgreSQL names the first in the order of the alphabet. SQLite takes
    the order in which they were made, and can't drop one.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for other in model._meta.constraints:
            if isinstance(other, CheckConstraint) and other.name != name:
                cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {other.name}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "user", "closed": NOW},
        {"role": "assistant", "state": "waiting", "closed": NOW},
        {"role": "assistant", "state": "failed", "closed": None},
    ],
)
def test_a_message_is_closed_when_and_only_when_its_reply_is(wrong):
    talk = Talk()
    talk.change(talk.reply, state="done", closed=timezone.now())
    parent = talk.asked if wrong["role"] == "assistant" else None
    with pytest.raises(IntegrityError, match="message_closed_says_when"), transaction.atomic():
        talk.message(parent=parent, **wrong)


@pytest.mark.django_db
def test_what_is_archived_or_in_the_trash_is_not_pinned():
    talk = Talk()
    talk.change(talk.note, pinned=True)
    for away in ({"archived": True}, {"trashed": NOW}):
        with pytest.raises(IntegrityError, match="note_pinned"), transaction.atomic():
            talk.change(talk.note, **away)
        talk.change(talk.note, pinned=False, **away)
        talk.change(talk.note, archived=False, trashed=None, pinned=True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"day": None},
        {"day": None, "due": None},
        {"next_fire_at": NOW, "done": NOW},
        {"next_fire_at": NOW, "trashed": NOW},
        {"day": None, "at": None, "due": None, "next_fire_at": NOW},
        {"day": None, "at": None, "due": None, "snoozed_until": NOW},
        {"rrule": "FREQ=DAILY", "repeat_from": "now"},
        {"repeat_from": "due"},
    ],
)
def test_a_reminder_that_makes_no_sense_is_refused(wrong):
    talk = Talk()
    with pytest.raises(IntegrityError), transaction.atomic():
        talk.change(talk.reminder, **wrong)


@pytest.mark.django_db
def test_a_closed_reply_leaves_room_for_the_next_one():
    talk = Talk()
    talk.change(talk.reply, state="failed", closed=timezone.now())
    talk.message(role="assistant", parent=talk.asked, state="waiting")


@pytest.mark.django_db
def test_two_people_may_send_the_same_request_id():
    talk, other = Talk(), Talk()
    other.message(role="user", request_id=talk.asked.request_id)


@pytest.mark.django_db
def test_the_owner_of_the_installation_is_not_deleted_by_the_way():
    talk = Talk()
    assert Ownership.objects.get().user == talk.person
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=talk.person.pk).delete()
