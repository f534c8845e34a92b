"""Names beside marks do not cover each other."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from views import labels


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20), st.floats(0.1, 10))
@settings(max_examples=60, deadline=None)
def test_a_column_of_names_keeps_its_gaps_its_order_and_its_middle(values, gap):
    moved = labels.apart(values, gap)
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(moved)[order]) > gap - 1e-6).all()
    assert np.mean(moved) == pytest.approx(np.mean(values))


def test_names_with_room_stay_where_they_are():
    assert labels.apart([1.0, 5.0, 3.0], 1.0) == [1.0, 5.0, 3.0]


def test_neighbours_take_sides_that_do_not_collide():
    x, y, names = [0.4, 0.42, 0.44], [0.5, 0.51, 0.5], ["one name", "another name", "a third one"]
    sides = labels.beside(x, y, names)
    boxes = [
        labels._box(labels.PLOT[0] * a, labels.PLOT[1] * b, labels.LETTER * len(name), side)
        for a, b, name, side in zip(x, y, names, sides, strict=True)
    ]
    assert all(labels._shared(a, b) == 0 for a, b in itertools.combinations(boxes, 2))
