"""Throws, estimates and likelihoods against closed forms and frequencies."""

import math

import numpy as np
import pytest

from lesson import coin
from nade_core.messages import NadeError


def test_throws_come_from_the_seed_and_more_throws_begin_with_the_fewer():
    die = np.random.default_rng(3).dirichlet(np.ones(6))
    long = coin.throw_die(die, 1000, 7)
    assert (long[:10] == coin.throw_die(die, 10, 7)).all() and (long != coin.throw_die(die, 1000, 8)).any()
    assert coin.hidden_coin(5) == coin.hidden_coin(5) and 0.05 <= coin.hidden_coin(5) <= 0.95
    assert coin.count(long, 6).sum() == 1000 and len(coin.count(long[:1], 6)) == 6


def test_frequencies_approach_the_probabilities_that_were_hidden():
    die = np.random.default_rng(0).dirichlet(np.ones(6))
    assert abs(coin.count(coin.throw_die(die, 100_000, 1), 6) / 100_000 - die).max() < 0.005
    assert abs(coin.throw_coin(0.3, 100_000, 1).mean() - 0.3) < 0.005
    assert coin.throw_die([0, 1, 0], 100, 0).tolist() == [1] * 100


def test_the_interval_of_wilson_solves_its_equation():
    made = coin.estimate(7, 10)
    for end in (made.low, made.high):  # |f - p| = z sqrt(p (1 - p) / n), which is what defines it
        assert abs(0.7 - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / 10), abs=1e-6)
    assert coin.estimate(0, 10).low == 0 and coin.estimate(10, 10).high == 1
    assert math.isnan(coin.estimate(0, 0).value) and coin.estimate(0, 0).high == 1


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    throws = np.random.default_rng(0).binomial(40, 0.3, 2000)
    inside = [made.low <= 0.3 <= made.high for made in (coin.estimate(int(k), 40) for k in throws)]
    assert 0.92 < np.mean(inside) < 0.98


def test_the_curve_is_the_product_of_the_throws_and_highest_at_the_estimate():
    throws = coin.throw_coin(0.3, 20, 0)
    heads = int(throws.sum())
    p, curve = coin.curve(heads, 20)
    at = int(abs(p - 0.35).argmin())
    assert curve[at] == pytest.approx(math.log(math.prod(0.35 if x else 0.65 for x in throws)))
    best, height = coin.top(heads, 20)
    assert best == heads / 20 and (curve <= height + 1e-12).all()
    assert p[curve.argmax()] == pytest.approx(best, abs=0.005)


def test_the_curve_of_ones_alone_is_highest_at_1():
    p, curve = coin.curve(4, 4)
    assert curve[-1] == 0 and curve[0] == -math.inf and coin.top(4, 4) == (1, 0)
    assert coin.curve(0, 0)[1].tolist() == [0] * 201


def test_the_likelihood_of_a_die_is_highest_at_the_frequencies():
    counts = np.array([3, 0, 5, 2])
    best = coin.log_likelihood(counts, counts / 10)
    assert best == pytest.approx(3 * math.log(0.3) + 5 * math.log(0.5) + 2 * math.log(0.2))
    others = np.random.default_rng(0).dirichlet(np.ones(4), 500)
    assert (coin.log_likelihood(counts, others) < best).all()
    assert coin.log_likelihood(counts, [0.5, 0.5, 0, 0]) == -math.inf


def test_a_side_never_seen_costs_infinitely_much_and_laplace_says_1_in_n_plus_m():
    counts = [3, 0, 5, 2]
    assert coin.cost(counts, 1) == math.inf and coin.cost(counts, 1, 1) == pytest.approx(math.log(14))
    assert coin.cost(counts, 2) == pytest.approx(math.log(2))
    assert coin.smoothed(counts, 1).sum() == pytest.approx(1) and coin.smoothed([0, 0], 0.5).tolist() == [0.5, 0.5]


def test_impossible_counts_are_refused():
    with pytest.raises(NadeError, match="from 0 to 10; got 11"):
        coin.estimate(11, 10)
    with pytest.raises(NadeError, match="Smoothing"):
        coin.smoothed([0, 0], 0)
