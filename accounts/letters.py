"""Mails about accounts: short, in plain text, and without a word of what people write, their names
included: whoever gives one address or another could send words of their own to it."""

import datetime
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Letter, User
from accounts.sign_in import email_change, reset, sign_up_by_mail

# A letter that couldn't be sent is tried again then; so is one whose worker died.
AGAIN_AFTER = datetime.timedelta(minutes=5)
# Most links work for an hour.
GIVEN_UP_AFTER = datetime.timedelta(hours=1)
AT_ONCE = 20


def tell_of_a_new_way_in(person: User) -> None:
    """That the password or a second factor is another one, in case it wasn't them. Two changes that
    come together are one mail."""
    new = {"owner": person, "kind": Letter.Kind.WAY_IN}
    if settings.HAS_MAIL and not Letter.objects.filter(**new).exists():
        Letter.objects.create(**new, to=person.email)


def send_due() -> None:
    """Send what is to be sent. Raises what the mail server or the way to it raises."""
    forget_old()
    now = timezone.now()
    for letter in Letter.objects.filter(next_try__lte=now).order_by("next_try")[:AT_ONCE]:
        rows = Letter.objects.filter(pk=letter.pk)
        # Another worker may have taken it.
        if rows.filter(next_try=letter.next_try).update(next_try=now + AGAIN_AFTER):
            mail = _written(letter)
            if mail:
                mail.send()
            rows.delete()


def forget_old() -> None:
    Letter.objects.filter(asked__lt=timezone.now() - GIVEN_UP_AFTER).delete()


def _written(letter: Letter) -> EmailMessage | None:
    """None where there is nobody to write to."""
    match letter.kind:
        case Letter.Kind.RESET:
            return _reset(letter)
        case Letter.Kind.EMAIL_NEW:
            return _new_address(letter)
        case Letter.Kind.SIGN_UP:
            return _sign_up(letter)
        case Letter.Kind.WAY_IN:
            page = {"link": f"{settings.SITE_URL}{reverse('accounts:activity')}"}
            return _mail(letter, _("How you sign in to AhFai was changed"), "way_in", page)
        case _:
            return _mail(letter, _("Your address for AhFai was changed"), "email_old", {})


def _reset(letter: Letter) -> EmailMessage | None:
    person = User.objects.filter(email=letter.to, is_active=True).first()
    if person is None:
        return None
    if letter.next_try < letter.asked + AGAIN_AFTER:
        # Not for each try of sending it.
        audit.record(person, audit.Event.PASSWORD_RESET_ASKED)
    words = {"link": reset.link(person)}
    return _mail(letter, _("A new password for AhFai"), "reset", words)


def _new_address(letter: Letter) -> EmailMessage | None:
    person = letter.owner
    if person is None or User.objects.filter(email=letter.to).exists():
        return None
    words = {"link": email_change.link(person, letter.to)}
    return _mail(letter, _("Your new address for AhFai"), "email_new", words)


def _sign_up(letter: Letter) -> EmailMessage:
    if User.objects.filter(email=letter.to).exists():
        words = {
            "sign_in": f"{settings.SITE_URL}{reverse('account_login')}",
            "reset": f"{settings.SITE_URL}{reverse('account_reset_password')}",
        }
        return _mail(letter, _("You have an account for AhFai"), "sign_up_taken", words)
    words = {"link": sign_up_by_mail.link(letter.to, letter.invitation_hash)}
    return _mail(letter, _("Your account for AhFai"), "sign_up", words)


def _mail(letter: Letter, subject: str, template: str, words: Mapping[str, object]) -> EmailMessage:
    body = render_to_string(f"account/letters/{template}.txt", {"site": settings.SITE_URL, **words})
    return EmailMessage(
        subject,
        body.strip() + "\n",
        to=[letter.to],
        headers={
            # The same for each try: many mail servers keep only one of them.
            "Message-ID": f"<{letter.pk}@{urlsplit(settings.SITE_URL).hostname}>",
            # No answering machine shall answer (RFC 3834).
            "Auto-Submitted": "auto-generated",
        },
    )
