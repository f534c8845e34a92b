"""Orderings are permutations that the seed or the hand decides; ensembles average probabilities."""

import math

import numpy as np
import pytest

from lesson import orders
from nade_core.messages import NadeError


@pytest.mark.parametrize("kind", orders.ORDERS)
def test_every_ordering_visits_each_pixel_once(kind):
    order = orders.make_order(kind, seed=3, touched=[400, 401, 400, 5])
    assert order.dtype == np.int64 and sorted(order) == list(range(784))
    assert (order == orders.make_order(kind, seed=3, touched=[400, 401, 400, 5])).all()
    changed = (order != orders.make_order(kind, seed=4, touched=[400, 401, 400, 5])).any()
    assert changed == (kind in orders.SEEDED)


def test_coarse_to_fine_knows_pixels_all_over_the_image_early():
    rows, columns = np.divmod(orders.make_order("coarse-to-fine", 8, 8, seed=1)[:4], 8)
    assert len(set(rows // 4)) == len(set(columns // 4)) == 2


def test_a_stroke_comes_first_and_the_rest_from_near_to_far():
    order = orders.make_order("drawn", 5, 7, touched=[17, 18, 17, 11])
    assert order[:3].tolist() == [17, 18, 11]
    at = np.stack(np.divmod(order, 7))
    distance = ((at[:, :, None] - at[:, None, :3]) ** 2).sum(0).min(1)
    assert (np.diff(distance[3:]) >= 0).all()
    assert all(a < b for a, b, same in zip(order[3:], order[4:], np.diff(distance[3:]) == 0, strict=False) if same)


def test_without_a_touch_it_is_raster():
    assert (orders.make_order("drawn", 4, 4) == np.arange(16)).all()
    assert (orders.make_order("drawn", 2, 2, touched=[3, 2, 1, 0]) == [3, 2, 1, 0]).all()


def test_an_image_unfolds_along_its_ordering():
    known = orders.unfold([1, 0, 1, 1], np.array([2, 0, 1, 3]), 2)
    assert known.tolist() == [1, -1, 1, -1]
    assert orders.unfold([1, 0, 1, 1], np.array([2, 0, 1, 3]), 4).tolist() == [1, 0, 1, 1]


def test_an_ensemble_is_the_mean_of_probabilities():
    assert orders.log_mean_exp([math.log(0.2), math.log(0.6)]) == pytest.approx(math.log(0.4))
    found = orders.spread([-101.0, -95.0, -99.0])
    assert (found.lowest, found.highest, found.mean) == (-101, -95, pytest.approx(-295 / 3))
    assert found.mean <= found.ensemble <= found.highest <= found.ensemble + math.log(3)
    assert orders.log_mean_exp(np.full((4, 2), -2000.0)) == pytest.approx([-2000, -2000])


def test_what_is_no_ordering_is_refused():
    with pytest.raises(NadeError, match="Unknown ordering 'zigzag': expected one of raster"):
        orders.make_order("zigzag")
    with pytest.raises(NadeError, match="outside the image: expected 0 to 783"):
        orders.make_order("drawn", touched=[784])
    with pytest.raises(NadeError, match="at least one ordering"):
        orders.log_mean_exp([])
