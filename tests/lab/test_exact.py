"""What the page prints is what the library computes: in the metric, in the surprise map, and in the player."""

import re

import numpy as np
import pytest

from lab import cache, components, surprise
from nade_core import list_models, load_pretrained, scoring
from nade_core.data import load_dataset

from .conftest import metric, words

CARDS = [card for card in list_models() if card.shape == (28, 28)]
NATS = 0.01
models = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


def _rows(card) -> np.ndarray:
    """Real ones, the same inverted, blank, all on, and noise: (8, 784)."""
    real = load_dataset(card.data).test[:3]
    noise = np.random.default_rng(1).integers(0, 2, (2, 784), np.uint8)
    blank = np.zeros((1, 784), np.uint8)
    return np.concatenate([real[:2], 1 - real[:2], blank, 1 - blank, noise])


@models
def test_map_player_and_log_p_are_the_librarys(card, monkeypatch):
    handed = {}
    monkeypatch.setattr(components, "_player", lambda key, data: handed.update(data))
    rows = _rows(card)
    expected = scoring.log_probs(load_pretrained(card.name, "cpu"), rows)
    assert cache.log_prob(card, rows) == pytest.approx(expected, abs=NATS)
    for row, log_p in zip(rows, expected, strict=True):
        terms = cache.terms(card, row)
        assert surprise.surprise_map(row, terms).data[0].z.sum() == pytest.approx(-log_p, abs=NATS)
        components.player(row, terms.log_p, terms.p_on, cache.ordering(card), key="player")
        assert sum(handed["logP"]) == pytest.approx(log_p, abs=NATS)
        assert [int(bit) for bit in handed["bits"]] == row[handed["ordering"]].tolist()


def _agrees(page, log_p):
    """The number on the page, and the sentence of the chain rule under the map."""
    total, said = re.search(r"All 784 sum to (-?[\d.]+), and −log p\(x\) = (-?[\d.]+)", words(page)).groups()
    shown = [float(metric(page, "log p(x)").split()[0]), -float(total), -float(said)]
    assert shown == pytest.approx([log_p] * 3, abs=NATS)


@models
def test_the_page_prints_them_for_test_images_and_noise(chapter, card):
    model = load_pretrained(card.name, "cpu")
    _agrees(
        chapter("density", model=card.name, source="test", image=3),
        scoring.log_probs(model, load_dataset(card.data).test[3:4])[0],
    )
    for on in (0.0, 0.5, 1.0):
        noise = (np.random.default_rng(0).random((1, 784)) < on).astype(np.uint8)
        _agrees(chapter("density", model=card.name, source="noise", on=on), scoring.log_probs(model, noise)[0])


def test_an_image_of_the_ranking_opens_with_its_numbers(chapter):
    card = next(card for card in CARDS if card.name == "made-mnist")
    shown = cache.gallery(card, 20, 0)
    index = int(np.flatnonzero(shown.sorts == "inverted")[0])
    page = chapter("rank", model=card.name, each=20, kinds="inverted", open=index)
    _agrees(page, scoring.log_probs(load_pretrained(card.name, "cpu"), shown.rows[index : index + 1])[0])
    assert not chapter("rank", model=card.name, each=20, kinds="all-on", open=index).metric  # not shown, so not open
