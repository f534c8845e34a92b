"""Mixtures of Gaussians: densities, EM that never falls, and the bump that collapses."""

import math

import numpy as np
import pytest

from lesson import mixture
from lesson.mixture import Mixture
from nade_core.messages import NadeError

TWO = Mixture(np.array([0.3, 0.7]), np.array([-1.0, 2.0]), np.array([0.05, 1.0]))


def drawn(n=4000):
    rng = np.random.default_rng(0)
    x = np.where(rng.random(n) < 0.3, rng.normal(-3, 0.5, n), rng.normal(2, 1, n))
    return np.round(x, 2)


def test_a_density_integrates_to_1_though_it_exceeds_1():
    x = np.linspace(-12, 12, 48_001)
    density = np.exp(TWO.log_density(x))
    assert np.trapezoid(density, x) == pytest.approx(1) and density.max() > 2 and TWO.log_density(-1.0) > 0
    assert mixture.peak(0.1) == pytest.approx(3.98942, abs=1e-5) and mixture.peak(0.3989) > 1 > mixture.peak(0.399)


def test_other_units_move_log_p_by_a_constant():
    assert mixture.rescaled(TWO, 255).log_density(510.0) == pytest.approx(TWO.log_density(2.0) - math.log(255))


@pytest.mark.parametrize("name", mixture.MEASUREMENTS)
@pytest.mark.parametrize("K", [1, 2, 5])
def test_on_real_measurements_em_never_falls(name, K):
    x, counts = mixture.measurements(name)
    path = list(mixture.em(mixture.start(x, counts, K, 1), x, counts, floor=1.0, steps=40))
    heights = [height for _, height in path]
    assert (np.diff(heights) > -1e-6 * abs(heights[0])).all() and heights[-1] > heights[0]
    last = path[-1][0]
    assert last.weights.sum() == pytest.approx(1) and (last.sigmas >= 1).all()
    assert heights[-1] == last.log_likelihood(x, counts)


def test_the_measurements_are_those_of_the_embedded_data():
    ink, counts = mixture.measurements("ink")
    assert counts.sum() == 50_000 and ink[0] > 0 and ink[-1] <= 784
    red, counts = mixture.measurements("red")
    assert counts.sum() == 80 * 120 and red[0] >= 0 and red[-1] <= 255


def test_one_bump_is_the_mean_and_the_spread():
    x, counts = np.unique(drawn(), return_counts=True)
    made = mixture.em_step(mixture.start(x, counts, 1), x, counts, 0.01)
    assert (made.means[0], made.sigmas[0]) == pytest.approx((drawn().mean(), drawn().std()))


def test_em_finds_the_two_bumps_that_the_numbers_came_from():
    x, counts = np.unique(drawn(), return_counts=True)
    made = list(mixture.em(mixture.start(x, counts, 2), x, counts, 0.01))[-1][0]
    assert made.means == pytest.approx([-3, 2], abs=0.1) and made.sigmas == pytest.approx([0.5, 1], abs=0.1)
    assert made.weights == pytest.approx([0.3, 0.7], abs=0.03)


def test_values_with_counts_are_the_same_as_all_values():
    x, counts = np.unique(drawn(), return_counts=True)
    short, long = mixture.em_step(TWO, x, counts, 0.01), mixture.em_step(TWO, drawn(), np.ones(4000), 0.01)
    assert short.means == pytest.approx(long.means) and short.sigmas == pytest.approx(long.sigmas)


def test_a_start_is_given_by_its_seed_and_its_means_differ():
    x, counts = np.unique(drawn(), return_counts=True)
    one, again, other = (mixture.start(x, counts, 8, seed).means for seed in (1, 1, 2))
    assert (one == again).all() and (one != other).any() and len(set(one)) == 8


def test_a_bump_on_a_measurement_wins_without_limit_and_beside_one_it_does_not():
    x, counts = np.array([0.0, 1.0, 2.0, 5.0]), np.array([1, 1, 3, 1])
    once, thrice = (mixture.collapse(x, counts, point, [1e-6, 1e-9]) for point in (1.0, 2.0))
    assert np.diff(once) == pytest.approx(math.log(1000), rel=1e-3)
    assert np.diff(thrice) == pytest.approx(3 * math.log(1000), rel=1e-3)
    assert np.diff(mixture.collapse(x, counts, 1.5, [1e-6, 1e-9])) == pytest.approx(0)


def test_the_floor_holds_a_collapsing_bump():
    x, counts = np.array([0.0, 1.0, 2.0, 5.0]), np.ones(4)
    greedy = Mixture(np.array([0.5, 0.5]), np.array([1.5, 5.0]), np.array([2.0, 0.1]))
    path = list(mixture.em(greedy, x, counts, floor=0.01))
    assert path[-1][0].sigmas.min() == 0.01 and np.isfinite(path[-1][1])


def test_a_bump_that_explains_nothing_stays_where_it_is():
    lost = Mixture(np.array([1.0, 0.0]), np.array([0.0, 99.0]), np.array([1.0, 1.0]))
    made = mixture.em_step(lost, np.array([-1.0, 1.0]), np.ones(2), 0.1)
    assert made.means.tolist() == [0, 99] and made.weights.tolist() == [1, 0] and np.isfinite(made.sigmas).all()


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(NadeError, match="ink, red"):
        mixture.measurements("weight")
    with pytest.raises(NadeError, match="1 to 2 components; got 3"):
        mixture.start([0, 1], [1, 1], 3)
    with pytest.raises(NadeError, match="floor"):
        mixture.em_step(TWO, [0, 1], [1, 1], 0)


def test_a_bump_that_is_moved_leaves_the_others_their_proportions():
    three = Mixture(np.array([0.2, 0.2, 0.6]), np.array([1.0, 2.0, 3.0]), np.ones(3))
    made = mixture.moved(three, 1, 0.6, 2.5, 0.5)
    assert made.weights == pytest.approx([0.1, 0.6, 0.3]) and made.means.tolist() == [1, 2.5, 3]
    assert made.sigmas.tolist() == [1, 0.5, 1] and three.means[1] == 2 and three.sigmas[1] == 1
    one = Mixture(np.ones(1), np.zeros(1), np.ones(1))
    assert mixture.moved(one, 0, 0.3, 4.0, 2.0).weights.tolist() == [1]


def test_what_is_shown_of_a_mixture_sums_to_1():
    thirds = Mixture(np.full(3, 1 / 3), np.array([1.234, 2.0, 3.0]), np.array([0.126, 1.0, 1.0]))
    made = mixture.shown(thirds)
    assert sum(made.weights * 1000) == 1000 and made.means[0] == 1.23 and made.sigmas[0] == 0.13
    assert mixture.shown(Mixture(np.ones(1), np.zeros(1), np.ones(1))).weights.tolist() == [1]
