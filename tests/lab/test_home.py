"""Chapter 1: draws and densities come from the sheet, the guess is kept, and no model is asked before it must."""

import re

import numpy as np
import pytest

from lab import cache
from lab.cache import classes
from lab.chapters import home
from lesson import sheet
from nade_core import load_pretrained, scoring

from .conftest import healthy, metric, words

DATA = sheet.load()
DOG = DATA.classes.tolist().index("dog")
GUESS = "real,damaged,noise,blank"


def latex(page):
    return " ".join(e.value for e in page.get("latex"))


def test_both_halves_are_alive_without_asking_a_model(chapter, monkeypatch):
    monkeypatch.setattr(cache, "loaded", None)
    monkeypatch.setattr(classes, "loaded", None)
    page = chapter("home")
    assert page.title[0].value == "What is p(x) for?"
    assert r"p(x \mid \text{dog})" in latex(page) and r"\log p(x) =\ ?" in latex(page)
    page.selectbox(key="class").set_value("giraffe")
    assert r"\text{giraffe}" in latex(healthy(page.run())) and page.query_params["class"] == "giraffe"


def test_the_first_draws_are_those_of_the_sheet_and_later_ones_the_models(monkeypatch):
    rows, log_p = classes.draws(cache.cards()[sheet.MODEL], DOG, 100, 2)
    model = load_pretrained(sheet.MODEL, "cpu")
    assert (rows == sheet.draw(model, DOG, [100, 101])).all()
    assert log_p == pytest.approx(scoring.log_probs(model, rows, DOG), abs=1e-3)
    assert sheet.SEEDS % home.BLOCK == 0


def test_the_densities_appear_after_the_guess_and_the_link_keeps_both(chapter):
    page = chapter("home", order=GUESS, lot=3)
    log_p = dict(zip(sheet.FOUR, DATA.four_log_p[3], strict=True))
    assert re.findall(r"-\d+\.\d", latex(page)) == [f"{log_p[id]:.1f}" for id in ("blank", "real")]
    assert page.query_params["order"] == GUESS and page.query_params["lot"] == "3"
    assert "The blank one comes first" in words(page) and "rank the four" not in words(page)
    assert r"\log p(x) =\ ?" in latex(chapter("home", order="real,real,noise,blank"))
    assert r"\log p(x) =\ ?" in latex(page := chapter("home", order="cat")) and "rank the four" in words(page)


def test_typicality_is_the_distance_from_h(chapter):
    page = chapter("home", step="typical", lot=2, one="noise")
    value = -DATA.four_log_p[2, sheet.FOUR.index("noise")]
    H = -DATA.test_log_p.mean()
    assert f"|{value:.1f} - {H:.1f}|" in latex(page) and f"{abs(value - H):.1f}" in latex(page)
    further = 100 * (np.abs(-DATA.test_log_p - H) > abs(value - H)).mean()
    assert metric(page, "real, further from H") == f"{further:.1f} %"
    assert f"{np.exp(DATA.four_log_p[2, 3] / 784):.2f} on average" in words(page)
    page.pills(key="one").set_value("draw")
    drawn = -DATA.log_p[DOG, home.FIRST]
    assert f"|{drawn:.1f} - {H:.1f}|" in latex(healthy(page.run()))


def test_the_closing_question_is_answered_by_the_sheet(chapter):
    page = chapter("home", step="typical", answer="one-pixel")
    assert "Yes." in words(page) and DATA.asked_log_p[0] == max(*DATA.asked_log_p, *DATA.four_log_p[:, 0])
    assert "Not quite: blank but for one pixel." in words(chapter("home", step="typical", answer="real"))


def test_in_korean(chapter):
    assert "가능한 이미지 하나하나의 확률" in words(chapter("home", locale="ko-KR"))
    assert "전형적" in words(chapter("home", locale="ko-KR", step="typical"))
