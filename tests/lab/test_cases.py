"""Counting: the digits, the patches, the coverage and the race on the page are the library's."""

import re

import numpy as np
import pytest

from lab import patches, race
from lesson import counting, coverage

from .conftest import healthy, metric, words


def formulas(page):
    return " ".join(e.value for e in page.latex)


@pytest.mark.parametrize("n", [1, 6, 784])
def test_all_digits_of_the_cases_are_shown(chapter, n):
    page = chapter("cases", n=n)
    assert any(digits == str(2**n) for digits in html_digits(page))
    assert metric(page, "digits of 2ⁿ") == str(len(str(2**n)))
    if n <= patches.SMALL:
        assert metric(page, "free parameters") == f"{2**n - 1}"
        assert any(f"all {2**n} images" in str(image.proto) for image in page.get("image"))
    else:
        assert not any(" images of " in str(image.proto) for image in page.get("image"))


def html_digits(page):
    return ["".join(re.findall(r"<span>(\d+)</span>", str(e.proto))) for e in page.get("html")]


def test_a_digit_has_237_digits_and_the_atoms_are_cited(chapter):
    page = chapter("cases")
    assert metric(page, "digits of 2ⁿ") == "237" and metric(page, "times the atoms in the universe") == "about 10¹⁵⁶"
    assert "Particle Data Group" in words(page)


@pytest.mark.parametrize("n", range(1, patches.SMALL + 1))
def test_the_picture_of_all_cases_holds_each_once(n):
    image = patches.all_cases(n)
    frame, tall = 6, 2 if n in (4, 6) else 1
    cells = [
        image[y : y + 12 * tall, x : x + 12 * n // tall][6::12, 6::12].ravel().tolist()
        for y in range(frame, image.shape[0], 12 * tall + 2 * frame)
        for x in range(frame, image.shape[1], 12 * n // tall + 2 * frame)
    ]
    assert len({tuple(cell) for cell in cells}) == len(cells) == 2**n and set(sum(cells, [])) == {0, 255}


def test_the_old_address_and_its_links_still_arrive(chapter):
    from lab.chapter import chapters

    assert "count" in chapters()["cases"][0].aliases
    page = chapter("cases", n=10, hidden=3, step="race")
    assert metric(page, "full joint table") == "1,023" and metric(page, "NADE") == "73"


@pytest.mark.parametrize("place", patches.PLACES)
def test_how_often_a_patch_occurred_is_counted_on_real_digits(chapter, place):
    page = chapter("cases", step="patch", k=20, where=place)
    rows, _counts = patches.known(0, place)
    data, places = patches.digits(), patches.where(0, place)[:20]
    times = [int((data.train[:, places] == row[places]).all(1).sum()) for row in rows]
    assert metric(page, f"of {patches.SHOWN} patches, seen") == str(np.count_nonzero(times))
    assert f"{times[0] / 50_000:.5f}" in formulas(page)


def test_the_curves_come_with_the_answer_and_the_guess_stays(chapter):
    page = chapter("cases", step="coverage", guess=44)
    assert "2^{44}" in formulas(page) and "solid curve" not in words(page)
    page = healthy(page.button("guess-button").click().run())
    data = patches.digits()
    block, random = (coverage.coverage(data.train, data.test, patches.where(0, place)) for place in patches.PLACES)
    first = coverage.first_below(block)
    assert metric(page, "block") == f"k = {first}" and metric(page, "your guess") == "k = 44"
    assert metric(page, "random places") == f"k = {coverage.first_below(random)}"
    assert f"{{{block[first - 1] * len(data.test):,.0f}}}".replace(",", "{,}") in formulas(page)
    assert f"from k = {first} on ({2**first:,} cases)" in words(page)
    assert f"{(data.train.mean(0) < 0.01).mean():.0%} of all places" in words(page)


def test_other_random_places_are_another_draw(chapter):
    page = chapter("cases", step="coverage", **{"guess-shown": 1})
    page = healthy(page.button("anew").click().run())
    data = patches.digits()
    shares = coverage.coverage(data.train, data.test, coverage.scattered(patches.REACH, 784, 1))
    assert metric(page, "random places") == f"k = {coverage.first_below(shares)}"
    assert page.query_params["seed"] in ("1", ["1"]) and "draw 1" in words(chapter("cases", step="race", seed=1))


@pytest.mark.parametrize(("n", "hidden"), [(12, 500), (784, 500), (3, 1), (1, 1000)])
def test_the_race_says_only_what_holds_at_this_n(chapter, n, hidden):
    page = chapter("cases", step="race", n=n, hidden=hidden)
    first = counting.nade_pays_from(hidden)
    assert f"NADE needs fewer numbers from n = {first} on" in words(page)
    table = page.table[0].value
    full = counting.full_joint(n).parameters
    for count, beside in zip(race.families(n, hidden, 1), table["beside the full table"], strict=True):
        assert beside == ("as many" if count.parameters == full else "fewer" if count.parameters < full else "more")
    assert "fewer" not in table["beside the full table"][5] or n >= first


def test_every_count_of_the_race_has_its_line_and_formula(chapter):
    page = chapter("cases", step="race", zoom=1, order=20, n=1)
    assert {count.id for count in race.families(1, 500, 20)} == set(race.LOOKS)
    told = zip(page.table[0].value["factorisation"], race.families(1, 500, 20), strict=True)
    assert all(said.endswith(f"\n${count.latex}$") for said, count in told)


def test_the_closing_question_asks_of_the_random_places(chapter):
    answer = coverage.first_below(patches.shares(0, "random"))
    assert "Yes." in words(chapter("cases", step="race", answer=answer))
    assert f"Not quite: {answer}." in words(chapter("cases", step="race", answer=answer + 1))


@pytest.mark.parametrize("step", ["digits", "patch", "coverage", "race"])
def test_in_korean_every_step_speaks_korean(chapter, step):
    page = chapter("cases", locale="ko-KR", step=step)
    assert re.search("[가-힣]", page.title[0].value) and re.search("[가-힣]{2}", words(page))
