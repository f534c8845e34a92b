"""Scoring in batches: the numbers of the model, for any number of rows."""

import numpy as np
import pytest
import torch

from nade_core import scoring
from nade_core.messages import NadeError
from nade_core.models.base import BATCH

from .test_contract import build


def test_an_ensemble_of_one_is_the_model_itself(make_nade):
    model, x = make_nade(), np.random.default_rng(0).integers(0, 2, (7, 6))
    assert np.array_equal(scoring.ensemble_log_probs(model, x, 5), scoring.log_probs(model, x))


def test_bayes_rule_by_enumeration(make_nade):
    """p(y | x) = p(x | y) / sum_y p(x | y), where p(y) is uniform."""
    model, x = make_nade(classes=3), np.random.default_rng(0).integers(0, 2, (9, 6))
    joint = np.stack([np.exp(scoring.log_probs(model, x, np.full(9, y))) / 3 for y in range(3)], 1)
    np.testing.assert_allclose(scoring.classify(model, x), joint / joint.sum(1, keepdims=True))
    np.testing.assert_allclose(np.exp(scoring.log_probs(model, x)), joint.sum(1))


def test_batches_are_seams_that_nobody_sees(make_nade):
    model, x = make_nade(classes=2), np.random.default_rng(0).integers(0, 2, (2 * BATCH + 3, 6))
    y = np.arange(len(x)) % 2
    with torch.no_grad():
        np.testing.assert_allclose(scoring.log_probs(model, x, y), model.log_prob(x, y))
        np.testing.assert_allclose(scoring.log_probs(model, x, 1), model.log_prob(x, 1))
    assert np.isclose(scoring.mean_nats(model, x), -scoring.log_probs(model, x).mean())
    assert np.isclose(model.validation_nats(torch.from_numpy(x)), scoring.mean_nats(model, x))


def test_no_rows_are_no_error_but_have_no_mean(make_nade):
    model, none = make_nade(classes=3), np.zeros((0, 6), np.uint8)
    assert scoring.log_probs(model, none).shape == scoring.ensemble_log_probs(model, none, 3).shape == (0,)
    assert scoring.classify(model, none).shape == (0, 3)
    assert scoring.conditional_curve(model, np.zeros(6), 2, []).shape == (0,)
    with pytest.raises(NadeError, match="none"):
        scoring.mean_nats(model, none)
    with pytest.raises(NadeError, match="at least one ordering"):
        scoring.ensemble_log_probs(model, none, 0)


@pytest.mark.parametrize("name", ["NADE", "CategoricalNADE"])
def test_a_curve_over_all_values_sums_to_one_and_is_the_conditional(name):
    torch.manual_seed(0)
    model, row = build(name).double().eval(), np.array([1, 0, 1, 1])
    values = np.arange(2 if name == "NADE" else 4)
    for d in range(4):
        curve = scoring.conditional_curve(model, row, d, values)
        assert np.isclose(curve.sum(), 1) and np.isclose(curve[row[d]], model.log_conditionals(row[None])[0, d].exp())
    for bad in (4, -1, 0.5):
        with pytest.raises(NadeError, match="Expected"):
            scoring.conditional_curve(model, row, bad, values)
    with pytest.raises(NadeError, match="Expected"):
        scoring.conditional_curve(model, row.astype(np.uint8), 0, [0.5])  # not cut to a whole one
