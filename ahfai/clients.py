"""Who is at the other end of a request, as far as that can be known."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

# In bits: what one household is given, and what is left of an address that is shown or kept.
_HOME_V6 = 64
_SHOWN_V4, _SHOWN_V6 = 24, 48

_BROWSERS = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
    ("curl", r"^curl/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


def address(request: HttpRequest) -> str:
    """The address that asks, "" where there is none.

    Behind `TRUSTED_PROXIES` proxies it is that many places from the right in X-Forwarded-For: each
    of them adds the one that it heard from, and what stands further left anybody can have made up.
    """
    heard = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        said = request.headers.get("X-Forwarded-For")
        named = said.split(",") if said else []
        if len(named) >= settings.TRUSTED_PROXIES:
            heard = named[-settings.TRUSTED_PROXIES].strip()
    try:
        return str(ipaddress.ip_address(heard.strip("[]")))
    except ValueError:
        return ""


def for_counting(request: HttpRequest) -> str:
    """Whose tries are counted together: an address of IPv4, or the network of a home of IPv6,
    which has more addresses than could be counted."""
    return _network(address(request), 32, _HOME_V6) or "unknown"


def shortened(text: str) -> str:
    """As much of an address as may be shown and kept: the place, not the machine."""
    return _network(text, _SHOWN_V4, _SHOWN_V6)


def _network(text: str, bits_v4: int, bits_v6: int) -> str:
    if not text:
        return ""
    found = ipaddress.ip_address(text)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if found.is_loopback:
        return str(found)
    bits = bits_v4 if found.version == 4 else bits_v6
    network = ipaddress.ip_network((found, bits), strict=False)
    return str(found) if network.num_addresses == 1 else str(network)


def browser(request: HttpRequest) -> str:
    """What the browser says that it is, as in "Firefox on Linux"; it may say anything, so only
    names that are known here are told apart."""
    said = request.headers.get("User-Agent", "")[:500]
    name = next((name for name, pattern in _BROWSERS if re.search(pattern, said)), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, said)), "")
    if name and system:
        return _("%(browser)s on %(system)s") % {"browser": name, "system": system}
    return name or system
