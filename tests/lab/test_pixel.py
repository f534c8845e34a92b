"""RGB pixel: the counts and the contests on the page are the library's, each when it is asked for."""

import re
from concurrent.futures import Future

import numpy as np
import pytest

from lab import contests
from lesson import channels, counting, pixel

from .conftest import healthy, metric, words


@pytest.fixture(scope="module")
def race():
    """The contests of the embedded photo, all decided."""
    race = contests.race(pixel.photo())
    for contest in race.contests.values():
        contest.result(120)
    return race


def formulas(page):
    return " ".join(e.value for e in page.latex)


@pytest.mark.parametrize("levels", [4, 256])
def test_one_pixel_is_counted_at_its_levels(chapter, levels):
    page = chapter("pixel", levels=levels, x=7, y=3)
    r, g, b = pixel.quantise(pixel.photo()[3, 7], levels)
    assert f"({r}, {g}, {b})" in formulas(page) and rf"{levels} \times {levels} \times {levels}" in formulas(page)
    assert metric(page, "full table, chain of tables") == f"{levels**3 - 1:,}"
    assert counting.rgb_chain(levels).parameters == counting.rgb_pixel(levels).parameters == levels**3 - 1
    assert metric(page, "independent channels") == f"{3 * (levels - 1)}"


def test_the_sentence_to_keep_says_what_is_counted(chapter):
    assert "256 × 256 × 256" in words(page := chapter("pixel")) and f"{counting.rgb_pixel().parameters:,}" in words(
        page
    )


def test_before_the_guess_no_bits_are_shown(chapter, race):
    page = chapter("pixel", step="contest", levels=64)
    assert metric(page, "of these, colour never seen") == f"{pixel.unseen(race.split, 64):.1%}"
    assert metric(page, "held-out pixels") == f"{len(race.split.test):,}"
    assert not page.get("plotly_chart") and "standard error" not in words(page).partition("Split.")[0]


@pytest.mark.parametrize("levels", [2, 64])
def test_after_the_guess_the_contest_stands_beside_it(chapter, race, levels):
    page = chapter("pixel", step="contest", levels=levels, guess=8)
    page = healthy(page.button("guess-button").click().run())
    contest = race.contests[levels].result()
    for rival, label in (("table", "table, bits"), ("chain", "chain, bits"), ("independent", "independent, bits")):
        assert metric(page, label) == f"{contest.bits[rival]:.2f}"
    assert rf"{contest.bits['table'] - contest.bits['chain']:+.3f} \pm {2 * contest.errors['chain']:.3f}" in formulas(
        page
    )
    assert page.select_slider("guess").value == 8 and page.select_slider("guess").disabled
    chain, alone = (pixel.crossing(race.done(), rival) for rival in ("chain", "independent"))
    assert f"from L = {chain} on, to independent channels from L = {alone} on" in words(page)


def test_a_link_restores_the_guess_and_the_answer(chapter, race):
    page = chapter("pixel", step="contest", guess=4, levels=16, **{"guess-shown": 1})
    assert page.select_slider("guess").value == 4 and metric(page, "table, bits")
    assert page.get("plotly_chart")


def test_all_levels_are_compared_at_full_resolution(chapter, race):
    page = chapter("pixel", step="full", levels=32)
    contest = race.contests[32].result()
    assert metric(page, "table, bits") == f"{contest.full['table']:.2f}"
    assert f"{contest.bits['table']:.2f} + 9 = {contest.full['table']:.2f}" in formulas(page)
    best = min(race.done(), key=lambda c: c.full["table"]).levels
    assert f"The table is best at L = {best}," in words(page)


def test_how_it_is_measured_is_said_with_the_numbers_that_hold(chapter, race):
    said = words(chapter("pixel", step="full"))
    assert f"blocks of {pixel.SIDE} × {pixel.SIDE} pixels" in said and f"One block of {pixel.PARTS}" in said
    assert f"Here {len(race.split.train):,} pixels" in said and f"{channels.parameters()} parameters in all" in said
    assert all(f"{c.levels}: {c.alpha:.3g}" in said for c in race.done())


def test_an_own_photo_is_used_and_one_that_is_too_small_is_refused_in_words(chapter):
    page = chapter("pixel")
    page = healthy(page.file_uploader("photo").set_value(("own.png", picture(40, 48), "image/png")).run())
    assert "1,920 pixels" in words(page)
    page = healthy(page.file_uploader("photo").set_value(("tiny.png", picture(9, 9), "image/png")).run())
    assert "too small" in page.warning[0].value and "9,600 pixels" in words(page)


def picture(height, width):
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_the_closing_question_is_answered_from_the_photo(chapter):
    page = chapter("pixel", levels=32, answer=32**3 - 9600)
    assert "Yes." in words(page)
    assert f"Not quite: {32**3 - 9600:,}." in words(chapter("pixel", levels=32, answer=3))


@pytest.mark.parametrize("step", ["cube", "contest", "full"])
def test_in_korean_every_step_speaks_korean(chapter, race, step):
    page = chapter("pixel", locale="ko-KR", step=step)
    assert re.search("[가-힣]", page.title[0].value) and re.search("[가-힣]{2}", words(page))


def test_while_the_networks_learn_the_page_says_so_and_draws_what_is_decided(chapter, race, monkeypatch):
    waiting = {levels: Future() for levels in pixel.LEVELS}
    waiting[2].set_result(race.contests[2].result())
    monkeypatch.setattr(contests, "race", lambda image: contests.Race(race.split, waiting))
    page = chapter("pixel", step="full", levels=2)
    assert metric(page, "table, bits") == f"{waiting[2].result().full['table']:.2f}"
    assert "1 of 8 contests are decided" in page.get("progress")[0].proto.text
    assert "With few levels" in words(page) and "The table is best at" not in words(page)
    page = chapter("pixel", step="contest", levels=2, **{"guess-shown": 1})
    assert "Three rivals" in words(page) and "standard errors, the table loses" not in words(page)
