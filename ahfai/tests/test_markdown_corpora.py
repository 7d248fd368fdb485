"""Collected attacks through the renderer: nothing outside the list, whole or in a stream."""

import random

import pytest

from ahfai import markdown
from ahfai.tests import corpora
from ahfai.tests.test_markdown_safety import assert_harmless


@pytest.mark.parametrize("attacks", [100, pytest.param(None, marks=pytest.mark.prove, id="all")])
def test_collected_attacks_stay_harmless_in_every_place(attacks, record_property, caplog):
    texts = corpora.some(attacks)
    for text in texts:
        for place in corpora.PLACES:
            assert_harmless(markdown.render(place.replace("{}", text)))
    assert caplog.messages == []
    record_property("attacks", f"{len(texts):,}")
    record_property("texts rendered", f"{len(texts) * len(corpora.PLACES):,}")


@pytest.mark.parametrize("attacks", [500, pytest.param(None, marks=pytest.mark.prove, id="all")])
def test_collected_attacks_stay_harmless_block_by_block(attacks, record_property, caplog):
    chance = random.Random(13)
    texts = [
        chance.choice(corpora.PLACES).replace("{}", text) if chance.random() < 0.5 else text
        for text in corpora.some(attacks)
    ]
    blocks = 0
    for answer in corpora.answers(texts, most=4_000):
        grown, closed = "", 0
        for piece in corpora.pieces(answer, chance):
            grown += piece
            if "\n" not in piece:
                continue
            for start, end in markdown.closed_blocks(grown, closed):
                assert_harmless(markdown.render_block(grown[start:end]))
                closed, blocks = end, blocks + 1
        assert_harmless(markdown.render(grown))
    assert blocks > len(texts) / 2
    assert caplog.messages == []
    record_property("attacks", f"{len(texts):,}")
    record_property("blocks rendered", f"{blocks:,}")
