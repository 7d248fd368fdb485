"""Sizes as people read them."""

import pytest
from django.utils import translation

from ahfai import sizes


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (20 * sizes.MB, "20 MB"),
        (491_400_064, "491 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1 GB"),
        (1_117_320_768, "1.1 GB"),
        (4_920_753_328, "4.9 GB"),
        (9_960_000_000, "10 GB"),
        (16_700_000_000, "17 GB"),
        (3 * 10**15, "3000 TB"),
    ],
)
def test_a_size_is_told_as_model_servers_and_disks_tell_it(size, words):
    assert sizes.words(size).replace("\xa0", " ") == words


def test_a_size_is_told_as_the_language_writes_numbers():
    with translation.override("de"):
        assert sizes.words(4_920_753_328) == "4,9\xa0GB"
