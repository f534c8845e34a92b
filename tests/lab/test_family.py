"""Every model that comes with the project samples and ranks; two of them are compared."""

import pytest

from lab import cache, kinds, session
from lab.words import _
from lesson import corruptions
from nade_core import list_models

from .conftest import healthy, words

CARDS = [card for card in list_models() if card.shape == (28, 28)]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_model_samples_and_ranks(chapter, card, monkeypatch):
    """That each scores is what tests/lab/test_exact.py holds."""
    corrupt = corruptions.corrupt  # of each kind four images, for each takes long to score
    monkeypatch.setattr(corruptions, "corrupt", lambda kind, images, *how: corrupt(kind, images[:4], *how))
    page = chapter("generate", model=card.name, n=4)
    assert "exact log p(x" in words(page) and page.selectbox(key="model").value == card.name
    page = chapter("rank", model=card.name, each=20, seed=1)  # a seed of its own: what is scored is kept
    table = page.dataframe[0].value.set_index("kind")
    assert table.loc["real"]["mean log p, nats"] > table.loc["noise, coin flips"]["mean log p, nats"]


def test_the_picker_says_what_each_model_is_of_how_large_and_how_good(chapter):
    cards = {card.name: card for card in list_models() if kinds.of(card)}
    page, seen = chapter("density"), []
    assert page.selectbox(key="group").options == ["Dogs and other animals", "Digits", "Points", "Colours", "Tables"]
    for group in page.selectbox(key="group").options:
        page.selectbox(key="group").select(group).run()
        box = page.selectbox(key="model")
        inside = [card for card in cards.values() if _(session.GROUPS[session.group_of(card)]) == group]
        assert box.value == inside[0].name and len(box.options) == len(inside)
        for card, option in zip(inside, box.options, strict=True):
            assert card.description in option and f"{card.parameters:,} parameters" in option
            assert f"{card.nats['test']:.1f} nats" in option
        seen += inside
    assert len(seen) == len(cards) == len(list_models())


def test_a_model_that_is_gone_is_said(chapter):
    page = chapter("density", model="gone")
    assert "no model gone" in page.warning[0].value and page.selectbox(key="model").value == "nade-mnist"


def test_slow_models_score_fewer_images(monkeypatch):
    quick = [next(card for card in CARDS if card.model == name) for name in ("Independent", "ChowLiu")]
    monkeypatch.setattr(cache.model_class(quick[0]), "slow", True)
    assert [len(cache.test_log_probs(card)) for card in quick] == [15, 60]


def test_rank_compares_two_models_on_the_same_images(chapter):
    page = chapter("rank", model="nade-mnist", compare="independent-mnist", each=20)
    table = page.dataframe[0].value.set_index("kind")
    real = table.loc["real"]
    assert real["mean log p, nats (NADE)"] > real["mean log p, nats (Independent pixels)"] + 50
    coin = table.loc["noise, coin flips"]
    assert coin["AUROC of real against it (NADE)"].startswith("1.000")
    assert coin["AUROC of real against it (Independent pixels)"].startswith("1.000")
    assert "Above the dotted line the second model, Independent pixels" in words(page)
    offered = page.selectbox(key="compare").options
    assert offered[0] == "no other model" and not any("animals" in option for option in offered)
    page.selectbox(key="compare").set_value("none")
    assert "mean log p, nats" in healthy(page.run()).dataframe[0].value
