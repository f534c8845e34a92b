"""Complete: regions are erased and filled in, what is known stays, and every number is the model's."""

import re

import numpy as np
import pytest
import torch

from lab import cache, completions
from lab.chapters import complete
from lesson import regions
from nade_core import images, save_model
from nade_core.data import load_dataset
from nade_core.models import OrderAgnosticNADE, OrderAgnosticNADEConfig

from .conftest import healthy, words


@pytest.fixture
def any_order(tmp_path):
    """A small model that takes any order, among the runs."""
    torch.manual_seed(0)
    path = tmp_path / "runs/small/model.safetensors"
    path.parent.mkdir(parents=True)
    model = OrderAgnosticNADE(OrderAgnosticNADEConfig(784, hidden=8))
    save_model(model, path, title="small, any order", data="mnist", embedded="mnist", shape=[28, 28])


@pytest.mark.parametrize("region", regions.REGIONS)
def test_every_region_is_filled(chapter, any_order, region):
    page = chapter("complete", completer="small", region=region, n=4)
    assert "log p(missing | known)" in words(page) and re.search("of these 4|all 4 of these", words(page))
    missing = regions.erased(region, 0.7, (8, 20, 8, 20), 0)
    assert f"{missing.sum()} pixels erased" in words(page)


def test_several_models_are_a_choice_that_follows_the_other_chapters(chapter, any_order):
    page = chapter("complete", model="small", n=4)
    assert page.selectbox(key="completer").value == "small" and len(page.selectbox(key="completer").options) == 2
    page.selectbox(key="completer").set_value("any-order-mnist")
    params = healthy(page.run()).query_params
    assert (params["model"], params["completer"]) == ("small", "any-order-mnist")


def test_a_single_model_is_no_choice_whatever_the_other_chapters_use(chapter):
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
    first = cache.complete(card, image, known, 4, 0)
    assert (first.rows[:, known] == image[known]).all() and (first.marginals[known] == image[known]).all()
    assert first.log_p.shape == (4,) and np.isfinite([*first.log_p, first.log_p_true]).all()
    cache._complete.clear()
    again = cache.complete(card, image, known, 4, 0)
    assert (again.rows == first.rows).all() and np.allclose(again.log_p, first.log_p)
    assert (cache.complete(card, image, known, 4, 1).rows != first.rows).any()


def test_entropy_is_exact_at_both_ends():
    assert regions.entropy(np.array([0.0, 0.5, 1.0])).tolist() == [0, 1, 0]
    assert regions.entropy(np.array([1e-12]))[0] == pytest.approx(1e-12 * (np.log2(1e12) + 1 / np.log(2)))


def test_without_such_a_model_the_page_says_how_to_make_one(chapter, monkeypatch):
    monkeypatch.setattr(complete, "_can", lambda card: False)
    assert "OrderAgnosticNADE" in chapter("complete").info[0].value


def test_what_beats_all_is_said_to_beat_all():
    def told(truth):
        return completions._truth(cache.Completions(np.zeros((12, 784)), np.arange(12.0), truth, np.zeros(784)))

    assert "more than all 12 of these" in told(20) and "more than none of these 12" in told(-1)
    assert "more than 3 of these 12" in told(2.5)
