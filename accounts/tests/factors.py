"""A person with an app for codes, as tests play it."""

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from ahfai.testing import PASSWORD

APP = "/account/second-factor/app/"


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def sign_in(email: str, **extra) -> tuple[Client, str]:
    """A browser after the password, and where that led."""
    client = Client()
    answer = client.post("/account/sign-in/", {"login": email, "password": PASSWORD}, **extra)
    return client, answer.url


def add_app(client: Client) -> tuple[str, list[str]]:
    """Its key, and the recovery codes."""
    secret = re.search(r'class="key">(\w+)<', client.get(APP).content.decode())[1]
    shown = client.post(APP, {"code": code_of(secret)}).content.decode()
    return secret, codes_on(shown)


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([\d ]+)</code>", page)
