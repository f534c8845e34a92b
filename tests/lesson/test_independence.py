"""Two coins against all tables of two pixels."""

import math

import numpy as np
import pytest

from lesson import independence
from nade_core.messages import NadeError

COPY = [[0.5, 0], [0, 0.5]]
GRID = np.linspace(0, 1, 101)


def test_the_nearest_coins_are_nearest_on_a_grid_of_all():
    joint = np.array([[0.4, 0.1], [0.2, 0.3]])
    prices = {(a, b): independence.kl(joint, independence.two_coins(a, b)) for a in GRID for b in GRID}
    assert min(prices, key=prices.get) == pytest.approx(independence.nearest(joint))
    assert min(prices.values()) == pytest.approx(independence.price(joint))


def test_two_equal_pixels_cost_log_2_and_independent_ones_nothing():
    assert independence.nearest(COPY) == (0.5, 0.5) and independence.price(COPY) == pytest.approx(math.log(2))
    assert independence.price(independence.two_coins(0.3, 0.8)) == pytest.approx(0, abs=1e-15)
    assert independence.kl(independence.two_coins(0.5, 0.5), COPY) == math.inf


def test_no_two_coins_reach_further_than_said():
    a, b = np.meshgrid(GRID, GRID)
    p00, p11 = (1 - a) * (1 - b), a * b
    assert (p11 <= np.vectorize(independence.reach)(p00) + 1e-12).all()
    assert np.minimum(p00, p11).max() == pytest.approx(0.25) == independence.reach(0.25)
    assert independence.two_coins(0.5, 0.5)[1, 1] == 0.25


def test_the_price_on_images_is_a_paired_mean():
    mean, error = independence.price_on_images([-200, -210, -190], [-90, -95, -88])
    assert mean == pytest.approx((110 + 115 + 102) / 3)
    assert error == pytest.approx(np.std([110, 115, 102], ddof=1) / math.sqrt(3))


def test_what_does_not_fit_is_refused():
    with pytest.raises(NadeError, match="2 and 3 values"):
        independence.price_on_images([0, 1], [0, 1, 2])
    with pytest.raises(NadeError, match="2 x 2"):
        independence.nearest([0.5, 0.5])
    with pytest.raises(NadeError, match="0 to 1"):
        independence.reach(2)


def test_two_coins_fill_four_cases():
    assert independence.two_coins(0.25, 0.5).ravel().tolist() == [0.375, 0.375, 0.125, 0.125]
