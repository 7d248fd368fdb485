"""Chats from outside on their way to the disk: each as a whole or not at all.

A chat that came in before is known by a keyed hash of where it came from and how much was said in
it, or by its own id, so that nothing comes in twice, however often an export is read. One that went
on elsewhere comes in beside the first. What came in counts as foreign text: see `chats.leave`.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import changes, tags
from accounts.programs import webhooks
from accounts.sealing.lookup import hashed, key_of
from accounts.tags import MAX_NAME
from chats import drafts
from chats.models import Chat, Message, Pin, Role, Source, State, Summary, ToolUse
from chats.transfer.incoming import (
    MAX_LETTERS,
    MAX_MESSAGES,
    ChatUnit,
    IncomingChat,
    IncomingMessage,
    branches_in_order,
    clean,
    moment,
)
from chats.transfer.message_files import MessageFiles
from chats.transfer.own import own_id
from notes.transfer.arriving import Batch, Ledger, Remark
from notes.transfer.incoming import tag_names
from notes.transfer.reasons import Broken

AT_ONCE = 20
_STEP = timedelta(microseconds=1)


@dataclass
class Places:
    """Where things of the export are here, by the ids that they have there."""

    notes: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    chats: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)


def take_in(user, units: Iterable[ChatUnit], ledger: Ledger, places: Places) -> bool:
    """False where the ledger ended it before the end. Raises Refused where the archive turns out to
    hold too much."""
    waiting, files = iter(units), MessageFiles(user)
    while some := list(islice(waiting, AT_ONCE)):
        batch = Batch(done=len(some))
        found = list(_loaded(some, batch))
        for _name, chat in found:
            # Before the transaction: others would wait for the bytes of all.
            batch.remarks += [Remark(file, code) for file, code in files.bring(chat)]
        with transaction.atomic():
            if not ledger.may_go_on():
                return False
            _store(user, found, batch, places, files)
            ledger.enter(batch)
    return True


def _loaded(units: Iterable[ChatUnit], batch: Batch) -> Iterator[tuple[str, IncomingChat]]:
    for unit in units:
        try:
            chat = unit.load()
            if not any(one.content.strip() for one in chat.messages):
                raise Broken("chat_empty")
            if len(chat.messages) > MAX_MESSAGES:
                raise Broken("chat_too_long")
        except Broken as broken:
            batch.broken += 1
            batch.remarks.append(Remark(unit.name, broken.code))
        else:
            yield unit.name, chat


def _store(
    user,
    found: list[tuple[str, IncomingChat]],
    batch: Batch,
    places: Places,
    files: MessageFiles,
) -> None:
    """Inside the caller's transaction."""
    number = changes.next_number(user.pk)
    known = _Known(user, [chat for _name, chat in found])
    now = timezone.now()
    for name, chat in found:
        here = known.here(chat)
        if here is None:
            here = _Arrival(user, chat, known, places, number, now).store(files)
            batch.added += 1
            codes = ["chat_kept_both"] if known.is_other(chat) else []
            batch.remarks += [Remark(name, code) for code in [*codes, *chat.remarks]]
            known.add(chat, here)
        else:
            batch.present += 1
        if chat.id:
            places.chats[chat.id] = here


class _Known:
    """Which of some chats, messages and summaries are here already."""

    def __init__(self, user, chats: list[IncomingChat]) -> None:
        self._key = key_of(user)
        hashes = [self.hash_of(chat) for chat in chats]
        firsts = [self.first(chat) for chat in chats]
        rows = user.chats.filter(source_hash__in=hashes).values_list("source_hash", "pk")
        self._hashes: dict[str, uuid.UUID] = dict(rows)
        self._sources = set(user.chats.filter(source__in=firsts).values_list("source", flat=True))
        ids = [chat.id for chat in chats if chat.id]
        rows_here = Chat.objects.filter(pk__in=ids)
        self._mine = set(rows_here.filter(owner=user).values_list("pk", flat=True))
        self._taken = set(rows_here.values_list("pk", flat=True))
        keys = [own_id(one.key) for chat in chats for one in chat.messages if chat.id]
        self._taken |= set(
            Message.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", flat=True)
        )

    def here(self, chat: IncomingChat) -> uuid.UUID | None:
        if chat.id in self._mine:
            return chat.id
        return self._hashes.get(self.hash_of(chat))

    def is_other(self, chat: IncomingChat) -> bool:
        """Whether an earlier state of it came in before."""
        return self.first(chat) in self._sources

    def add(self, chat: IncomingChat, here: uuid.UUID) -> None:
        self._hashes[self.hash_of(chat)] = here
        self._sources.add(self.first(chat))

    def id_for(self, wanted: uuid.UUID | None) -> uuid.UUID:
        """The one that it had, if that is free: somebody else here may have the same export."""
        if wanted is None or wanted in self._taken:
            return uuid.uuid4()
        self._taken.add(wanted)
        return wanted

    def hash_of(self, chat: IncomingChat) -> str:
        said = hashlib.sha256(chat.source.encode())
        if not chat.id:
            for one in chat.messages:
                said.update(f"\0{one.role}\0{one.content}".encode())
        return hashed(self._key, "chat said", said.hexdigest())

    def first(self, chat: IncomingChat) -> str:
        return hashed(self._key, "chat source", hashlib.sha256(chat.source.encode()).hexdigest())


