"""Density of images: what is said of a class, how a test image is chosen, and what a badly prepared picture is told."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lab import cache, pictures, unlike
from lab.numbers import as_power
from nade_core import images, load_pretrained, read_card, scoring
from nade_core.data import load_dataset

from .conftest import healthy, metric, words


def test_given_a_class_its_density_stands_beside_p_of_x(chapter):
    data, model = load_dataset("animals"), load_pretrained("nade-animals", "cpu")
    dog = data.class_names.index("dog")
    page = chapter("density", model="nade-animals", source="test", image=5, given="dog")
    x = data.test[5:6]
    assert metric(page, "log p(x)") == f"{scoring.log_probs(model, x)[0]:.2f} nats"
    assert metric(page, "log p(x | dog)") == f"{scoring.log_probs(model, x, dog)[0]:.2f} nats"
    assert f"−log p(x | dog) = {-scoring.log_probs(model, x, dog)[0]:.2f}" in words(page), "the map is of the class"
    page.selectbox(key="given").set_value("any")
    healthy(page.run())
    assert "given" not in page.query_params and not [m for m in page.metric if "dog" in m.label]


def test_a_model_without_classes_is_given_none(chapter):
    assert not [box for box in chapter("density", model="nade-mnist", source="test").selectbox if box.key == "given"]


def test_test_images_are_offered_by_class_and_the_number_stays(chapter, monkeypatch):
    offered = {}
    monkeypatch.setattr(pictures, "image_grid", lambda rows, *_, ids, **__: offered.update(ids=ids) or ids[0])
    data = load_dataset("animals")
    chapter("density", model="nade-animals", source="test", image=5, of="dog")
    ids, dog = offered["ids"], data.class_names.index("dog")
    assert ids[0] == 5 and len(ids) == 1 + pictures.OFFERED
    assert (data.test_labels[ids[1:]] == dog).all()
    last = -(-int((data.test_labels == dog).sum()) // pictures.OFFERED)
    chapter("density", model="nade-animals", source="test", image=5, of="dog", sheet=last)
    assert not set(offered["ids"][1:]) & set(ids[1:])


def test_nats_are_also_a_power_of_ten_and_terms_are_said(chapter):
    page = chapter("density", source="test", image=3)
    nats = float(metric(page, "log p(x)").split()[0])
    assert f"about **{as_power(nats)}**" in words(page)
    assert all(f">{term}<" in words(page) for term in ("nats", "Bits/dim", "chain rule"))


def upload(page: AppTest, picture: np.ndarray) -> AppTest:
    page.file_uploader(key="pictures").set_value(("mine.png", images.to_png(picture), "image/png"))
    return healthy(page.run())


@pytest.fixture(scope="module")
def silhouette():
    """A large picture of one of the animals, ink on paper."""
    row = load_dataset("animals").test[4].reshape(28, 28)
    return 255 - np.pad(row.repeat(9, 0).repeat(9, 1), 40) * np.uint8(255)


@pytest.mark.parametrize(
    "picture, said",
    [
        (np.full((90, 90), 255, np.uint8), "blank"),
        (np.pad(np.zeros((80, 60), np.uint8), 30, constant_values=255), "one solid block"),
        (np.kron(np.tile([[1, 0], [0, 0]], (7, 7)), np.full((6, 6), 255)).astype(np.uint8), "pieces"),
    ],
)
def test_a_picture_that_became_nothing_like_the_data_is_told(chapter, picture, said):
    page = upload(chapter("density", model="nade-animals", source="own"), picture)
    warned = " ".join(warning.value for warning in page.warning)
    assert "unlike the images" in warned and said in warned and "Background" in warned
    assert metric(page, "log p(x)"), "and the number stands beside it"


def test_what_is_doubtful_is_told_with_the_controls_that_help(chapter, silhouette):
    page = upload(
        chapter("density", model="nade-animals", source="own"), np.hstack([silhouette] * 2).repeat(4, 0).repeat(4, 1)
    )
    (warned,) = (warning.value for warning in page.warning)
    assert images.DOUBTS["several"] in warned and "Background" in warned
    assert page.selectbox(key="ground") and page.toggle(key="auto") and page.toggle(key="crop")


def test_a_good_picture_is_scored_without_a_word(chapter, silhouette):
    page = upload(chapter("density", model="nade-animals", source="own"), silhouette)
    assert not page.warning
    prepared = images.prepare(images.to_png(silhouette), fit=read_card("nade-animals").fit)
    expected = scoring.log_probs(load_pretrained("nade-animals", "cpu"), prepared.image.reshape(1, -1))[0]
    assert metric(page, "log p(x)") == f"{expected:.2f} nats"


def test_complete_says_it_too(chapter):
    page = chapter("complete", source="own", n=4)
    page.file_uploader(key="picture").set_value(("blank.png", images.to_png(np.full((40, 40), 255)), "image/png"))
    assert "blank" in healthy(page.run()).warning[0].value


def test_without_its_data_only_what_is_blank_or_solid_is_told(monkeypatch):
    monkeypatch.setattr(cache, "usual", lambda card: None)
    card, noise = read_card("nade-mnist"), np.random.default_rng(0).integers(0, 2, (28, 28))
    assert unlike.faults(card, noise) == []
    assert len(unlike.faults(card, np.zeros((28, 28)))) == len(unlike.faults(card, np.ones((28, 28)))) == 1


def test_the_drawing_board_gives_the_model_to_take_home(chapter):
    labels = [button.label for button in chapter("density").get("download_button")]
    assert labels == ["Take it home"]


def test_which_of_several_pictures_is_looked_into_stands_in_the_link(chapter, silhouette):
    page = chapter("density", source="own", look=1)
    picture = images.to_png(silhouette)
    page.file_uploader(key="pictures").set_value([(f"{i}.png", picture, "image/png") for i in range(2)])
    page = healthy(page.run())
    assert page.selectbox(key="look").value == 1 and page.query_params["look"] == "1"
