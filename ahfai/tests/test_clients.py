"""Whose tries are counted together, and how much of an address is kept."""

import pytest

from ahfai import clients

PROXY = "198.51.100.1"


@pytest.mark.parametrize(
    ("address", "counted", "shown"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.0/24"),
        # The same machine, as a server that listens on both kinds hears it.
        ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3::7", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("[2001:db8:1:2:3::7]", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("", "unknown", ""),
        ("a socket", "unknown", ""),
    ],
)
def test_a_home_is_counted_as_one_and_its_place_is_shown(rf, address, counted, shown):
    asked = rf.get("/", REMOTE_ADDR=address)

    assert clients.for_counting(asked) == counted
    assert clients.shortened(clients.address(asked)) == shown


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.7", PROXY),
        (1, "192.0.2.1, 203.0.113.7", "203.0.113.7"),
        (2, "192.0.2.1, 203.0.113.7, 198.51.100.2", "203.0.113.7"),
        # It didn't come by way of all of them, so nothing in it can be believed.
        (2, "203.0.113.7", PROXY),
        (1, "", PROXY),
        (1, "203.0.113.7, ", ""),
    ],
)
def test_only_what_the_own_proxies_add_is_believed(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    asked = rf.get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded)

    assert clients.address(asked) == address
