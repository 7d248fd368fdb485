"""Changes to notes that somebody else proposes, and the person decides on: see `ahfai.proposals`.

A card shows what a note would become by what it says at that moment, so a note that was changed
meanwhile shows another diff, and what was shown earlier is refused.
"""

import abc
import uuid
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ahfai.crypto import SealError
from ahfai.proposals import Form, Json, Kind, Shown, Stale, Told
from notes import order, writing
from notes.differences import around, lines
from notes.models import MAX_BODY, Note

# Both texts go along in the page where a form is offered with them.
MOST_IN_FORM = 50_000
PROPOSED = {"is_proposed": ["on"]}


class NewNote:
    label = gettext_lazy("New note")
    verb = gettext_lazy("Save it")
    icon = "note"
    creates = True

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        fields = {"title": [payload["title"]], "body": [payload["body"]], "page": [str(page)]}
        form = Form(reverse("notes:preview_new"), fields | PROPOSED)
        return Shown(payload["title"], text=payload["body"], form=form)

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        note = writing.create(user, payload["title"], payload["body"], page)
        return {"id": str(note.pk), "version": note.version}

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        note = user.notes.listed().filter(made_by=page).first()
        return note and {"id": str(note.pk), "version": note.version}

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told:
        return _tell(user, outcome, _("Saved as a note."))

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        order.move(user, [_untouched(user, outcome).pk], "trash")


class _ChangedNote(abc.ABC):
    icon = "note"
    creates = False
    label: Any
    verb: Any
    said: Any

    @abc.abstractmethod
    def body(self, note: Note, payload: Json) -> str:
        """What the note would say. Raises Stale."""

    def show(self, user: Any, payload: Json, page: uuid.UUID) -> Shown:
        note = _living(user, payload)
        body = self.body(note, payload)
        form = None
        if len(body) <= MOST_IN_FORM:
            fields = {
                "title": [note.title],
                "body": [body],
                "version": [str(note.version)],
                "base_title": [note.title],
                "base": [note.body],
                "page": [str(page)],
            }
            form = Form(reverse("notes:preview", args=[note.pk]), fields | PROPOSED)
        return Shown(
            note.title,
            lines=around(lines(note.body, body)),
            version=note.version,
            address=note.get_absolute_url(),
            form=form,
        )

    def act(self, user: Any, payload: Json, version: int, page: uuid.UUID) -> Json:
        note = _living(user, payload)
        if note.version != version:
            raise Stale(_changed())
        body, before = self.body(note, payload), note.body
        try:
            saved = writing.save(note, note.title, body, version)
        except (writing.Outdated, Note.DoesNotExist):
            raise Stale(_changed()) from None
        return {"id": str(saved.pk), "version": saved.version, "before": before}

    def made(self, user: Any, payload: Json, page: uuid.UUID) -> Json | None:
        return None

    def tell(self, user: Any, payload: Json, outcome: Json) -> Told:
        return _tell(user, outcome, str(self.said))

    def undo(self, user: Any, payload: Json, outcome: Json) -> None:
        note = _untouched(user, outcome)
        try:
            writing.save(note, note.title, outcome["before"], note.version)
        except (writing.Outdated, Note.DoesNotExist):
            raise Stale(_touched()) from None


class AppendToNote(_ChangedNote):
    label = gettext_lazy("Add to a note")
    verb = gettext_lazy("Add it")
    said = gettext_lazy("Added to the note.")

    def body(self, note: Note, payload: Json) -> str:
        """Set off by an empty line, but an item goes on with the list that the note ends with."""
        before = note.body.rstrip()
        text = payload["text"].strip("\n")
        is_item = text.lstrip()[:2] in _ITEMS and before.rpartition("\n")[2].lstrip()[:2] in _ITEMS
        gap = ("\n" if is_item else "\n\n") if before else ""
        body = f"{before}{gap}{text}"
        if len(body) > MAX_BODY:
            raise Stale(_("The note would be longer than a note can be."))
        return body


class ChangeNote(_ChangedNote):
    label = gettext_lazy("Change a note")
    verb = gettext_lazy("Change it")
    said = gettext_lazy("Changed.")

    def body(self, note: Note, payload: Json) -> str:
        if note.body.count(payload["replace"]) != 1:
            raise Stale(_("The note was changed meanwhile: what was to be replaced is gone."))
        body = note.body.replace(payload["replace"], payload["by"])
        if len(body) > MAX_BODY:
            raise Stale(_("The note would be longer than a note can be."))
        return body


_CHANGES: dict[str, _ChangedNote] = {
    "note_append": AppendToNote(),
    "note_change": ChangeNote(),
}
KINDS: dict[str, Kind] = {"note_new": NewNote(), **_CHANGES}
_ITEMS = ("- ", "* ", "+ ")


def changed_body(kind: str, note: Note, payload: Json) -> str:
    """What the note would say. Raises Stale."""
    return _CHANGES[kind].body(note, payload)


def _living(user: Any, payload: Json) -> Note:
    note = user.notes.living().filter(pk=payload["id"]).first()
    if note is None:
        raise Stale(_("This note was deleted or put into the trash."))
    return note


def _untouched(user: Any, outcome: Json) -> Note:
    """Nothing that was written into it since is taken back along with it."""
    note = user.notes.living().filter(pk=outcome["id"]).first()
    if note is None or note.version != outcome["version"]:
        raise Stale(_touched())
    return note


def _changed() -> str:
    return _("This note was changed elsewhere meanwhile, so nothing was saved. Look again.")


def _touched() -> str:
    return _("Something else was done to this note since, so it is left as it is.")


def _tell(user: Any, outcome: Json, said: str) -> Told:
    note = user.notes.listed().filter(pk=outcome["id"]).first()
    if note is None:
        return Told(_("The note was deleted since."))
    try:
        title = note.title or _("Without a title")
    except SealError:
        title = ""
    if note.trashed:
        return Told(_("The note is in the trash by now."), title, note.get_absolute_url())
    is_untouched = note.version == outcome["version"]
    return Told(said, title, note.get_absolute_url(), may_be_undone=is_untouched)
