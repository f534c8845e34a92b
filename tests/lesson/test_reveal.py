"""p(y | x_<=i) against Bayes' rule on a joint table."""

import itertools

import numpy as np
import pytest
import torch

from lesson import reveal
from nade_core import NADE, NADEConfig, measures
from nade_core.messages import NadeError

RNG = np.random.default_rng(0)
PRIOR = np.array([0.5, 0.2, 0.3])
JOINT = PRIOR[:, None] * RNG.dirichlet(np.ones(16), 3)  # p(y, x), x of four bits
CASES = list(itertools.product((0, 1), repeat=4))


def begins(x, i):
    """p(y, x_<=i) for each y: the sum over all that begins so."""
    return JOINT[:, [case[:i] == x[:i] for case in CASES]].sum(1)


def conditionals(x):
    sums = np.array([begins(x, i) for i in range(5)])
    return np.log(sums[1:] / sums[:-1]).T


@pytest.mark.parametrize("x", CASES[::5])
def test_each_step_is_bayes_rule_on_what_is_known(x):
    path = reveal.posterior(conditionals(x), PRIOR)
    for i in range(5):
        assert path[i] == pytest.approx(begins(x, i) / begins(x, i).sum())
    assert path.shape == (5, 3)


def test_many_images_at_once_and_classes_alike_by_default():
    terms = np.array([conditionals(x) for x in CASES])
    paths = reveal.posterior(terms)
    assert paths.shape == (16, 5, 3) and paths[:, 0] == pytest.approx(1 / 3)
    assert paths[7] == pytest.approx(reveal.posterior(terms[7], [1 / 3] * 3))


def test_far_below_what_a_float_can_hold_it_still_sums_to_1():
    path = reveal.posterior(RNG.normal(-50, 5, (10, 784)))
    assert path.sum(1) == pytest.approx(1)


def test_it_is_sure_once_the_winner_stays_and_stays_high():
    path = np.array([[0.5, 0.5], [0.95, 0.05], [0.3, 0.7], [0.05, 0.95], [0.2, 0.8], [0.04, 0.96]])
    assert reveal.sure_at(path, 0.9) == 5 and reveal.sure_at(path, 0.75) == 3 and reveal.sure_at(path, 0.6) == 2
    assert reveal.sure_at(path, 0.99) is None and reveal.sure_at(path[-1:], 0.9) == 0
    assert reveal.changes_of_mind(path).tolist() == [2]


def test_accuracy_and_calibration_are_those_of_the_measures():
    paths = reveal.posterior(np.array([conditionals(x) for x in CASES]), PRIOR)
    labels = RNG.integers(0, 3, 16)
    along = reveal.accuracy_along(paths, labels)
    assert along[0] == (labels == 0).mean() and along.shape == (5,)
    assert reveal.judge(paths, labels) == measures.judge_classifier(paths[:, -1], labels)
    assert reveal.judge(paths, labels, known=2).accuracy == along[2]


def test_what_does_not_fit_is_refused():
    with pytest.raises(NadeError, match=r"\(K, D\); got \(3,\)"):
        reveal.posterior([0, 1, 2])
    with pytest.raises(NadeError, match="3 probabilities"):
        reveal.posterior(np.zeros((3, 4)), [0.5, 0.5])


def test_a_models_conditionals_lead_to_its_own_posterior():
    model = NADE(NADEConfig(9, 4, classes=3), torch.arange(8, -1, -1)).double()
    rows = RNG.integers(0, 2, (5, 9)).astype(np.uint8)
    terms = reveal.class_conditionals(model, rows)
    assert terms.shape == (5, 3, 9)
    assert terms.sum(-1)[:, 1] == pytest.approx(model.log_prob(rows, 1).detach().numpy())
    assert terms[:, 2, 0] == pytest.approx(model.log_conditionals(rows, 2)[:, 8].detach().numpy())
    assert reveal.posterior(terms)[:, -1] == pytest.approx(model.class_log_prob(rows).exp().numpy())
