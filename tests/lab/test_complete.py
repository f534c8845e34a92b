"""Complete: regions are erased and filled in, what is known stays, and every number is the model's."""

import re

import numpy as np
import pytest
import torch

from lab import answers, cache, completions
from lab.cache import gaps
from lab.chapters import complete
from lesson import regions
from nade_core import images, list_models, load_model, save_model
from nade_core.data import load_dataset
from nade_core.models import OrderAgnosticNADE, OrderAgnosticNADEConfig, PixelCNN, PixelCNNConfig

from .conftest import healthy, words


def run_of(model, path, title):
    """A model among the runs."""
    path = path / "model.safetensors"
    path.parent.mkdir(parents=True)
    save_model(model, path, title=title, data="mnist", embedded="mnist", shape=[28, 28])


@pytest.fixture
def any_order(tmp_path):
    """A small model that takes any order, among the runs."""
    torch.manual_seed(0)
    model = OrderAgnosticNADE(OrderAgnosticNADEConfig(784, hidden=8))
    run_of(model, tmp_path / "runs/small", "small, any order")


@pytest.fixture
def scans(tmp_path):
    """A small model of one scan, from the top left by rows, among the runs."""
    torch.manual_seed(0)
    run_of(PixelCNN(PixelCNNConfig(784, channels=2, layers=1, scans=1)), tmp_path / "runs/scan", "small, one scan")


@pytest.mark.parametrize("region", regions.REGIONS)
def test_every_region_is_filled(chapter, any_order, region):
    page = chapter("complete", completer="small", region=region, n=4)
    assert "log p(missing | known)" in words(page) and re.search("of these 4|all 4 of these", words(page))
    missing = regions.erased(region, 0.7, (8, 20, 8, 20), 0)
    assert f"{missing.sum()} pixels erased" in words(page)


def test_several_models_are_a_choice_that_follows_the_other_chapters(chapter, any_order):
    page = chapter("complete", model="small", n=4)
    offered = page.selectbox(key="completer")
    known = [card for card in list_models() if complete._can(card)]
    assert offered.value == "small" and len(offered.options) == 1 + len(known) > 3
    page.selectbox(key="completer").set_value("any-order-mnist")
    params = healthy(page.run()).query_params
    assert (params["model"], params["completer"]) == ("small", "any-order-mnist")


def test_a_single_model_is_no_choice_whatever_the_other_chapters_use(chapter, monkeypatch):
    monkeypatch.setattr(complete, "_can", lambda card: card.name == "any-order-mnist")
    page = chapter("complete", model="rnade-rings", n=4)
    assert page.get("selectbox")[0].key != "completer" and page.query_params["model"] == "rnade-rings"
    assert "log p(missing | known)" in words(page)


def test_an_uploaded_picture_is_completed(chapter, any_order):
    page = chapter("complete", completer="small", source="own", n=4)
    assert "Drop a picture" in page.info[0].value
    picture = images.to_png(load_dataset("mnist").test[0].reshape(28, 28), 5)
    page.file_uploader[0].upload("seven.png", picture, "image/png")
    assert "of these 4" in words(healthy(page.run()))
    page = chapter("complete", source="own")
    page.file_uploader[0].upload("bad.png", b"nothing", "image/png")
    page.run()
    assert not page.exception and "not a picture" in page.error[0].value


def test_a_region_that_is_empty_is_refused(chapter, any_order):
    assert "Nothing is erased" in chapter("complete", region="box", rows="8,8").info[0].value


def test_completions_keep_what_is_known_and_follow_the_seed(chapter, any_order):
    image, card = load_dataset("mnist").test[1], cache.cards()["small"]
    known = ~regions.erased("left-half", 0, (0, 0, 0, 0), 0).ravel()
    first = gaps.complete(card, image, known, 4, 0)
    assert (first.rows[:, known] == image[known]).all() and (first.marginals[known] == image[known]).all()
    assert first.log_p.shape == (4,) and np.isfinite([*first.log_p, first.log_p_true]).all()
    gaps._in_any_order.clear()
    again = gaps.complete(card, image, known, 4, 0)
    assert (again.rows == first.rows).all() and np.allclose(again.log_p, first.log_p)
    assert (gaps.complete(card, image, known, 4, 1).rows != first.rows).any()


@pytest.mark.parametrize(
    ("region", "told"), [("bottom-half", r"\*\*Exact\*\*: a scan"), ("centre", r"\*\*Approximate\*\*.* 128 particles")]
)
def test_a_model_of_scans_says_whether_it_is_exact(chapter, scans, region, told):
    shown = words(chapter("complete", completer="scan", region=region, n=4))
    assert re.search(told, shown, re.S) and "the share of 64 draws" in shown
    assert re.search("of these 4|all 4 of these", shown)


def test_a_model_of_any_ordering_is_said_to_be_exact_for_any_region(chapter, any_order):
    assert "**Exact** for any region" in words(chapter("complete", completer="small", region="centre", n=4))


def test_completions_along_a_scan_keep_what_is_known_and_have_its_log_p(chapter, scans):
    image, card = load_dataset("mnist").test[1], cache.cards()["scan"]
    known = ~regions.erased("bottom-half", 0, (0, 0, 0, 0), 0).ravel()
    found, more = gaps.complete(card, image, known, 4, 0), gaps.complete(card, image, known, 24, 0)
    assert found.how == "scan" and (found.rows[:, known] == image[known]).all()
    assert {row.tobytes() for row in found.rows} <= {row.tobytes() for row in more.rows}
    terms = load_model(card.path, "cpu").log_conditionals(np.concatenate([found.rows, image[None]]))
    assert [*found.log_p, found.log_p_true] == pytest.approx(terms[:, ~known].sum(1).tolist(), abs=1e-3)
    assert (found.marginals[known] == image[known]).all()
    box = ~regions.erased("centre", 0, (0, 0, 0, 0), 0).ravel()
    by_particles = gaps.complete(card, image, box, 4, 0)
    assert by_particles.how == "particles" and 1 <= by_particles.effective < by_particles.particles == 128


def test_entropy_is_exact_at_both_ends():
    assert regions.entropy(np.array([0.0, 0.5, 1.0])).tolist() == [0, 1, 0]
    assert regions.entropy(np.array([1e-12]))[0] == pytest.approx(1e-12 * (np.log2(1e12) + 1 / np.log(2)))


def test_without_such_a_model_the_page_says_how_to_make_one(chapter, monkeypatch):
    monkeypatch.setattr(complete, "_can", lambda card: False)
    assert "OrderAgnosticNADE" in chapter("complete").info[0].value


def test_what_beats_all_is_said_to_beat_all():
    def told(truth):
        return completions._truth(
            answers.Completions(np.zeros((12, 784)), np.arange(12.0), truth, np.zeros(784), "any")
        )

    assert "more than all 12 of these" in told(20) and "more than none of these 12" in told(-1)
    assert "more than 3 of these 12" in told(2.5)
