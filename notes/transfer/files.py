"""The pictures and files of notes that come in: each kept once, however often it is read.

They are kept before their notes, each in a transaction of its own: others would wait for one that
has the bytes of all. What no note refers to in the end goes as every such file does, after a day.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable

from django.conf import settings

from accounts import files
from accounts.models import SealedFile, User
from accounts.sealing.lookup import hashed
from ahfai.crypto import SealError
from ahfai.sizes import MB
from notes.attachments import MOST_FILES
from notes.models import MAX_BODY
from notes.transfer.incoming import Incoming, IncomingFile
from notes.transfer.markdown import outside_code
from notes.transfer.reasons import Broken

_REASONS = {"entry_damaged": "file_damaged", "entry_link": "file_link"}


class Files:
    """The files of some incoming notes, in what the person has."""

    def __init__(self, user: User, key: bytes) -> None:
        self._user = user
        self._key = key
        # By their names in the archive, since many notes may have the same.
        self._ids: dict[str, uuid.UUID] = {}
        self._refused: dict[str, str] = {}

    def bring(self, one: Incoming) -> None:
        """Keep the files of a note. Raises Refused where the archive holds too much."""
        for file in list(one.attachments.values())[:MOST_FILES]:
            self.bring_one(file)

    def bring_one(self, file: IncomingFile) -> tuple[uuid.UUID | None, str]:
        """Where it is here, or why it isn't."""
        if file.name not in self._ids and file.name not in self._refused:
            try:
                self._ids[file.name] = self._keep(file)
            except Broken as broken:
                self._refused[file.name] = _REASONS.get(broken.code, broken.code)
        return self._ids.get(file.name), self._refused.get(file.name, "")

    def settle(self, one: Incoming) -> tuple[str, list[tuple[str, str]], bool]:
        """The note's body as it refers to the files that were kept; names of those that were
        refused, and why; and whether these are all, or there are too many for one note."""
        body, refused, are_all = one.body, [], True
        for address, file in one.attachments.items():
            if file.name in self._refused:
                refused.append((file.name, self._refused[file.name]))
                continue
            file_id = self._ids.get(file.name)
            referring = _referring(body, address, file, file_id) if file_id else None
            if referring is None or len(referring) > MAX_BODY:
                are_all = False
            else:
                body = referring
        return body, refused, are_all

    def _keep(self, file: IncomingFile) -> uuid.UUID:
        """Raises Broken."""
        if file.pieces is None:
            if file.id and files.keep_longer(self._user, file.id):
                return file.id
            raise Broken("file_missing")
        if file.size > settings.UPLOAD_MB * MB:
            raise Broken("file_too_large")
        name = files.clean_name(file.saved_as or file.name)
        content = _digest(file.pieces())
        if file.id and self._has(file.id, content) and files.keep_longer(self._user, file.id):
            return file.id
        file_id = self._id_for(file, name, content)
        if not files.keep_longer(self._user, file_id):
            try:
                files.store(self._user, name, file.pieces(), file_id)
            except files.NoRoom:
                raise Broken("file_no_room") from None
            except files.TooLarge:
                raise Broken("file_too_large") from None
            except files.Refused:
                raise Broken("file_empty") from None
        return file_id

    def _has(self, file_id: uuid.UUID, content: bytes) -> bool:
        """Whether the person's file of that id is the same still."""
        mine = self._user.files.filter(pk=file_id).first()
        try:
            return mine is not None and _digest(files.read(mine)) == content
        except SealError:
            return False

    def _id_for(self, file: IncomingFile, name: str, content: bytes) -> uuid.UUID:
        """The one that it had when it went out, if that is free; somebody else here may have the
        very same export."""
        if file.id and not SealedFile.objects.filter(pk=file.id).exists():
            return file.id
        # Of its name and its bytes, so that it is found when it comes again; with the person's
        # secret, so that it tells nobody else what it is.
        said = hashlib.sha256(content + name.encode(errors="replace")).hexdigest()
        return uuid.UUID(hex=hashed(self._key, "file source", said)[:32], version=4)


def _digest(pieces: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _referring(body: str, address: str, file: IncomingFile, file_id: uuid.UUID) -> str:
    if file.id == file_id:
        return body
    if file.id:
        # However it is referred to: it was one of ours already.
        return re.sub(re.escape(address), f"file:{file_id}", body, flags=re.IGNORECASE)
    return outside_code(body, lambda part: part.replace(f"]({address})", f"](file:{file_id})"))
