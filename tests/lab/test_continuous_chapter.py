"""Chapter 9 without a browser: its numbers are those of lesson.mixture and of the model, and its state is its link."""

import math
import re

import numpy as np
import pytest

from lab.chapters.continuous import CHAPTER, CLOUDS, WHOLE
from lab.kinds import points
from lab.mixtures import FLOOR, MOST_STEPS, in_tex
from lesson import mixture
from nade_core import load_pretrained

from .conftest import healthy, metric, press, words


@pytest.fixture(autouse=True)
def small_map(monkeypatch):
    monkeypatch.setattr(points, "CELLS", 40)


def path(data="red", K=2):
    x, counts = mixture.measurements(data)
    made = mixture.shown(mixture.start(x, counts, K))
    return list(mixture.em(made, x, counts, FLOOR, MOST_STEPS))


def formulas(page):
    return " ".join(e.value for e in page.latex)


@pytest.mark.parametrize("data", mixture.MEASUREMENTS)
@pytest.mark.parametrize("K", [1, 3, 4])
def test_the_formula_holds_the_bumps_of_this_moment(chapter, data, K):
    page, now = chapter("continuous", data=data, K=K), path(data, K)[0][0]
    for m, s in zip(now.means, now.sigmas, strict=True):
        assert f"{m:.1f},\\, {s:.1f}" in formulas(page)
    assert metric(page, "numbers to learn") == f"3K − 1 = {3 * K - 1}"


def test_bumps_made_by_hand_stand_in_the_link(chapter):
    page = chapter("continuous", red2="0.25,100,30,0.75,160,20.5")
    assert "0.250\\,\\mathcal N(x;\\, 100.0,\\, 30.0)" in formulas(page) and "160.0,\\, 20.5" in formulas(page)


@pytest.mark.parametrize("nonsense", ["1,2", "0.5,100,30,0.6,160,20", "0.5,100,0,0.5,1,1", "nan,1,1,1,1,1", "a,b,c"])
def test_a_link_that_says_no_mixture_means_the_first_one(chapter, nonsense):
    assert formulas(chapter("continuous", red2=nonsense)) == formulas(chapter("continuous"))


def test_em_climbs_by_the_step_and_to_the_end(chapter):
    page, heights = chapter("continuous", step="em"), [height for _now, height in path()]
    assert metric(page, "log L") == f"{heights[0]:,.1f} nats"
    assert metric(press(page, "one step"), "log L") == f"{heights[1]:,.1f} nats"
    assert metric(page, "step 1 gained") == f"{heights[1] - heights[0]:,.3f} nats" and page.query_params["em"] == "1"
    assert metric(press(page, "to the end"), "log L") == f"{heights[-1]:,.1f} nats"
    assert page.query_params["em"] == str(len(heights) - 1)


@pytest.mark.parametrize("data", mixture.MEASUREMENTS)
def test_other_units_move_the_mean_by_the_log_of_the_factor(chapter, data):
    page = chapter("continuous", step="units", data=data, gain=3)
    x, counts = mixture.measurements(data)
    before = path(data)[-1][1] / counts.sum()
    assert metric(page, "mean log p(x)") == f"{before:.2f} nats" and len(page.metric) == 2
    page.button(key="gain-button").click()
    healthy(page.run())
    gain = math.log(WHOLE[data])
    assert metric(page, "gained") == f"{gain:.2f} nats" and metric(page, "your guess") == "3.00 nats"
    assert f"= {before + gain:.2f}" in formulas(page)
    assert float(metric(page, "highest p(x)")) > 1


def test_on_a_measured_value_the_gain_grows_by_as_much_as_the_width_falls(chapter):
    gains = [
        float(metric(chapter("continuous", step="collapse", sigma=k), "log L gained").split()[0]) for k in (-8, -9)
    ]
    assert gains[1] - gains[0] == pytest.approx(math.log(10), abs=0.011)
    between = [
        metric(chapter("continuous", step="collapse", sigma=k, where="between"), "log L gained") for k in (-8, -9)
    ]
    assert between[0] == between[1] and float(between[0].split()[0]) <= 0


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_point_of_the_plane_is_scored_one_coordinate_at_a_time(chapter, cloud):
    page = chapter("continuous", step="plane", cloud=cloud)
    point = np.array([[float(v) for v in re.findall(r"-?\d+\.\d+", metric(page, "the point"))]])
    model = load_pretrained(f"rnade-{cloud}", "cpu")
    shown = float(metric(page, "log p(x)").split()[0])
    assert shown == pytest.approx(
        model.log_prob(point.astype(np.float32)).item(), abs=0.3
    )  # the point has two decimals
    first, second, both = map(float, re.search(r"([\d.]+) \\cdot ([\d.]+) = ([\d.]+)", formulas(page)).groups())
    assert both == pytest.approx(math.exp(shown), abs=0.006) and both == pytest.approx(first * second, abs=0.003)


def test_a_point_of_a_link_is_taken_to_the_middle_of_its_cell(chapter):
    page = chapter("continuous", step="plane", **{"at-rings": "1.0,-2.0"})
    shown = [float(v) for v in re.findall(r"-?\d+\.\d+", metric(page, "the point"))]
    assert shown == pytest.approx([1, -2], abs=0.12)
    for nonsense in ("1", "a,b", "nan,1"):
        assert metric(chapter("continuous", step="plane", **{"at-rings": nonsense}), "the point")


def test_the_closing_question_is_the_height_of_the_narrowest_bump(chapter):
    sigma = round(path()[-1][0].sigmas.min() / 255, 3)
    assert f"σ = {sigma:.3f}" in words(chapter("continuous", step="units"))
    assert "Yes." in words(chapter("continuous", step="units", answer=f"{mixture.peak(sigma):.2f}"))
    assert "Not quite" in words(chapter("continuous", step="units", answer="1"))


@pytest.mark.parametrize("step", CHAPTER.steps)
def test_every_step_is_told_in_korean(chapter, step):
    page = chapter("continuous", step=step, lang="ko")
    assert page.title[0].value == "x가 0과 1이 아니라면요?" and re.search("[가-힣]", words(page))


def test_large_numbers_are_powers_of_ten():
    assert in_tex(0.0399) == "0.0399" and in_tex(3.989e6) == r"3.99 \cdot 10^{6}"
