"""Bars that are dragged: always probabilities, and what is shown sums to 1 exactly."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesson import simplex
from nade_core.messages import NadeError

weights = st.lists(st.floats(0, 1), min_size=2, max_size=12).filter(lambda w: sum(w) > 0.01)


def bars(w):
    return np.array(w) / sum(w)


@given(weights, st.floats(-0.5, 1.5), st.integers(0, 99))
def test_a_dragged_bar_is_where_it_was_dragged_and_the_sum_stays_1(w, value, place):
    for drag, free in ((simplex.drag_free, len(w) - 1), (simplex.set_one, len(w))):
        p = drag(bars(w), place % free, value)
        assert (p >= 0).all() and abs(p.sum() - 1) < 1e-12
        assert p[place % free] == min(max(value, 0), 1)


def test_the_last_bar_follows_alone_while_something_remains():
    assert simplex.drag_free([0.2, 0.3, 0.5], 0, 0.6) == pytest.approx([0.6, 0.3, 0.1], abs=1e-15)
    assert simplex.drag_free([0.2, 0.3, 0.1, 0.4], 0, 0.6) == pytest.approx([0.6, 0.3, 0.1, 0], abs=1e-15)


def test_dragged_too_far_the_other_free_bars_keep_their_proportions():
    p = simplex.drag_free([0.1, 0.4, 0.2, 0.3], 0, 0.7)
    assert p == pytest.approx([0.7, 0.2, 0.1, 0], abs=1e-15) and p[-1] < 1e-15


def test_one_of_eight_entries_moves_and_the_others_keep_their_proportions():
    assert simplex.set_one([0.2, 0.2, 0.6], 2, 0.2) == pytest.approx([0.4, 0.4, 0.2])
    assert simplex.set_one([0, 0, 1], 2, 0.5) == pytest.approx([0.25, 0.25, 0.5])  # nothing to keep: alike


@given(weights, st.integers(1, 6))
def test_what_is_shown_sums_to_1_exactly_and_is_a_unit_from_the_truth_at_most(w, decimals):
    p = bars(w)
    rounded = simplex.shown(p, decimals)
    assert sum(Decimal(f"{value:.{decimals}f}") for value in rounded) == 1
    assert (abs(rounded - p) <= 1.0001 * 10.0**-decimals).all() and (rounded[p == 0] == 0).all()


@pytest.mark.parametrize("bad", [[1.0], [0.5, 0.6], [-0.1, 1.1], [float("nan"), 1], [[0.5, 0.5]]])
def test_what_is_no_distribution_is_refused(bad):
    with pytest.raises(NadeError, match="sum to 1"):
        simplex.probabilities(bad)


def test_the_last_bar_cannot_be_dragged():
    with pytest.raises(NadeError, match="expected 0 to 1"):
        simplex.drag_free([0.2, 0.3, 0.5], 2, 0.1)
