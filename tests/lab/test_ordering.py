"""Chapter 7 without a browser: its numbers are the model's along each ordering, and its state is its link."""

import math
import re

import numpy as np
import pytest
import torch

from lab.chapters.ordering import CHAPTER, GIVEN, MODEL
from lab.components.unfold import DIGITS, read_stroke
from lesson import orders
from nade_core import load_pretrained
from nade_core.data import load_dataset

from .conftest import healthy, metric, words

IMAGE = load_dataset("mnist").test[:1]


@pytest.fixture(scope="module")
def log_p():
    """log p of the first test digit along an ordering, in nats."""
    model = load_pretrained(MODEL, "cpu")

    @torch.no_grad()
    def along(kind, seed=0, touched=()):
        return model.log_prob(IMAGE, ordering=orders.make_order(kind, seed=seed, touched=touched)).item()

    return along


def formulas(page):
    return " ".join(e.value for e in page.latex)


@pytest.mark.parametrize("kind", [*GIVEN, "drawn"])
def test_an_ordering_is_unfolded_and_summed(chapter, log_p, kind):
    page = chapter("ordering", order=kind)
    assert metric(page, "log p(x)") == f"{log_p(kind):.1f} nats"
    assert f"{log_p(kind):.1f}" in formulas(page)


def test_the_answer_is_shown_once_one_has_guessed_and_both_stand_in_the_link(chapter, log_p):
    page = chapter("ordering", step="compare", guess="spiral")
    assert not page.metric
    page.button(key="guess-button").click()
    healthy(page.run())
    found = {kind: log_p(kind) for kind in GIVEN}
    best = max(found, key=found.get)
    assert metric(page, "your guess: spiral") == f"{found['spiral']:.1f} nats"
    assert metric(page, f"highest: {best.replace('-', ' ')}") == f"{found[best]:.1f} nats"
    assert metric(page, "highest − lowest") == f"{found[best] - min(found.values()):.1f} nats"
    assert (page.query_params["guess"], page.query_params["guess-shown"]) == ("spiral", "1")


def test_a_stroke_of_a_link_is_an_ordering_and_its_parts_make_the_sum(chapter, log_p):
    touched = [14 * 28 + x for x in range(10, 18)]
    text = "".join(DIGITS[d // 28] + DIGITS[d % 28] for d in touched)
    assert read_stroke(text) == touched
    page = chapter("ordering", step="drawn", stroke=text)
    assert metric(page, "along yours") == f"{log_p('drawn', touched=touched):.1f} nats"
    assert metric(page, "along raster") == f"{log_p('raster'):.1f} nats"
    first, rest = map(float, re.findall(r"underbrace\{([-+.\d]+)\}", formulas(page)))
    assert first + rest == pytest.approx(log_p("drawn", touched=touched), abs=0.11)
    page.button(key="clear").click()
    assert metric(healthy(page.run()), "along yours") == "–" and "stroke" not in page.query_params
    assert page.button(key="clear").disabled


@pytest.mark.parametrize("nonsense", ["0", "zz", "0a1", "<b>", "00zz"])
def test_a_link_with_another_stroke_is_one_without(chapter, nonsense):
    assert metric(chapter("ordering", step="drawn", stroke=nonsense), "along yours") == "–"


def test_the_ensemble_averages_probabilities(chapter, log_p):
    page = chapter("ordering", step="ensemble", m=4, seed=3)
    found = np.array([log_p("random", seed=3 + k) for k in range(4)])
    assert metric(page, "ensemble") == f"{np.log(np.exp(found).mean()):.2f} nats"
    assert metric(page, "highest of 4") == f"{found.max():.2f} nats"
    assert f"{found.mean():.2f}" in formulas(page)


def test_the_closing_question_is_answered_from_the_numbers_that_it_names(chapter, log_p):
    one, other = (round(log_p("random", seed=k), 1) for k in (1, 2))
    truth = max(one, other) + math.log((1 + math.exp(-abs(one - other))) / 2)
    assert f"{one:.1f} and {other:.1f}" in words(chapter("ordering", step="ensemble"))
    assert "Yes." in words(chapter("ordering", step="ensemble", answer=f"{truth:.1f}"))
    assert "Not quite" in words(chapter("ordering", step="ensemble", answer=f"{(one + other) / 2 - 1:.1f}"))


def test_another_digit_is_another_link(chapter):
    page = chapter("ordering")
    before = metric(page, "log p(x)")
    page.button(key="next").click()
    healthy(page.run())
    assert page.query_params["image"] == "1" and metric(page, "log p(x)") != before


@pytest.mark.parametrize("step", CHAPTER.steps)
def test_every_step_is_told_in_korean(chapter, step):
    page = chapter("ordering", step=step, lang="ko", **{"guess-shown": 1})
    assert page.title[0].value == "어떤 순서로 볼까요?" and re.search("[가-힣]", words(page))
