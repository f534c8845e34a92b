"""Measures against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nade_core import measures
from nade_core.messages import NadeError

values = st.lists(st.integers(-5, 5), min_size=2, max_size=30)


@given(values, values)
def test_auroc_is_the_share_of_pairs_in_the_right_order(positive, negative):
    pairs = [(p > n) + (p == n) / 2 for p in positive for n in negative]
    assert math.isclose(measures.auroc(positive, negative), np.mean(pairs))
    assert math.isclose(measures.auroc(negative, positive), 1 - np.mean(pairs), abs_tol=1e-12)
    low, high = measures.auroc_interval(positive, negative)
    assert 0 <= low <= np.mean(pairs) + 1e-12 and np.mean(pairs) - 1e-12 <= high <= 1


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng, truth = np.random.default_rng(0), 0.5 * (1 + math.erf(0.5))  # N(1, 1) against N(0, 1)
    intervals = [measures.auroc_interval(rng.normal(1, 1, 60), rng.normal(0, 1, 60)) for _ in range(400)]
    assert 0.90 < np.mean([low <= truth <= high for low, high in intervals]) < 0.99


@pytest.mark.parametrize("n, m", [(20, 20), (20, 2000), (3, 5)])
def test_where_no_pair_is_in_the_wrong_order_the_interval_still_has_a_width(n, m):
    """The exact bound for n of n, on the smaller side: the share below which n values show none that often."""
    low, high = measures.auroc_interval(np.arange(m) + m + n, np.arange(n))
    assert high == 1 and math.isclose(low ** min(n, m), 0.025)
    assert np.allclose(measures.auroc_interval(np.arange(n), np.arange(m) + n), (0, 1 - low))
    assert np.allclose(measures.auroc_interval([1] * n, [1] * m), (low / 2, 1 - low / 2))  # all are ties
    one_wrong = measures.auroc_interval([*range(m, 2 * m), -1], np.arange(n))
    assert one_wrong[0] < low + 0.01  # a wrong pair makes nothing surer


def test_what_is_no_number_has_no_rank():
    for call in (
        lambda: measures.percentile(math.nan, [1, 2]),
        lambda: measures.percentile(1, [1, math.nan]),
        lambda: measures.auroc([1, math.nan], [1, 2]),
        lambda: measures.auroc_interval([1, 2], [math.nan, 2]),
    ):
        with pytest.raises(NadeError, match="NaN"):
            call()
    assert measures.percentile(-math.inf, [1, 2]) == 0 and measures.auroc([math.inf], [1]) == 1


def test_percentile_bits_and_standard_error():
    assert measures.percentile(2, [1, 2, 3, 4]) == 37.5
    assert math.isclose(measures.bits_per_dim(784 * math.log(2), 784), 1)
    assert measures.mean_and_standard_error([1, 3]) == (2, 1)
    for call in (
        lambda: measures.percentile(1, []),
        lambda: measures.mean_and_standard_error([]),
        lambda: measures.auroc([], [1]),
    ):
        with pytest.raises(ValueError, match="at least one|to compare"):
            call()


@given(st.integers(1, 200), st.integers(1, 9), st.integers(0, 99))
def test_nearest_counts_differing_pixels(dims, k, seed):
    rng = np.random.default_rng(seed)
    images, train = rng.integers(0, 2, (3, dims), np.uint8), rng.integers(0, 2, (9, dims), np.uint8)
    index, distance = measures.nearest(images, train, k)
    exact = (images[:, None] != train).sum(2)
    assert np.array_equal(distance, np.sort(exact, 1)[:, :k]) and index.shape == (3, k)
    assert np.array_equal(np.take_along_axis(exact, index, 1), distance)


def test_a_classifier_is_judged_by_its_accuracy_and_its_calibration():
    rng = np.random.default_rng(0)
    honest = rng.uniform(0.5, 1, 50_000)
    probs = np.stack([honest, 1 - honest], 1)
    labels = (rng.random(50_000) > honest).astype(int)
    judged = measures.judge_classifier(probs, labels)
    assert abs(judged.accuracy - 0.75) < 0.01 and judged.calibration_error < 0.01
    assert sum(n for *_, n in judged.bins) == judged.n == 50_000
    with pytest.raises(NadeError, match="none"):
        measures.judge_classifier(probs[:0], labels[:0])
    boastful = measures.judge_classifier(np.tile([0.999, 0.001], (100, 1)), np.arange(100) % 2)
    assert abs(boastful.calibration_error - 0.499) < 1e-9
