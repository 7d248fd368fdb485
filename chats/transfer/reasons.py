"""Why a chat did not come in, or came in otherwise than it was: a code for the database, a sentence
for the person."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "chat_not_understood": _("not in the form that was expected"),
    "chat_damaged": _("damaged: what should follow can't be read"),
    "chat_too_long": _("too long for one chat"),
    "chat_empty": _("nothing was said in it"),
    "chat_kept_both": _("differs from the one that came in before, so it came in beside it"),
    "chat_left_out": _("came in without its pictures and files"),
    "chat_cut": _("came in, and the end of its longest message is missing"),
    "chat_file_unread": _("nothing can be read in it, so its message came in without it"),
    "reminder_not_understood": _("not in the form that was expected"),
}
