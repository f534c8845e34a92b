"""Measures against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nade_core import measures, scoring

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


def test_nearest_counts_differing_pixels():
    train = np.eye(5, dtype=np.uint8)
    index, distance = measures.nearest(np.array([[1, 0, 0, 0, 0], [0, 1, 1, 0, 0]]), train, k=2)
    assert (index[0, 0], distance[0].tolist()) == (0, [0, 2])
    assert distance[1].tolist() == [1, 1]


def test_an_ensemble_of_one_is_the_model_itself(make_nade):
    model, x = make_nade(), np.random.default_rng(0).integers(0, 2, (7, 6))
    assert np.array_equal(scoring.ensemble_log_probs(model, x, 5), scoring.log_probs(model, x))


def test_a_classifier_is_judged_by_its_accuracy_and_its_calibration():
    rng = np.random.default_rng(0)
    honest = rng.uniform(0.5, 1, 50_000)
    probs = np.stack([honest, 1 - honest], 1)
    labels = (rng.random(50_000) > honest).astype(int)
    judged = measures.judge_classifier(probs, labels)
    assert abs(judged.accuracy - 0.75) < 0.01 and judged.calibration_error < 0.01
    assert sum(n for *_, n in judged.bins) == judged.n == 50_000
    boastful = measures.judge_classifier(np.tile([0.999, 0.001], (100, 1)), np.arange(100) % 2)
    assert abs(boastful.calibration_error - 0.499) < 1e-9


def test_bayes_rule_by_enumeration(make_nade):
    """p(y | x) = p(x | y) / sum_y p(x | y), where p(y) is uniform."""
    model, x = make_nade(classes=3), np.random.default_rng(0).integers(0, 2, (9, 6))
    joint = np.stack([np.exp(scoring.log_probs(model, x, np.full(9, y))) / 3 for y in range(3)], 1)
    np.testing.assert_allclose(scoring.classify(model, x), joint / joint.sum(1, keepdims=True))
    np.testing.assert_allclose(np.exp(scoring.log_probs(model, x)), joint.sum(1))
