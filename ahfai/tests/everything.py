"""A person with something in every table that has anything of people."""

import datetime
import hashlib

from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from accounts import audit, changes, files, tags
from accounts.models import (
    ApiToken,
    Export,
    ExportPart,
    FileText,
    Invitation,
    KeptAnswer,
    Letter,
    Retention,
    SecondFactorSecret,
    Webhook,
    WebhookEvent,
)
from accounts.sealing.lookup import key_of
from ahfai.testing import signed_in
from chats import models as chats
from notes import models as notes
from reminders import models as reminders


def give_everything(person, word: str) -> None:
    """Each text holds the word."""
    now = timezone.now()
    signed_in(person)
    key_of(person)
    changes.bury(person.pk, [person.pk])
    permission, _is_new = Permission.objects.get_or_create(
        codename="look",
        content_type=ContentType.objects.get_or_create(app_label="accounts", model="user")[0],
    )
    person.user_permissions.add(permission)
    person.groups.add(Group.objects.get_or_create(name="a group")[0])
    LogEntry.objects.create(user=person, object_repr="", action_flag=1)
    address = person.emailaddress_set.create(email=person.email)
    address.emailconfirmation_set.create(key=str(person.pk))
    Retention.objects.create(owner=person, chats=30)
    export = Export.objects.create(owner=person)
    ExportPart.objects.create(owner=person, of=export, number=0, data=word.encode())
    audit.record(person, audit.Event.IMPORTED, kind=word)
    [tag] = tags.named(person, [word])
    SecondFactorSecret.objects.create(owner=person, text=word)
    Authenticator.objects.create(user=person, type="totp", data={})
    Letter.objects.create(owner=person, kind=Letter.Kind.EMAIL_OLD, to=person.email)
    secret = hashlib.sha256(person.pk.bytes).hexdigest()
    Invitation.objects.create(by=person, used_by=person, secret_hash=secret, until=now, used=now)
    ApiToken.objects.create(
        owner=person,
        name=word,
        secret_hash=secret,
        scopes="notes:read",
        expires=now + datetime.timedelta(days=1),
    )
    KeptAnswer.objects.create(
        owner=person, key_hash=secret, fingerprint=word, answer=word, until=now
    )
    hook = Webhook.objects.create(
        owner=person, address=word, secret=word, events="note.created", off_because=word
    )
    WebhookEvent.objects.create(
        owner=person, webhook=hook, kind="note.created", thing=person.pk, error=word
    )
    file = files.store(person, word, [word.encode()])
    FileText.objects.create(owner=person, file=file, words=word, length=1, is_whole=True)
    note = _notes(person, word, tag, file, now)
    _chats(person, word, tag, note, file, now)
    _reminders(person, word, tag, now)


def _notes(person, word: str, tag, file, now) -> notes.Note:
    mine = {"owner": person}
    note = notes.Note.objects.create(**mine, title=word, body=word, excerpt=word)
    notes.Tagging.objects.create(**mine, note=note, tag=tag)
    notes.Revision.objects.create(**mine, note=note, title=word, body=word, version=1, written=now)
    notes.NoteVectors.objects.create(
        **mine, note=note, version=1, embedder="e", length=1, vectors=word.encode()
    )
    notes.Link.objects.create(**mine, note=note, title_hash="0" * 64)
    notes.Attachment.objects.create(**mine, note=note, file=file)
    taken_in = notes.Import.objects.create(**mine, name=word, size=1)
    notes.ImportPiece.objects.create(**mine, of=taken_in, number=0, content=word)
    notes.ImportRemark.objects.create(
        **mine, of=taken_in, number=0, name=word, code="too_long", note=note
    )
    return note


def _chats(person, word: str, tag, note: notes.Note, file, now) -> None:
    mine = {"owner": person}
    chat = chats.Chat.objects.create(**mine, title=word, model="m", instructions=word)
    chat.tags.add(tag)
    said = chats.Message.objects.create(**mine, chat=chat, role="user", content=word)
    reply = chats.Message.objects.create(
        **mine, chat=chat, parent=said, role="assistant", content=word, closed=now
    )
    chats.Chat.objects.filter(pk=chat.pk).update(current=reply)
    chats.Attachment.objects.create(**mine, message=said, file=file, number=1)
    chats.Pin.objects.create(**mine, chat=chat, note=note)
    chats.Draft.objects.create(**mine, chat=chat, text=word, version=1)
    chats.Summary.objects.create(**mine, chat=chat, upto=said, text=word, messages=1)
    chats.Source.objects.create(**mine, reply=reply, number=1, note=note, title=word, text=word)
    chats.ToolUse.objects.create(
        **mine, reply=reply, number=0, round=0, arguments=word, result=word, shown=word
    )
    chats.Card.objects.create(
        **mine, reply=reply, number=0, kind="note_new", payload=word, expires=now
    )
    chats.Fact.objects.create(**mine, text=word)
    chats.FactsTold.objects.create(**mine, is_on=True)
    chats.Leave.objects.create(**mine)
    chats.Preset.objects.create(**mine, name=word, instructions=word)
    chats.TemporaryPlace.objects.create(**mine, model="m")


def _reminders(person, word: str, tag, now) -> None:
    mine = {"owner": person}
    of_list = reminders.List.objects.create(**mine, name=word, name_hash="0" * 64)
    reminder = reminders.Reminder.objects.create(**mine, title=word, details=word, list=of_list)
    reminders.Reminder.objects.create(**mine, title=word, parent=reminder)
    reminders.Tagging.objects.create(**mine, reminder=reminder, tag=tag)
    done = reminders.Completion.objects.create(**mine, reminder=reminder, kind="done", version=1)
    reminders.Completion.objects.create(
        **mine, reminder=reminder, kind="again", version=2, along_with=done
    )
    reminders.Notice.objects.create(**mine, reminder=reminder, occurrence_at=now)
    channel = reminders.Channel.objects.create(**mine, kind="ntfy", name=word, target=word)
    reminders.ChosenChannel.objects.create(**mine, reminder=reminder, channel=channel)
    reminders.Telling.objects.create(**mine)
    reminders.Delivery.objects.create(
        **mine, reminder=reminder, channel=channel, occurrence_at=now, next_try_at=now, error=word
    )
    reminders.Feed.objects.create(**mine, name=word, secret_hash=person.pk.hex * 2)
