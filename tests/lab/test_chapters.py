"""Generate, Density and Rank without a browser: their numbers are the library's, and their controls do what they say."""

import numpy as np
import pytest

from lab.words import plain
from nade_core import NADE, NADEConfig, images, load_pretrained, save_model, scoring
from nade_core.data import load_dataset

from .conftest import healthy, metric, press, words


def log_p(name, rows):
    """log p of rows by a model of the project: (N,)."""
    return scoring.log_probs(load_pretrained(name, "cpu"), rows)


def test_density_of_uploads_scores_the_good_and_names_the_bad(chapter):
    page = chapter("density", source="own")
    assert "Drop a picture" in page.info[0].value
    good = images.to_png(load_dataset("mnist").test[0].reshape(28, 28), 5)
    for name, content in (("seven.png", good), ("bad.png", b"nothing"), ("again.png", good)):
        page.file_uploader[0].upload(name, content, "image/png")
    healthy(page.run())
    assert plain("bad.png") in page.warning[0].value and "not a picture" in page.warning[0].value
    assert len(page.dataframe[0].value) == 2
    assert metric(page, "log p(x)") == f"{log_p('nade-mnist', load_dataset('mnist').test[:1])[0]:.2f} nats"


def test_the_animals_come_with_bayes_rule(chapter):
    assert "Bayes' rule" in words(chapter("density", model="nade-animals", source="test", image=3))


def test_rank_says_that_a_blank_image_outranks_real_ones_and_why(chapter):
    page = chapter("rank", each=20)
    blank = log_p("nade-mnist", np.zeros((1, 784)))[0]
    assert f"log p = {blank:.1f} nats and outranks" in words(page)
    assert "High density is not the same as" in words(page) and ">typical<" in words(page)
    table = page.dataframe[0].value.set_index("kind")
    coin = table.loc["noise, coin flips"]
    assert coin["AUROC of real against it"].startswith("1.000") and coin["mean log p, nats"] < -1000
    assert table.loc["all off"]["AUROC of real against it"].startswith("a single one")
    assert {"real", "model samples", "20 % flipped"} <= set(table.index)
    assert sum(name.startswith("other data: ") for name in table.index) == 2


def test_rank_filters_by_kind(chapter):
    page = chapter("rank", each=20, kinds="real,all-on")
    assert "21 images of 2 kinds" in words(page)
    page = chapter("rank", each=20, kinds="-")
    assert "at least one kind" in page.info[0].value


def test_generate_offers_dog_first_and_draws_another_seed(chapter):
    page = chapter("generate", model="nade-animals", n=4)
    assert page.selectbox(key="label").options[0] == "dog" and len(page.selectbox(key="label").options) == 11
    assert "log p(x | dog)" in words(page)
    before = page.session_state["seed"]
    assert press(page, "New seed").session_state["seed"] != before
    assert page.query_params["seed"] == str(page.session_state["seed"])


def test_a_model_of_ones_own_images_is_a_model_of_every_chapter(chapter, tmp_path):
    path = tmp_path / "runs/mine/model.safetensors"
    path.parent.mkdir(parents=True)
    save_model(NADE(NADEConfig(784, 4)), path, title="mine, small", data="mine", shape=[28, 28])
    for id, facts in (("density", {"source": "noise"}), ("rank", {"each": 20}), ("generate", {"n": 4})):
        page = chapter(id, model="mine", **facts)
        assert page.selectbox(key="model").value == "mine"
    assert "Did it memorise?" not in [title.value for title in page.header]  # its training images are not here


@pytest.mark.parametrize("wanted, locale, shown", [(None, "ko-KR", "ko"), ("en", "ko-KR", "en"), ("xx", "fr", "en")])
def test_the_language_is_the_links_else_the_browsers_else_english(chapter, wanted, locale, shown):
    page = chapter("density", locale, **({"lang": wanted} if wanted else {}))
    assert page.segmented_control(key="switch").value == shown
