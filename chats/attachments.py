"""The files of messages: how they come, that they stay, and how they are shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Prefetch, Q, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import files
from accounts.models import FileKind, FileText, SealedFile, User
from accounts.requests import SignedInRequest
from ahfai import file_names, sizes
from ahfai.crypto import SealError
from ahfai.sizes import MB
from ahfai.uploads import NotKept
from chats import file_text, pdf, pictures, servers
from chats.models import Attachment, Message

MOST_FILES = 10
# What models can look at (Ollama's docs, and llama.cpp's own decoder).
PICTURES = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.WEBP})
MOST_OF_PICTURE = 10 * MB


class Gone(files.Refused):
    """A file that was attached is no longer there."""


@dataclass(frozen=True)
class Shown:
    """A file as pages show it; `size` is in bytes, and not `is_whole` what was read of it only in
    part."""

    id: UUID
    name: str
    address: str
    size: int
    is_picture: bool
    is_whole: bool


@dataclass(frozen=True)
class Brought:
    """What a form brings along: the files in their order, and why others don't come."""

    files: Sequence[SealedFile] = ()
    refused: str = ""

    @property
    def ids(self) -> list[UUID]:
        return [file.pk for file in self.files]

    @property
    def shown(self) -> list[Shown]:
        return [shown(file) for file in self.files]

    def unseen_by(self, model: str) -> str:
        """Why they can't go to this model; empty where they can, or nobody knows yet."""
        count = sum(file.is_picture for file in self.files)
        if not count or servers.sees(model) is not False:
            return ""
        others = servers.seeing()
        told = ngettext(
            "“%(model)s” can't see pictures. Take the picture off, or choose a model that can.",
            "“%(model)s” can't see pictures. Take them off, or choose a model that can.",
            count,
        ) % {"model": model}
        if others:
            told += " " + _("Here, these can: %(models)s.") % {"models": ", ".join(others)}
        return told


@dataclass(frozen=True)
class Arrived:
    """A file that is fit for a model; `words` is None for a picture."""

    name: str
    data: bytes
    words: file_text.Words | None


def take_in(user: User, sent: UploadedFile) -> SealedFile:
    """Keep what was uploaded, with its words where it isn't a picture. Raises `files.Refused`."""
    return store(user, look_into(sent))


def look_into(sent: UploadedFile) -> Arrived:
    """Before anything is written, since it may take a while. Raises `files.Refused`."""
    if isinstance(sent, NotKept):
        raise files.too_large()
    name, data = file_names.as_sent(sent.name or ""), sent.read()
    kind = files.kind_of(data)
    if kind in PICTURES:
        _check_picture(data)
        return Arrived(name, data, None)
    return Arrived(name, data, _words(name, kind, data))


def store(user: User, arrived: Arrived) -> SealedFile:
    """Raises `files.Refused`."""
    with transaction.atomic():
        file = files.store(user, arrived.name, [arrived.data])
        if arrived.words is not None:
            _keep_words(file, arrived.words)
    return file


def read_words(file: SealedFile) -> None:
    """Have the words of a file at hand that came by another way, as models are given them.
    Raises `files.Refused` where there are none."""
    if file.kind in PICTURES:
        _check_picture(b"".join(files.read(file)))
    elif not hasattr(file, "text"):
        data = b"".join(files.read(file))
        _keep_words(file, _words(file.name, FileKind(file.kind), data))


def _words(name: str, kind: FileKind, data: bytes) -> file_text.Words:
    return pdf.read(data) if kind == FileKind.PDF else file_text.read(name, kind, data)


def _keep_words(file: SealedFile, words: file_text.Words) -> None:
    FileText.objects.create(
        owner_id=file.owner_id,
        file=file,
        words=words.text,
        length=len(words.text),
        is_whole=words.is_whole,
    )


