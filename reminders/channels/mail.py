"""E-mail, to the address that the person signs in with, by the server that the operator names."""

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from accounts.models import User
from reminders.channels.message import Answer, Message, Permanent, Temporary
from reminders.channels.target import Target, Way


@dataclass(frozen=True)
class Mail(Target):
    address: str

    @classmethod
    def read(cls, kept: Mapping[str, Any], owner: User) -> Self:
        """The address is nowhere a second time: it can change."""
        return cls(owner.email)

    @property
    def place(self) -> str:
        return self.address

    def send(self, message: Message) -> Answer:
        if not settings.HAS_MAIL:
            raise Temporary(_("No mail server is set up here: see EMAIL_URL."))
        host = urlsplit(settings.SITE_URL).hostname
        mail = EmailMessage(
            message.title,
            "\n\n".join(filter(None, (message.text or message.title, message.url))) + "\n",
            to=[self.address],
            headers={
                # The same for each try: many mail servers keep only one of them.
                "Message-ID": f"<{message.id}@{host}>",
                # No answering machine shall answer (RFC 3834).
                "Auto-Submitted": "auto-generated",
            },
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as refused:
            code = max(code for code, _said in refused.recipients.values())
            if code >= 500:
                said = _("The mail server says that nobody has this address (%(code)d).")
                raise Permanent(said % {"code": code}) from None
            raise Temporary(_refused(code)) from None
        except smtplib.SMTPResponseException as refused:
            raise Temporary(_refused(refused.smtp_code)) from None
        except (OSError, smtplib.SMTPException):
            raise Temporary(_("The mail server can't be reached.")) from None
        return Answer(_("The mail server has taken it."))


def _refused(code: int) -> str:
    return _("The mail server didn't take it now (%(code)d).") % {"code": code}


WAY = Way(Mail)