class _Arrival:
    """One chat with all that belongs to it."""

    def __init__(
        self,
        user,
        chat: IncomingChat,
        known: _Known,
        places: Places,
        number: int,
        now: datetime,
    ) -> None:
        self.user, self.chat, self.known, self.places = user, chat, known, places
        self.number, self.now = number, now
        self.ids: dict[str, uuid.UUID] = {}

    def store(self, files: MessageFiles) -> uuid.UUID:
        chat = self._chat()
        messages = list(self._messages(chat))
        Message.objects.bulk_create([row for row, _said in messages])
        Chat.objects.filter(pk=chat.pk).update(current=self.ids.get(self.chat.current or ""))
        files.attach(messages)
        self._tag(chat)
        self._add_what_was_read(messages)
        self._add_summaries(chat)
        self._pin(chat)
        if self.chat.draft:
            drafts.keep(self.user, chat, self.chat.draft[:100_000], 0)
        webhooks.happened(self.user.pk, "chat.created", [chat.pk])
        return chat.pk

    def _chat(self) -> Chat:
        said = self.chat
        made = [one.created for one in said.messages if one.created]
        created = min(said.created or min(made, default=self.now), self.now)
        changed = min(said.changed or max(made, default=created), self.now)
        return Chat.objects.create(
            pk=self.known.id_for(said.id),
            owner=self.user,
            title=said.title or _("Untitled chat"),
            titled=said.titled,
            model=said.model or next((one.model for one in said.messages if one.model), ""),
            created=created,
            changed=max(changed, created),
            pinned=said.pinned and not said.archived and not said.trashed,
            archived=said.archived,
            # Anew: what lay in the trash elsewhere for long must not be gone in an hour here.
            trashed=self.now if said.trashed else None,
            change_number=self.number,
            source=self.known.first(said),
            source_hash=self.known.hash_of(said),
            **said.more,
        )

    def _messages(self, chat: Chat) -> Iterator[tuple[Message, IncomingMessage]]:
        """Each later than what it follows: by their times they are put in order."""
        last: dict[str | None, datetime] = {}
        for said in branches_in_order(self.chat.messages):
            key = self.known.id_for(own_id(said.key) if self.chat.id else None)
            self.ids[said.key] = key
            before = last.get(said.parent, chat.created - _STEP)
            created = min(said.created, self.now) if said.created else before + _STEP
            created = max(created, before + _STEP)
            last[said.key] = created
            row = Message(
                pk=key,
                owner=self.user,
                chat=chat,
                parent_id=self.ids.get(said.parent or ""),
                role=said.role,
                content=self._cut(said.content),
                created=created,
                change_number=self.number,
            )
            if said.role == Role.ASSISTANT:
                row.state, row.model = State(said.state), said.model
                row.closed = max(said.closed or created, created)
                row.thinking = self._cut(said.thinking)
                for name, value in said.more.items():
                    setattr(row, name, value)
            yield row, said

    def _cut(self, said: str) -> str:
        if len(said) <= MAX_LETTERS:
            return said
        if "chat_cut" not in self.chat.remarks:
            self.chat.remarks.append("chat_cut")
        return said[:MAX_LETTERS]

    def _tag(self, chat: Chat) -> None:
        names = [name for name in tag_names(self.chat.tags) if len(name) <= MAX_NAME]
        if names:
            chat.tags.add(*tags.named(self.user, names))

    def _add_what_was_read(self, messages: list[tuple[Message, IncomingMessage]]) -> None:
        Source.objects.bulk_create(
            Source(
                owner=self.user,
                reply=row,
                number=number,
                note_id=self._note(one.get("note")),
                title=clean(one.get("title")),
                text=clean(one.get("text")),
            )
            for row, said in messages
            for number, one in enumerate(_numbered(said.sources), 1)
        )
        ToolUse.objects.bulk_create(
            ToolUse(
                owner=self.user,
                reply=row,
                number=number,
                round=_small(one.get("round")),
                name=clean(one.get("name"))[:40],
                arguments=clean(one.get("arguments")) or "{}",
                result=clean(one.get("result")),
                # The sentence with its links leads to things of another place.
                shown="{}",
                found=_small(one.get("found")),
                is_foreign=True,
            )
            for row, said in messages
            for number, one in enumerate(said.looked_up)
        )

    def _add_summaries(self, chat: Chat) -> None:
        seen = set()
        for one in self.chat.summaries:
            upto = self.ids.get(one.get("upto", "") if isinstance(one.get("upto"), str) else "")
            if upto is None or upto in seen:
                continue
            seen.add(upto)
            Summary.objects.create(
                owner=self.user,
                chat=chat,
                upto_id=upto,
                text=clean(one.get("text")),
                messages=_small(one.get("messages")),
                created=moment(one.get("created")) or self.now,
            )

    def _pin(self, chat: Chat) -> None:
        notes = {self._note(one.get("note")) for one in self.chat.keeps_to} - {None}
        Pin.objects.bulk_create(
            Pin(owner=self.user, chat=chat, note_id=note) for note in sorted(notes, key=str)
        )
        names = tag_names(clean(one.get("tag")) for one in self.chat.keeps_to if one.get("tag"))
        Pin.objects.bulk_create(
            Pin(owner=self.user, chat=chat, tag=tag) for tag in tags.named(self.user, names)
        )

    def _note(self, said: object) -> uuid.UUID | None:
        """The note here that is meant, if it came along or is the person's already."""
        wanted = own_id(said)
        if wanted is None:
            return None
        here = self.places.notes.get(wanted, wanted)
        return here if self.user.notes.filter(pk=here).exists() else None


def _numbered(said: list[dict]) -> list[dict]:
    return sorted(said, key=lambda one: _small(one.get("number")))


def _small(said: object) -> int:
    is_count = isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 2**15
    return said if is_count else 0  # type: ignore[return-value]
