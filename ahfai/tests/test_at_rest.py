"""The search for words that must not lie in clear."""

import base64

import pytest

from ahfai.tests.at_rest import holding


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize(
    "disguise",
    [
        str.encode,
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode().hex().encode(),
        lambda text: base64.b64encode(text.encode()),
    ],
)
def test_a_word_is_found_in_any_common_disguise(before, disguise):
    places = {"here": disguise(f"{before}quetzal and more"), "there": disguise("quetz")}
    assert holding("quetzal", places) == ["here"]
