"""Every model that comes with the project samples, scores, ranks, and stands in the table."""

import json

import numpy as np
import pytest
import torch

from nade_core import list_models, load_pretrained
from nade_core.data import load_dataset
from nade_core.published import PUBLISHED
from views import complete, leaderboard, state

from .conftest import healthy
from .test_chapters import metric, texts

CARDS = [card for card in list_models() if card.shape == (28, 28)]


@pytest.fixture(autouse=True)
def few_images(monkeypatch):
    monkeypatch.setattr(state, "TEST_IMAGES", 60)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_model_samples_scores_and_ranks(chapter, card):
    page = chapter("generate", model=card.name, n_samples=4)
    assert "exact log p(x" in texts(page) and (page.selectbox(key="model").value == card.name)
    page = chapter("density", model=card.name, test_image=3)
    with torch.no_grad():
        log_p = load_pretrained(card.name, "cpu").log_prob(load_dataset(card.data).test[3:4]).item()
    assert metric(page, "log p(x)") == f"{log_p:.2f} nats"
    page = chapter("rank", model=card.name, each=20)
    table = page.dataframe[0].value.set_index("kind")
    assert table.loc["real"]["mean log p, nats"] > table.loc["noise, coin flips"]["mean log p, nats"]


def test_the_picker_says_what_each_model_is_how_large_and_how_good(chapter):
    page = chapter("density")
    options = page.selectbox(key="model").options
    assert len(options) == len(CARDS) and options[0].startswith("NADE, digits")
    for card, option in zip(CARDS, options, strict=True):
        assert card.description in option and f"{card.parameters:,} parameters" in option
        assert f"{card.nats['test']:.1f} nats" in option


def test_rank_compares_two_models_on_the_same_images(chapter):
    page = chapter("rank", model="nade-mnist", compare="independent-mnist", each=20)
    table = page.dataframe[0].value.set_index("kind")
    ours, theirs = table.loc["real"]["NADE, digits"], table.loc["real"]["Independent pixels, digits"]
    assert ours > theirs + 50 and "Above the dotted line" in texts(page)
    assert "nade-animals" not in [card.name for card in CARDS if card.title in page.selectbox(key="compare").options]


@pytest.mark.parametrize("region", complete.REGIONS)
def test_complete_fills_every_region(chapter, region):
    page = chapter("complete", region=region, completions=4)
    assert "log p(missing | known)" in texts(page) and "of these 4" in texts(page)
    missing = complete.erased(region, 0.7, (8, 20, 8, 20), 0)
    assert f"{missing.sum()} pixels erased" in str(page.main)


def test_completions_keep_what_is_known(chapter):
    card = next(card for card in CARDS if card.model == complete.FAMILY)
    image = load_dataset("mnist").test[1]
    known = (~complete.erased("left half", 0, (0, 0, 0, 0), 0)).ravel().astype(np.uint8)
    shown, log_p, truth, marginals = complete.complete(state.model_key(card), image.tobytes(), known.tobytes(), 4, 0)
    assert (shown[:, known == 1] == image[known == 1]).all() and (marginals[known == 1] == image[known == 1]).all()
    assert log_p.shape == (4,) and np.isfinite([*log_p, truth]).all()


def test_complete_says_what_it_needs_where_there_is_no_such_model(chapter, monkeypatch):
    monkeypatch.setattr(complete, "FAMILY", "Nobody")
    assert "OrderAgnosticNADE" in chapter("complete").info[0].value


def test_the_leaderboard_holds_ours_and_the_published(chapter, monkeypatch, tmp_path):
    page = chapter("leaderboard")
    table, rows = page.dataframe[0].value, json.loads(leaderboard.TABLE.read_text())["rows"]
    assert (table["whose"] == "published").sum() == len(PUBLISHED)
    assert {row["name"] for row in rows} == {card.name for card in CARDS if card.data == "mnist"}
    assert table["nats"].is_monotonic_increasing
    monkeypatch.setattr(leaderboard, "TABLE", tmp_path / "none.json")
    assert "benchmarks.leaderboard" in healthy(chapter("leaderboard")).info[0].value


def test_the_readme_holds_the_table(chapter):
    from benchmarks.leaderboard import END, README, START, TABLE, markdown

    assert README.read_text().split(START)[1].split(END)[0] == markdown(json.loads(TABLE.read_text()))
