"""Why something did not come in, or came in otherwise than it was: a code for the database, a
sentence for the person."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    # Nothing of the whole comes in.
    "not_known": _("This is neither a ZIP nor another export that AhFai knows."),
    "too_large": _("This file is too large: at most 20 MB go in at once."),
    "too_many": _("There are too many files in it: at most 10,000 go in at once."),
    "too_much": _("Unpacked it is too large: at most 200 MB go in at once."),
    "bad_name": _("A name in it leads out of the archive, so nothing of it was taken in."),
    "link": _("There is a link to another place in it, so nothing of it was taken in."),
    "locked": _("It is locked with a password. Unlock it first, then choose it again."),
    "damaged": _("It is damaged and can't be read to its end."),
    "no_notes": _("There is nothing in it that AhFai knows."),
    "newer": _("It was made by a newer AhFai than this one. Update this one first."),
    "interrupted": _("AhFai was stopped while it read this. What came in is there."),
    "failed": _("Something went wrong in AhFai while it read this. What came in is there."),
    # One note of it doesn't.
    "entry_damaged": _("damaged"),
    "entry_link": _("a link to another place"),
    "not_text": _("not written in UTF-8"),
    "too_long": _("too long for one note"),
    "not_a_note": _("not in the form that was expected"),
    "locked_note": _("locked, so its words can't be read"),
    # It does, and this is to be known.
    "kept_both": _("differs from the note that you have, so it came in beside it"),
    "as_it_was": _("came in as it was written: its headings and lists weren't understood"),
    "attachments": _("came in without some of its pictures and files: they are too many"),
    # A file of a note stays out.
    "file_missing": _("not there, so its note came in without it"),
    "file_too_large": _("too large, so its note came in without it"),
    "file_no_room": _("no room is left for it, so its note came in without it"),
    "file_empty": _("empty, so its note came in without it"),
    "file_damaged": _("damaged, so its note came in without it"),
    "file_link": _("a link to another place, so its note came in without it"),
}


class Refused(Exception):
    """The archive as a whole can't be taken in; `code` is one of SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Broken(Exception):
    """One note can't be taken in; `code` is one of SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
