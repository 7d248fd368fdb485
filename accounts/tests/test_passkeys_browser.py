"""Passkeys, with the authenticator that Chromium plays for tests (Web Authentication, 11)."""

import re

from playwright.sync_api import Page, expect

from ahfai.testing import PASSWORD
from ahfai.tests.at_rest import files_in, holding
from ahfai.tests.house import House
from ahfai.tests.test_browser import chromium, new_page, pytestmark, sign_up

__all__ = ["chromium", "pytestmark"]
NAME = "Ada's telephone"


def test_a_passkey_signs_in_alone_and_is_asked_for_after_the_password(chromium):
    with House() as house:
        page = new_page(chromium, house)
        play_an_authenticator(page)
        sign_up(page, "ada@example.org")
        page.goto("/account/second-factor/app/")
        secret = page.locator(".key").inner_text()
        page.goto("/account/second-factor/passkeys/add/")
        page.get_by_label("Name").fill(NAME)
        page.get_by_role("button", name="Add it").click()
        with page.expect_download() as saved:
            page.get_by_role("link", name="Save as a text file").click()
        codes = page.locator(".recovery-codes code").all_inner_texts()
        assert len(codes) == 10
        assert saved.value.path().read_text().split("\n")[:10] == codes
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_role("link", name=NAME)).to_be_visible()

        sign_out(page)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("heading", name=re.compile("Good .*, Ada"))).to_be_visible()

        sign_out(page)
        page.get_by_label("E-mail address").fill("ada@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.get_by_role("heading", name=re.compile("Good .*, Ada"))).to_be_visible()
        page.goto("/account/again/passkey/?next=/notes/")
        page.get_by_role("button", name="Use my passkey").click()
        page.wait_for_url("**/notes/")
        assert page.faults == []
        page.context.close()

        kept = files_in(house.folder / "data")
        assert holding("clientDataJSON", kept), "the file of the database wasn't searched"
        for said in (NAME, secret, codes[0], codes[0].replace(" ", "")):
            assert not holding(said, kept)


def sign_out(page: Page) -> None:
    page.goto("/account/sign-out/")
    page.get_by_role("button", name="Sign out").click()


def play_an_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
