"""Files of people: sealed in parts of about a megabyte, in rows, so that one backup and one
erasure take them along.

An app refers to a file by a foreign key of one of its models to `SealedFile`, beside an `owner`
(see `accounts.constraints.SameOwner`). Nothing else says that a file is needed: where no such row
is left, `drop_unneeded` removes it.
"""

import codecs
import datetime
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import FileKind, FilePart, FileText, SealedFile, User
from ahfai import sizes
from ahfai.crypto import OVERHEAD, SealError
from ahfai.sizes import MB

PART = 1024 * 1024
MAX_NAME = 150
KEPT_UNNEEDED_FOR = datetime.timedelta(hours=24)
"""Somebody may have a page open whose words refer to it and are not saved yet."""

_BEGINNINGS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), FileKind.PNG),
    (re.compile(rb"\xff\xd8\xff"), FileKind.JPEG),
    (re.compile(rb"GIF8[79]a"), FileKind.GIF),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), FileKind.WEBP),
    (re.compile(rb"%PDF-"), FileKind.PDF),
)


class Refused(ValueError):
    """A file that can't be taken; the message is a sentence for the person."""


class TooLarge(Refused):
    """It is larger than a file may be, or than the room that is left."""


class NoRoom(TooLarge):
    """It is larger than the room that is left."""


def store(
    user: User, name: str, pieces: Iterable[bytes], file_id: uuid.UUID | None = None
) -> SealedFile:
    """Keep a file, given in pieces of any size, under its name. Raises Refused.

    It is there as a whole or not at all, and no more than two parts are in memory at a time.
    """
    with transaction.atomic():
        file = SealedFile.objects.create(
            pk=file_id or uuid.uuid4(), owner=user, name=clean_name(name)
        )
        look = _Look()
        for number, (part, is_last) in enumerate(_parts(pieces)):
            file.size += len(part)
            if file.size > settings.UPLOAD_MB * MB:
                raise too_large()
            look.at(part, is_last)
            FilePart.objects.create(
                owner=user, file=file, number=number, is_last=is_last, data=part
            )
        if not file.size:
            raise Refused(_("This file is empty."))
        file.kind = look.kind or FileKind.OTHER
        file.save(update_fields=["size", "kind"])
        # Last, since nobody else can keep a file of this person's until the end of the transaction:
        # all who come at once are counted together.
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        room = (person.quota_mb or settings.QUOTA_MB) * MB - used(user) + file.size
        if file.size > room:
            raise _no_room(max(0, room))
    return file


def kind_of(data: bytes) -> FileKind:
    """What kind of file these bytes are, which are all that it has."""
    look = _Look()
    look.at(data, is_last=True)
    return look.kind or FileKind.OTHER


def read(file: SealedFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The bytes from `start` up to `end`, in pieces; no read stays open between them.

    Raises SealError where a part is missing or was changed.
    """
    end = file.size if end is None else min(end, file.size)
    last = (file.size - 1) // PART
    for number in range(start // PART, -(-end // PART)):
        part = file.parts.filter(number=number).first()
        full = PART if number < last else file.size - last * PART
        if part is None or len(part.data) != full or part.is_last != (number == last):
            raise SealError(f"Part {number} of file {file.pk} isn't as it was stored.")
        before = number * PART
        yield part.data[max(0, start - before) : end - before]


def used(user: User) -> int:
    """How many bytes the person's files have."""
    return user.files.aggregate(all=Sum("size", default=0))["all"]


def too_large() -> TooLarge:
    most = {"most": sizes.words(settings.UPLOAD_MB * MB)}
    return TooLarge(_("This file is too large: at most %(most)s go in.") % most)


def _no_room(room: int) -> NoRoom:
    left = {"left": sizes.words(room)}
    return NoRoom(_("There is no room for this file: %(left)s are left for you.") % left)


def clean_name(name: str) -> str:
    """The last part of a path, on one line, without what turns the direction of words around it."""
    last = re.split(r"[/\\]", name)[-1]
    line = " ".join(last.split())
    visible = "".join(one for one in line if unicodedata.category(one) not in _UNSEEN)
    stem, dot, ending = visible.rpartition(".")
    room = MAX_NAME - len(dot + ending)
    short = stem[:room] + dot + ending if room > 0 else (stem + dot + ending)[:MAX_NAME]
    return short.strip(" .") or _("file")


_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def drop_unneeded() -> int:
    """Remove the files that nothing refers to, a day after something last did. Returns how many."""
    old = SealedFile.objects.filter(needed__lt=timezone.now() - KEPT_UNNEEDED_FOR)
    unneeded = old.exclude(_is_referred_to())
    gone = 0
    for file_id in list(unneeded.values_list("pk", flat=True)):
        # One by one, so that no transaction holds others up for long.
        with transaction.atomic():
            # Whoever refers to it meanwhile locks it first: see `needing`.
            if SealedFile.objects.select_for_update().filter(pk=file_id).exists():
                gone += bool(unneeded.filter(pk=file_id).delete()[0])
    return gone


def needing(user: User, file_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of these files that are the person's and there, and stay until the end of the caller's
    transaction, which refers to them."""
    files = user.files.filter(pk__in=list(file_ids)).order_by("pk").select_for_update(no_key=True)
    return list(files.values_list("pk", flat=True))


def let_go(file_ids: Iterable[uuid.UUID]) -> None:
    """Note that something needed these files until now."""
    SealedFile.objects.filter(pk__in=list(file_ids)).update(needed=timezone.now())


def keep_longer(user: User, file_id: uuid.UUID) -> bool:
    """Let a file stay for a day, as if it had just come. False where the person has none such."""
    with transaction.atomic():
        there = needing(user, [file_id])
        let_go(there)
    return bool(there)


def not_whole() -> models.QuerySet[SealedFile]:
    """The files of which parts are missing, or that have some too many."""
    sealed = Length("parts__data", output_field=models.BigIntegerField())
    return SealedFile.objects.annotate(
        count=Count("parts"),
        lasts=Count("parts", filter=Q(parts__is_last=True)),
        top=Max("parts__number", filter=Q(parts__is_last=True)),
        length=Sum(sealed) - OVERHEAD * Count("parts"),
    ).exclude(lasts=1, top=F("count") - 1, length=F("size"))


def references() -> Sequence[models.ManyToOneRel]:
    """The foreign keys of the apps that lead to files."""
    return [
        one
        for one in SealedFile._meta.get_fields(include_hidden=True)
        if isinstance(one, models.ManyToOneRel) and one.related_model not in (FilePart, FileText)
    ]


def _is_referred_to() -> Q:
    referred = Q(pk__in=[])
    for relation in references():
        field = relation.field
        rows = field.model._base_manager.filter(**{field.name: models.OuterRef("pk")})
        referred |= Q(models.Exists(rows))
    return referred


def _parts(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in parts of PART, each with whether it is the last one."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) > PART:
            yield bytes(held[:PART]), False
            del held[:PART]
    yield bytes(held), True


class _Look:
    """Sees by its bytes what kind of file it is."""

    def __init__(self) -> None:
        self.kind: FileKind | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def at(self, part: bytes, is_last: bool) -> None:
        if self.kind is None:
            beginnings = (kind for begins, kind in _BEGINNINGS if begins.match(part))
            self.kind = next(beginnings, FileKind.TEXT)
        if self.kind == FileKind.TEXT and not self._is_text(part, is_last):
            self.kind = FileKind.OTHER

    def _is_text(self, part: bytes, is_last: bool) -> bool:
        try:
            self._decoder.decode(part, is_last)
        except UnicodeDecodeError:
            return False
        return b"\0" not in part
