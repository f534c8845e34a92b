"""Every model that comes with the project samples, scores and ranks; two are compared; regions are completed."""

import numpy as np
import pytest
import torch
from views import complete, state

from nade_core import images, list_models, load_pretrained, save_model
from nade_core.data import load_dataset
from nade_core.models import OrderAgnosticNADE, OrderAgnosticNADEConfig

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
    cards = [card for card in list_models() if state.kind(card) in state.ALL]
    options = chapter("density").selectbox(key="model").options
    assert len(cards) == len(list_models()) and options[0].startswith("NADE, digits")
    for other in (chapter("generate", n_samples=4), chapter("rank", each=20)):
        assert other.selectbox(key="model").options == options
    for card, option in zip(cards, options, strict=True):
        assert card.description in option and f"{card.parameters:,} parameters" in option
        assert f"{card.nats['test']:.1f} nats" in option


def test_slow_models_score_fewer_images(chapter, monkeypatch):
    monkeypatch.setattr(state, "SLOW", ("Independent",))
    assert len(state.test_log_probs(next(card for card in CARDS if card.model == "Independent"))) == 15
    assert len(state.test_log_probs(next(card for card in CARDS if card.model == "ChowLiu"))) == 60


def test_rank_compares_two_models_on_the_same_images(chapter):
    page = chapter("rank", model="nade-mnist", compare="independent-mnist", each=20)
    table = page.dataframe[0].value.set_index("kind")
    real = table.loc["real"]
    assert real["mean log p, nats (NADE)"] > real["mean log p, nats (Independent pixels)"] + 50
    coin = table.loc["noise, coin flips"]
    assert coin["AUROC of real against it (NADE)"].startswith("1.000")
    assert coin["AUROC of real against it (Independent pixels)"].startswith("1.000")
    assert "Above the dotted line the second model, Independent pixels" in texts(page)
    offered = page.selectbox(key="compare").options
    assert offered[0] == "no other model" and not any("animals" in option for option in offered)
    page.selectbox(key="compare").select_index(0)
    assert "mean log p, nats" in healthy(page.run()).dataframe[0].value


@pytest.fixture
def any_order(tmp_path):
    """A small order-agnostic model among the runs, for a chapter that finds none beside the project."""
    torch.manual_seed(0)
    path = tmp_path / "runs/small/model.safetensors"
    path.parent.mkdir(parents=True)
    model = OrderAgnosticNADE(OrderAgnosticNADEConfig(784, hidden=8))
    save_model(model, path, title="small, any order", data="mnist", shape=[28, 28])
    return path


@pytest.mark.parametrize("region", complete.REGIONS)
def test_complete_fills_every_region(chapter, any_order, region):
    page = chapter("complete", region=region, completions=4)
    assert "log p(missing | known)" in texts(page) and "of these 4" in texts(page)
    missing = complete.erased(region, 0.7, (8, 20, 8, 20), 0)
    assert f"{missing.sum()} pixels erased" in texts(page)


def test_complete_takes_an_uploaded_picture(chapter, any_order):
    page = chapter("complete", complete_source=complete.OWN, completions=4)
    assert "Drop a picture" in page.info[0].value
    picture = images.to_png(load_dataset("mnist").test[0].reshape(28, 28), 5)
    page.file_uploader[0].upload("seven.png", picture, "image/png")
    assert "of these 4" in texts(healthy(page.run()))
    page = chapter("complete", complete_source=complete.OWN)
    page.file_uploader[0].upload("bad.png", b"nothing", "image/png")
    page.run()
    assert not page.exception and "not a picture" in page.error[0].value


def test_complete_asks_for_a_region_that_is_not_empty(chapter, any_order):
    assert "Nothing is erased" in chapter("complete", region="a box", rows=(8, 8)).info[0].value


def test_completions_keep_what_is_known_and_follow_the_seed(any_order):
    image = load_dataset("mnist").test[1]
    known = (~complete.erased("left half", 0, (0, 0, 0, 0), 0)).ravel().astype(np.uint8)
    key = str(any_order), any_order.stat().st_mtime
    shown, log_p, truth, marginals = complete.complete(key, image.tobytes(), known.tobytes(), 4, 0)
    assert (shown[:, known == 1] == image[known == 1]).all() and (marginals[known == 1] == image[known == 1]).all()
    assert log_p.shape == (4,) and np.isfinite([*log_p, truth]).all()
    complete.complete.clear()
    again = complete.complete(key, image.tobytes(), known.tobytes(), 4, 0)
    assert (again[0] == shown).all() and np.allclose(again[1], log_p)
    assert (complete.complete(key, image.tobytes(), known.tobytes(), 4, 1)[0] != shown).any()


def test_complete_says_what_it_needs_where_there_is_no_such_model(chapter, monkeypatch):
    monkeypatch.setattr(complete, "FAMILY", "Nobody")
    assert "OrderAgnosticNADE" in chapter("complete").info[0].value
