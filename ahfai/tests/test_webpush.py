"""Web Push: sealed for one browser, signed by this installation."""

import time
import uuid

import pytest
from cryptography.exceptions import InvalidTag

from ahfai.tests.browser_keys import BrowserKeys, claims_of, private
from ahfai.tests.sinks import http_sink
from ahfai.webpush import MOST_BYTES, Subscription, vapid
from ahfai.webpush.encryption import encrypt
from ahfai.webpush.vapid import decoded, encoded

pytestmark = pytest.mark.same_everywhere


@pytest.fixture
def browser():
    return BrowserKeys()


@pytest.fixture
def service(settings):
    """The push service of a browser's maker."""
    with http_sink() as sink:
        settings.NOTIFY_ALLOW = {sink.place}
        sink.answers = [(201, {}, b"")]
        yield sink


def test_the_example_of_rfc_8291_comes_out_letter_by_letter():
    """Appendix A."""
    browser = BrowserKeys(
        private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), decoded("BTBZMqHH6r4Tts7J_aSIgg")
    )
    sealed = encrypt(
        b"When I grow up, I want to be a watermelon",
        browser.point,
        browser.secret,
        padded_to=1,
        key=private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert encoded(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY"
        "WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexS"
        "gSxsj_Qulcy4a-fN"
    )
    assert browser.read(sealed) == b"When I grow up, I want to be a watermelon"


def test_nobody_but_the_browser_can_read_it(browser):
    sealed = encrypt(b"take the cake out", browser.point, browser.secret)
    assert b"cake" not in sealed
    assert browser.read(sealed) == b"take the cake out"
    for other in (BrowserKeys(secret=browser.secret), BrowserKeys(key=browser.key)):
        with pytest.raises(InvalidTag):
            other.read(sealed)


def test_its_length_does_not_tell_the_title(browser):
    lengths = {len(encrypt(b"x" * n, browser.point, browser.secret)) for n in range(1, 500, 50)}
    assert len(lengths) == 1


def test_the_longest_message_is_as_long_as_every_service_takes(browser):
    sealed = encrypt(b"x" * MOST_BYTES, browser.point, browser.secret)
    assert len(sealed) == 4096
    assert browser.read(sealed) == b"x" * MOST_BYTES
    with pytest.raises(ValueError, match="at most"):
        encrypt(b"x" * (MOST_BYTES + 1), browser.point, browser.secret)


def test_what_is_sent_can_be_read_and_says_who_sends_it(browser, service, settings):
    settings.SITE_URL, settings.IS_HTTPS = "https://ahfai.example", True
    message_id = uuid.uuid4()
    subscription = Subscription.of(browser.said(f"{service.url}wpush/v2/a-secret"))
    assert subscription.send(b"you have a reminder", message_id, 3600).status == 201
    (request,) = service.requests
    assert request.path == "/wpush/v2/a-secret"
    assert browser.read(request.body) == b"you have a reminder"
    assert request.headers["Content-Encoding"] == "aes128gcm"
    assert (request.headers["TTL"], request.headers["Urgency"]) == ("3600", "high")
    # At most 32 letters for addresses (RFC 8030, 5.4).
    assert request.headers["Topic"] == encoded(message_id.bytes)
    claims, key = claims_of(request.headers["Authorization"])
    assert claims["aud"] == service.url.rstrip("/")
    assert claims["sub"] == "https://ahfai.example"
    assert 0 < claims["exp"] - time.time() <= 24 * 3600
    assert key == vapid.public_key()


def test_the_key_is_the_one_of_the_settings(settings):
    """RFC 8291's example again: two machines with one setting have one public key."""
    settings.VAPID_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
    assert vapid.public_key() == (
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": ""},
        {"endpoint": 5},
        {"endpoint": "not an address"},
        {"endpoint": "https://push.example/\ud800"},
        {"endpoint": "https://push.example/" + "a" * 2000},
        {"keys": None},
        {"keys": {}},
        {"keys": {"p256dh": "AAAA", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"keys": {"p256dh": encoded(b"\x04" + bytes(64)), "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"keys": {"p256dh": "ü", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
    ],
)
def test_what_is_no_subscription_is_refused(browser, change):
    with pytest.raises(ValueError, match="no subscription"):
        Subscription.of(browser.said("https://push.example/a") | change)


@pytest.mark.parametrize("secret", ["", "AAAA", "?" * 22, "A" * 40])
def test_a_secret_of_another_length_is_refused(browser, secret):
    said = browser.said("https://push.example/a")
    said["keys"]["auth"] = secret
    with pytest.raises(ValueError, match="no subscription"):
        Subscription.of(said)


@pytest.mark.parametrize("said", [None, [], "text", 5, {}])
def test_what_has_another_form_is_refused(said):
    with pytest.raises(ValueError, match="no subscription"):
        Subscription.of(said)
