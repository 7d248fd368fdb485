"""What allauth asks the house: who may come in, how often, and how a person is saved."""

import datetime
import time
from typing import Any, cast

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import audit, invitations
from accounts.forms import time_zones
from accounts.models import User
from accounts.parting import leaving
from accounts.sign_in import passwords, tries
from ahfai import clients, limits

HOUR = datetime.timedelta(hours=1)
SIGN_UPS_PER_HOUR = 5


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("This e-mail address and password don't belong together."),
        "email_taken": _("There is an account with this e-mail address already. Sign in instead?"),
        "incorrect_password": _("That isn't your password."),
        "enter_current_password": _("That isn't your present password."),
        "too_many_login_attempts": _(
            "That was tried too often. Please wait until the next hour begins and try again."
        ),
        "too_many_codes": _("That was tried too often. Please wait five minutes and try again."),
    }
    # Messages travel in a cookie, so only sentences without a word of a person's are let through.
    fixed_sentences = frozenset(
        {
            "account/messages/password_changed.txt",
            "mfa/messages/totp_activated.txt",
        }
    )

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invitations.sign_up_is_open(request)

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        data = form.cleaned_data
        person = cast("User", user)
        person.email = data["email"]
        person.name = data["name"]
        zone = data.get("time_zone")
        person.time_zone = zone if zone in time_zones() else settings.TIME_ZONE
        person.set_password(data["password1"])
        invitation = form.invitation_hash
        request.session.pop(invitations.IN_SESSION, None)
        try:
            with transaction.atomic():
                User.objects.register(person)
                if not invitations.use(invitation, person) and settings.SIGN_UP == "invite":
                    # Somebody else was quicker with it.
                    raise ImmediateHttpResponse(redirect("account_signup"))
        except IntegrityError:
            # Somebody, or a second click, took the address since the form was checked.
            raise ImmediateHttpResponse(redirect("account_login")) from None
        return person

    def set_password(self, user: Any, password: str) -> None:
        """A new password ends all sessions; allauth then gives this browser a new one."""
        passwords.replace(user, password, audit.Event.PASSWORD_CHANGED, self.request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        if not tries.may_try(request, str(credentials.get("email", ""))):
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """The same for an address without an account, so that it takes as long."""
        tries.note_failure(str(credentials.get("email", "")))

    def post_login(
        self, request: HttpRequest, user: Any, *, signup: bool, **options: Any
    ) -> HttpResponse:
        response = super().post_login(request, user, signup=signup, **options)
        if signup:
            # Nobody is asked for the password that they have just chosen.
            record_authentication(request, user, method="password")
        event = audit.Event.SIGNED_UP if signup else audit.Event.SIGNED_IN
        audit.record(user, event, request, tries=tries.take_failures(user.email))
        tries.remember_browser(request, response, user.email)
        return response

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Check by the person's own address; people from the command line have no other row."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Not from whoever has only just signed in."""
        records = get_authentication_records(self.request, self.request.user)
        signed_in = records[-1]["at"] if records else 0
        return time.time() - signed_in >= app_settings.REAUTHENTICATION_TIMEOUT

    def count_sign_up(self, request: HttpRequest) -> None:
        """Sign-up tells whether an address has an account, or has a mail sent there, so it can't be
        asked for long."""
        if limits.count("sign-up", self.get_client_ip(request), HOUR) > SIGN_UPS_PER_HOUR:
            raise self.validation_error("too_many_login_attempts")

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose tries are counted together."""
        return clients.for_counting(request)

    def is_ajax(self, request: HttpRequest) -> bool:
        """Never: the JSON form of an answer repeats the password that was typed."""
        return False

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if message_template in self.fixed_sentences:
            super().add_message(request, level, message_template)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Whoever asked for their account to be erased sees first how to keep it."""
        person = cast("User", request.user)
        if leaving.of(person):
            return reverse("accounts:leave")
        return super().get_login_redirect_url(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:settings")
