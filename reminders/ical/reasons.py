"""Why something of another calendar did not come in, or came in otherwise than it was: a code for
the program, a sentence for the person."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    # Nothing of the whole comes in.
    "too_large": _("This file is too large: at most 5 MB go in at once."),
    "too_many": _("There are too many entries in it: at most 5,000 go in at once."),
    "not_text": _("It is damaged: it isn't written in UTF-8."),
    "not_a_calendar": _("This isn't a calendar. Choose an .ics file."),
    "empty": _("There are no appointments and no tasks in it."),
    # One entry of it doesn't.
    "too_long": _("too long for one reminder"),
    "not_understood": _("not in the form that was expected"),
    "cancelled": _("called off, so it stayed out"),
    "changed_once": _("one changed time of a series, so it stayed out"),
    "no_date": _("without a day that can be read"),
    # It does, and this is to be known.
    "cut": _("its text was too long, and its end is missing"),
    "zone": _("its time zone isn't known, so its time is taken as one of yours"),
    "repeat": _("came in once: how it repeats can't be kept here"),
    "exceptions": _("came in with all its times, also those that were left out or added there"),
}


class Refused(Exception):
    """The file as a whole can't be taken in; `code` is one of SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Broken(Exception):
    """One entry can't be taken in; `code` is one of SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
