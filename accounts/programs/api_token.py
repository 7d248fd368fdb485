"""Signing in, staying so and signing out, for a front end that lives on another origin."""

from contextlib import suppress
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts.models import User
from accounts.programs import jwts
from accounts.programs.api_access import HOUR, OpenToAll
from accounts.sign_in import second_factor
from accounts.sign_in.door_forms import SignInPage
from accounts.sign_in.factor_forms import SignInCode
from ahfai import problems
from ahfai.bodies import Body
from ahfai.problems import Refused

router = Router(tags=["token"])
_nobody_yet = OpenToAll("whoever isn't signed in yet has to get in")


class SignIn(Body):
    email: str
    password: str
    # Of an app, or a recovery code, where the account has a second step.
    code: str = ""


class Refresh(Body):
    refresh_token: str


class Tokens(Schema):
    """As in RFC 6749, 5.1."""

    access_token: str
    token_type: str
    # In seconds.
    expires_in: int
    refresh_token: str


@router.post("", auth=_nobody_yet, response=Tokens, url_name="token")
def sign_in(request: HttpRequest, said: SignIn, answer: HttpResponse) -> Tokens:
    """Sign in as on the page: counted and refused in the same way. Where the account has a second
    step and `code` is missing, the answer is 401 with `needs` "code"."""
    # A session that comes along is as if it weren't there.
    request.user = AnonymousUser()
    person = _person(request, said)
    if second_factor.is_on(person):
        _check_code(request, person, said.code)
    return _tokens(jwts.begin(person, request), answer)


@router.post("refresh", auth=_nobody_yet, response=Tokens, url_name="token_refresh")
def refresh(request: HttpRequest, said: Refresh, answer: HttpResponse) -> Tokens:
    """Two new tokens for a refresh token, which works once: where it comes a second time, the
    session ends."""
    try:
        return _tokens(jwts.refreshed(said.refresh_token, request), answer)
    except jwts.Refused:
        raise _over() from None


@router.post("revoke", auth=_nobody_yet, response={204: None}, url_name="token_revoke")
def revoke(request: HttpRequest, said: Refresh) -> None:
    """Sign out: the session and all its tokens end. Nothing is told of one that isn't known
    (RFC 7009, 2.2)."""
    with suppress(jwts.Refused):
        jwts.end(said.refresh_token, request)


def _person(request: HttpRequest, said: SignIn) -> User:
    form: Any = SignInPage({"login": said.email, "password": said.password}, request=request)
    if form.is_valid() and form.user.is_active:
        return form.user
    codes = {error.code for errors in form.errors.as_data().values() for error in errors}
    if "too_many_login_attempts" in codes:
        raise problems.too_often(HOUR)
    if form.errors and "email_password_mismatch" not in codes:
        refused = problems.of_form(form)
        for error in refused.more["errors"]:
            error["field"] = "email" if error["field"] == "login" else error["field"]
        raise refused
    mismatch = get_adapter().error_messages["email_password_mismatch"]
    raise Refused(401, str(mismatch), {"WWW-Authenticate": "Bearer"})


def _check_code(request: Any, person: User, code: str) -> None:
    request.signing_in = person
    form: Any = SignInCode({"code": code}, user=person)
    if not code:
        sentence = _(
            "This account has a second step: send a code of it, or a recovery code, as code."
        )
    elif form.is_valid():
        form.authenticator.record_usage()
        return
    else:
        errors = form.errors.as_data().get("code", [])
        if any(error.code == "too_many_codes" for error in errors):
            raise problems.too_often(second_factor.FEW_MINUTES)
        sentence = " ".join(str(one) for one in form.errors.get("code", []))
    raise Refused(401, sentence, {"WWW-Authenticate": "Bearer"}, needs="code")


def _tokens(pair: jwts.Pair, answer: HttpResponse) -> Tokens:
    answer["Cache-Control"] = "no-store"
    return Tokens(
        access_token=pair.access,
        token_type="Bearer",  # noqa: S106 (not a secret)
        expires_in=int(jwts.ACCESS_FOR.total_seconds()),
        refresh_token=pair.refresh,
    )


def _over() -> Refused:
    sentence = _("This refresh token doesn't work any more. Sign in again.")
    return Refused(401, sentence, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