def _check_picture(data: bytes) -> None:
    if len(data) > MOST_OF_PICTURE:
        most = {"most": sizes.words(MOST_OF_PICTURE)}
        raise files.TooLarge(_("This picture is too large: at most %(most)s go in.") % most)
    size = pictures.size(data)
    if size is None:
        raise files.Refused(_("This picture is damaged."))
    if size[0] * size[1] > pictures.MOST_DOTS:
        raise files.TooLarge(
            _("This picture has %(width)d × %(height)d dots, which is too much. Make it smaller.")
            % {"width": size[0], "height": size[1]}
        )


def brought(request: SignedInRequest) -> Brought:
    """The files that the form names, and those that came with it, which are taken in."""
    user = request.user
    asked = _ids(request.POST.getlist("attached"))
    return _brought(user, asked, request.FILES.getlist("files"))


def named(user: User, asked: Iterable[UUID]) -> Brought:
    """The files that were taken in before, by their ids."""
    return _brought(user, list(dict.fromkeys(asked)), ())


def _brought(user: User, asked: list[UUID], sent: Sequence[UploadedFile]) -> Brought:
    there = _readable(user).in_bulk(asked)
    found = [there[one] for one in asked if one in there]
    refused = [] if len(found) == len(asked) else [str(_gone())]
    if len(found) + len(sent) > MOST_FILES:
        most = ngettext(
            "At most %(most)d file goes with one message.",
            "At most %(most)d files go with one message.",
            MOST_FILES,
        ) % {"most": MOST_FILES}
        return Brought(found[:MOST_FILES], most)
    for one in sent:
        try:
            found.append(take_in(user, one))
        except files.Refused as why:
            refused.append(f"{file_names.as_sent(one.name or '')}: {why}")
    return Brought(found, " ".join(refused))


def keep(message: Message, file_ids: Sequence[UUID]) -> None:
    """Let the message have these files, inside the caller's transaction. Raises Gone."""
    if not file_ids:
        return
    files.needing(message.owner, file_ids)
    if _readable(message.owner).filter(pk__in=file_ids).count() != len(file_ids):
        raise _gone()
    Attachment.objects.bulk_create(
        Attachment(owner_id=message.owner_id, message=message, file_id=one, number=number)
        for number, one in enumerate(file_ids, 1)
    )


def name_of_first(user: User, file_ids: Sequence[UUID]) -> str:
    """The name of the first of these files; empty where there is none."""
    first = user.files.filter(pk=file_ids[0]).first() if file_ids else None
    return shown(first).name if first else ""


def of_message(message: Message) -> list[SealedFile]:
    """Its files, in their order."""
    return [one.file for one in message.attachments.to_show()]


def fetch(messages: Sequence[Message]) -> None:
    """What `shown_of` shows of these messages, by one question to the database."""
    prefetch_related_objects(messages, Prefetch("attachments", Attachment.objects.to_show()))


def shown_of(message: Message) -> list[Shown]:
    return [shown(one.file) for one in message.attachments.all()]


def of_path(path: Iterable[Message]) -> Mapping[UUID, list[SealedFile]]:
    """The files of the messages of a path, with their words."""
    mine = [message.pk for message in path if message.is_mine]
    found: dict[UUID, list[SealedFile]] = {}
    for one in Attachment.objects.filter(message__in=mine).with_files():
        found.setdefault(one.message_id, []).append(one.file)
    return found


def shown(file: SealedFile) -> Shown:
    try:
        name = file.name
    except SealError:
        # The bytes may open, and the message does.
        name = str(file.pk)
    is_whole = file.is_picture or not hasattr(file, "text") or file.text.is_whole
    address = file.get_absolute_url()
    return Shown(file.pk, name, address, file.size, file.is_picture, is_whole)


def _readable(user: User):
    """What a model can be given of the person's files."""
    readable = Q(kind__in=PICTURES) | Q(text__isnull=False)
    return user.files.filter(readable).select_related("text").defer("text__words")


def _gone() -> Gone:
    return Gone(_("A file that you attached is no longer here. Attach it again."))


def _ids(said: list[str]) -> list[UUID]:
    """Each once; what is no id names nothing that is there."""
    found: dict[UUID, None] = {}
    for one in said[: MOST_FILES * 2]:
        try:
            found[UUID(one)] = None
        except ValueError:
            found[UUID(int=0)] = None
    return list(found)
