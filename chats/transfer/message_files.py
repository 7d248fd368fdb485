"""The files that came with messages, on their way in."""

import uuid
from collections.abc import Iterable, Iterator

from accounts import files
from accounts.sealing.lookup import key_of
from ahfai.crypto import SealError
from chats import attachments
from chats.models import Attachment, Message
from chats.transfer.incoming import IncomingChat, IncomingMessage
from notes.transfer.files import Files
from notes.transfer.incoming import IncomingFile


class MessageFiles:
    """The files of some incoming chats, in what the person has."""

    def __init__(self, user) -> None:
        self._user = user
        self._files = Files(user, key_of(user))
        self._here: dict[str, uuid.UUID] = {}

    def bring(self, chat: IncomingChat) -> Iterator[tuple[str, str]]:
        """Keep them. Yields the names of those that can't be, and why. Raises Refused where the
        archive holds too much."""
        for message in chat.messages:
            for file in message.files[: attachments.MOST_FILES]:
                if file.name not in self._here and (why := self._bring(file)):
                    yield file.name, why

    def _bring(self, file: IncomingFile) -> str:
        found, why = self._files.bring_one(file)
        if found is None:
            return why
        try:
            attachments.read_words(self._user.files.select_related("text").get(pk=found))
        except (files.Refused, SealError):
            # No model could be given it; nor could it be attached here.
            return "chat_file_unread"
        self._here[file.name] = found
        return ""

    def attach(self, messages: Iterable[tuple[Message, IncomingMessage]]) -> None:
        """Inside the caller's transaction."""
        wanted = {
            row: list(dict.fromkeys(self._ids_of(said)))
            for row, said in messages
            if row.is_mine and said.files
        }
        there = files.needing(self._user, {one for ids in wanted.values() for one in ids})
        Attachment.objects.bulk_create(
            Attachment(owner=self._user, message=row, file_id=file_id, number=number)
            for row, ids in wanted.items()
            for number, file_id in enumerate([one for one in ids if one in there], 1)
        )

    def _ids_of(self, said: IncomingMessage) -> Iterator[uuid.UUID]:
        for file in said.files[: attachments.MOST_FILES]:
            if file.name in self._here:
                yield self._here[file.name]
