"""Sizes as people read them: in powers of ten, as model servers, disks and the settings count."""

from django.utils.formats import number_format
from django.utils.html import avoid_wrapping
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

MB = 10**6
_UNITS = [
    gettext_noop("%s kB"),
    gettext_noop("%s MB"),
    gettext_noop("%s GB"),
    gettext_noop("%s TB"),
]


def words(size: int) -> str:
    """As in "4.9 GB" and "15 MB": with one decimal below ten, where it says something."""
    if size < 1000:
        return avoid_wrapping(ngettext("%(size)d byte", "%(size)d bytes", size) % {"size": size})
    power = 1
    # What would be rounded to a thousand is one of the next unit.
    while size / 1000**power >= 999.5 and power < len(_UNITS):
        power += 1
    amount = size / 1000**power
    shown = round(amount, 1) if amount < 9.95 else round(amount)
    decimals = 0 if shown == int(shown) else 1
    return avoid_wrapping(_(_UNITS[power - 1]) % number_format(shown, decimals))
