"""What is written in a message box and not sent yet: one draft per chat, and one for a new chat.

The row's version keeps two tabs from overwriting each other unseen: who comes with an older one
is told, keeps the words in the page, and saves again when the person goes on writing there.
"""

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.fields import sealed_for
from ahfai.crypto import SealError
from chats.models import Chat, Draft


class Outdated(Exception):
    """Another tab has saved since; `version` is the newest."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = version


def read(user, chat: Chat | None) -> tuple[str, int]:
    """The words and their version; "" and 0 where there are none, or where they can't be opened."""
    draft = Draft.objects.filter(owner=user, chat=chat).first()
    if draft is None:
        return "", 0
    try:
        return draft.text, draft.version
    except SealError:
        return "", draft.version


def keep(user, chat: Chat | None, text: str, version: int) -> int:
    """Save what grew from `version`, 0 for a first one. Returns the new version, 0 for no words.

    Raises Outdated.
    """
    drafts = Draft.objects.filter(owner=user, chat=chat)
    draft = drafts.only("pk", "owner", "version").first()
    if draft is None:
        if not text.strip():
            return 0
        if version:
            # Sent or emptied since; a save that comes late must not bring the words back.
            raise Outdated(0)
        return _first(user, chat, text)
    same = drafts.filter(pk=draft.pk, version=version)
    if not text.strip():
        changed = same.delete()[0]
    else:
        changed = same.update(text=sealed_for(draft, "text", text), version=F("version") + 1)
    if not changed:
        raise Outdated(draft.version)
    return version + 1 if text.strip() else 0


def drop(user, chat: Chat | None) -> None:
    """The words were sent."""
    Draft.objects.filter(owner=user, chat=chat).delete()


def _first(user, chat: Chat | None, text: str) -> int:
    try:
        with transaction.atomic():
            Draft.objects.create(owner=user, chat=chat, text=text, version=1)
    except IntegrityError:
        raise Outdated(1) from None
    return 1
