"""Chapter 10: samples of a class, p(y | x_<=i) by Bayes' rule, the classifier that it makes, and what is given."""

import numpy as np
import pytest

from lab import cache
from lab.cache import classes
from lesson import reveal, sheet
from nade_core import load_pretrained
from nade_core.data import load_dataset

from .conftest import healthy, metric, words

NAME = "nade-mnist-classes"
DIGITS = load_dataset("mnist")


@pytest.fixture(scope="module")
def model():
    return load_pretrained(NAME, "cpu")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(classes, "JUDGED", 30)


def latex(page):
    return " ".join(e.value for e in page.get("latex"))


def conditionals(model, row):
    """log p(x_i | x_<i, y) (K, D) in the order of generation."""
    return np.stack([model.log_conditionals(row[None], k)[0, model.ordering].numpy() for k in range(10)])


def test_samples_of_the_class_that_is_asked_for(chapter):
    page = chapter("conditional")
    assert page.selectbox(key="y").value == "dog"
    card = cache.cards()[sheet.MODEL]
    log_p = cache.samples(card, 12, 0, card.classes.index("dog"))[1]
    assert metric(page, "mean log p(x | y)") == f"{log_p.mean():.1f} nats"
    page = chapter("conditional", of=NAME, y="7", seed=3)
    assert r"\text{7}" in latex(page) and page.query_params["y"] == "7" and page.query_params["seed"] == "3"


def test_the_posterior_of_a_revealed_image_is_the_librarys(chapter, model):
    at = classes.test_rows("mnist")[5]
    path = reveal.posterior(conditionals(model, DIGITS.test[at]))
    assert path[-1] == pytest.approx(model.class_log_prob(DIGITS.test[at][None]).exp()[0].numpy(), abs=1e-4)
    page = chapter("conditional", step="reveal", of=NAME, image=5)
    assert r"\mid x_{\le 196}) &=\ ?" in latex(page) and metric(page, "pixels known") == "196 / 784"
    page = chapter("conditional", step="reveal", of=NAME, image=5, guess="3", at=210, i=300)
    assert rf"p(\text{{{path[300].argmax()}}} \mid x_{{\le 300}}) &= {path[300].max():.3f}" in latex(page)
    assert metric(page, "your guess, at i = 210") == "3"
    assert metric(page, "changes of mind") == str(len(reveal.changes_of_mind(path)))
    sure = reveal.sure_at(path)
    assert metric(page, "p ≥ 0.9 from") == ("–" if sure is None else f"i = {sure}")


def test_another_image_begins_anew(chapter):
    page = chapter("conditional", step="reveal", of=NAME, guess="3", at=210, i=300)
    next(button for button in page.button if button.label == "another image").click()
    assert healthy(page.run()).query_params.get("guess") is None and page.query_params["image"] == "1"


def test_paths_of_many_images_are_those_of_each(model):
    paths, labels = classes.paths(cache.cards()[NAME])
    rows = classes.test_rows("mnist")[:30]
    assert paths.shape == (30, 29, 10) and (labels == DIGITS.test_labels[rows]).all()
    assert paths[7] == pytest.approx(reveal.posterior(conditionals(model, DIGITS.test[rows[7]]))[::28], abs=1e-6)


def test_accuracy_and_calibration_are_the_lessons(chapter):
    card = cache.cards()[NAME]
    paths, labels = classes.paths(card)
    page = chapter("conditional", step="accuracy", of=NAME)
    assert not [m for m in page.metric if "your guess" in m.label] and "30 images" in words(page)
    assert "Guess how often" in words(page)
    assert metric(page, "right, all pixels, n = 10,000") == f"{100 * card.header['classifier']['accuracy']:.1f} %"
    page = chapter("conditional", **{"step": "accuracy", "of": NAME, "share": 60, "share-shown": 1})
    half = 100 * reveal.accuracy_along(paths, labels)[14]
    assert metric(page, "right, i = 392").startswith(f"{half:.0f} ±") and metric(page, "your guess") == "60 %"
    assert "Guess" not in words(page) and "30 images" in words(page)
    page = chapter("conditional", step="calibration", of=NAME, rows=20)
    found = reveal.judge(paths, labels, 20)
    assert f"&= {found.calibration_error:.3f}" in latex(page)
    assert metric(page, "right, i = 560") == f"{100 * found.accuracy:.0f} %"


@pytest.mark.parametrize("given, drawn", [("nothing", 784), ("class", 784), ("half", 392), ("both", 392)])
def test_what_is_given_stays(chapter, given, drawn):
    page = chapter("conditional", step="next", of=NAME, given=given)
    assert metric(page, "pixels drawn") == f"{drawn} / 784"
    assert bool([box for box in page.selectbox if box.key == "y"]) == (given in ("class", "both"))
    known = DIGITS.test[0][: 784 - drawn]
    x = classes.given(cache.cards()[NAME], 3, 0, None, known)
    assert (x[:, : len(known)] == known).all() and len(np.unique(x, axis=0)) == 3


def test_the_closing_question_takes_the_class_by_its_number(chapter, model):
    terms = conditionals(model, DIGITS.test[classes.test_rows("mnist")[50]])
    best, other = np.argsort(-terms.sum(-1))[:2]
    assert "Yes." in words(chapter("conditional", step="next", of=NAME, answer=best))
    assert f"Not quite: {best}." in words(chapter("conditional", step="next", of=NAME, answer=other))


def test_the_animals_are_judged_by_fewer_images_and_by_whole_rows(chapter):
    """Their model is slow to score, and generates blocks of two rows: an even number of rows is a number of pixels."""
    card = cache.cards()[sheet.MODEL]
    paths, labels = classes.paths(card)
    assert len(paths) == len(labels) == classes.judged(card) < classes.JUDGED
    at, data = classes.test_rows("animals")[0], load_dataset("animals")
    expected = load_pretrained(sheet.MODEL, "cpu").class_log_prob(data.test[at][None])[0].exp().numpy()
    assert paths[0, -1] == pytest.approx(expected, abs=1e-4)
    page = chapter("conditional", step="calibration", rows=20)
    assert metric(page, "right, i = 560") and page.slider(key="rows").step == 2
    order = cache.ordering(card)
    assert all(set(order[: 28 * rows]) == set(range(28 * rows)) for rows in range(2, 29, 2))
    assert f"{len(labels)} images" in words(chapter("conditional", step="accuracy"))
    assert metric(chapter("conditional", step="next", given="half"), "pixels drawn") == "392 / 784"


def test_every_step_in_korean(chapter):
    for step in ("ask", "reveal", "accuracy", "calibration", "next"):
        assert any(
            "\uac00" <= letter <= "\ud7a3" for letter in words(chapter("conditional", "ko-KR", of=NAME, step=step))
        )
