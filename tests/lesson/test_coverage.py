"""Coverage against sets of patches, and what it says of real digits."""

import itertools

import numpy as np
import pytest

from lesson import coverage
from nade_core.data import load_dataset
from nade_core.messages import NadeError

RNG = np.random.default_rng(0)


def test_coverage_is_what_sets_of_patches_say():
    train, test = (RNG.random((n, 30)) < 0.2 for n in (200, 70))
    train, test, places = train.astype(np.uint8), test.astype(np.uint8), RNG.permutation(30)[:20]
    for k, share in enumerate(coverage.coverage(train, test, places), start=1):
        known = set(map(tuple, train[:, places[:k]]))
        assert share == pytest.approx(np.mean([tuple(row) in known for row in test[:, places[:k]]]))


def test_all_cases_are_known_where_all_were_seen_and_none_where_none_was():
    cases = np.array(list(itertools.product((0, 1), repeat=6)), np.uint8)
    assert coverage.coverage(cases, cases, np.arange(6)).tolist() == [1] * 6
    assert coverage.coverage(cases * 0, cases[-1:], np.arange(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("side", range(1, 11))
def test_a_growing_block_is_a_square_or_a_rectangle_whenever_it_can_be(side):
    order = coverage.block(14, 14, 10, (28, 28))
    if side < 10:
        rows, columns = np.divmod(order[: side * (side + 1)], 28)
        assert (np.ptp(rows), np.ptp(columns)) == (side - 1, side)
    rows, columns = np.divmod(order[: side * side], 28)
    assert len(set(zip(rows, columns, strict=True))) == side * side
    assert np.ptp(rows) == np.ptp(columns) == side - 1
    assert abs(rows.mean() - 14) <= 0.5 and abs(columns.mean() - 14) <= 0.5


def test_scattered_places_differ_and_begin_with_the_fewer():
    places = coverage.scattered(100, 784, 5)
    assert len(set(places)) == 100 and (places[:10] == coverage.scattered(10, 784, 5)).all()
    assert (places != coverage.scattered(100, 784, 6)).any()


def test_on_real_digits_a_block_of_16_pixels_is_known_and_one_of_100_is_new():
    data = load_dataset("mnist")
    shares = coverage.coverage(data.train, data.test, coverage.block(14, 14, 10, (28, 28)))
    assert (np.diff(shares) <= 0).all() and shares[8] > 0.99 and shares[15] > 0.9 and shares[99] < 0.02
    assert 16 < coverage.first_below(shares) < 36
    spread = coverage.coverage(data.train, data.test, coverage.scattered(100, 784, 0))
    assert spread[9] > 0.99 and spread[99] < 0.2


def test_the_first_k_below_a_level():
    assert coverage.first_below([1, 0.6, 0.4, 0.1]) == 3 and coverage.first_below([1, 0.9]) is None


def test_two_to_the_784_less_one_has_237_digits():
    assert len(coverage.digits(784)) == 237 and int(coverage.digits(10)) == 1023 == coverage.cases(10) - 1


def test_what_leaves_the_image_is_refused():
    with pytest.raises(NadeError, match="leaves the image"):
        coverage.block(1, 14, 10, (28, 28))
    with pytest.raises(NadeError, match="1 to 9 places; got 10"):
        coverage.scattered(10, 9, 0)


def test_occurrences_count_the_rows_that_agree_and_coverage_is_their_share():
    rng = np.random.default_rng(4)
    train, test, places = rng.integers(0, 2, (60, 9)), rng.integers(0, 2, (20, 9)), rng.permutation(9)
    counts = np.array([coverage.occurrences(train, row, places) for row in test])
    for k in range(1, 10):
        equal = (train[:, None, places[:k]] == test[None, :, places[:k]]).all(-1).sum(0)
        assert (counts[:, k - 1] == equal).all()
    assert (counts > 0).mean(0) == pytest.approx(coverage.coverage(train, test, places))
