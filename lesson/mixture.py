"""A mixture of Gaussians in one dimension: p(x) = sum_k w_k N(x; m_k, s_k^2), fitted to real measurements by EM.

Measurements are given as different values x (M,) and how often each occurred (M,), so that a step over 50,000 of them
takes well under a millisecond. Log-likelihoods are sums over all measurements, in nats; a density is per unit of x.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nade_core.data import load_dataset
from nade_core.messages import NadeError

from . import simplex
from .pixel import photo

MEASUREMENTS = ("ink", "red")


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights that sum to 1, means, and standard deviations, (K,) each."""

    weights: np.ndarray
    means: np.ndarray
    sigmas: np.ndarray

    def components(self, x) -> np.ndarray:
        """log w_k + log N(x; m_k, s_k^2) in nats, (..., K) for x (...)."""
        z = (np.asarray(x, float)[..., None] - self.means) / self.sigmas
        with np.errstate(divide="ignore"):
            return np.log(self.weights) - np.log(self.sigmas) - 0.5 * math.log(2 * math.pi) - 0.5 * z**2

    def log_density(self, x) -> np.ndarray:
        """log p(x) in nats per unit of x, (...) for x (...). It may be positive: a density may exceed 1."""
        return np.logaddexp.reduce(self.components(x), axis=-1)

    def log_likelihood(self, x, counts) -> float:
        """sum_x count(x) log p(x) in nats."""
        return float(np.dot(counts, self.log_density(x)))


@lru_cache
def measurements(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Different values (M,) float64 and their counts (M,), computed from embedded data.

    ``ink``: how many of the 784 pixels are on, of each of the 50,000 training digits. ``red``: the
    red channel of each pixel of the photo, 0 to 255.
    """
    if name not in MEASUREMENTS:
        raise NadeError(
            "Unknown measurements {name!r}: expected one of {names}.", name=name, names=", ".join(MEASUREMENTS)
        )
    values = load_dataset("mnist").train.sum(1, dtype=np.int64) if name == "ink" else photo()[..., 0]
    found, counts = np.unique(values, return_counts=True)
    return found.astype(float), counts


def start(x, counts, K: int, seed: int = 0) -> Mixture:
    """K means drawn as K-means++ does (each far from those before), equal weights, and the data's own spread / K."""
    x, counts = np.asarray(x, float), np.asarray(counts, float)
    if not 1 <= K <= len(x):
        raise NadeError("Expected 1 to {most} components; got {K}.", most=len(x), K=K)
    rng, means = np.random.default_rng(seed), []
    chance = counts / counts.sum()
    for _ in range(K):
        means.append(x[rng.choice(len(x), p=chance)])
        nearest = ((x[:, None] - means) ** 2).min(1)
        chance = counts * nearest / max((counts * nearest).sum(), np.finfo(float).tiny)
    mean = np.average(x, weights=counts)
    spread = math.sqrt(np.average((x - mean) ** 2, weights=counts)) / K
    return Mixture(np.full(K, 1 / K), np.sort(means), np.full(K, spread or 1.0))


def moved(mixture: Mixture, k: int, weight: float, mean: float, sigma: float) -> Mixture:
    """Bump k as a hand sets it; the weights of all others keep their proportions. A single bump has weight 1."""
    means, sigmas = mixture.means.copy(), mixture.sigmas.copy()
    means[k], sigmas[k] = mean, sigma
    single = len(means) == 1
    return Mixture(mixture.weights if single else simplex.set_one(mixture.weights, k, weight), means, sigmas)


def shown(mixture: Mixture) -> Mixture:
    """The mixture in the figures that are shown of it: weights of three decimals that sum to 1, the rest of two."""
    weights = mixture.weights if len(mixture.weights) == 1 else simplex.shown(mixture.weights)
    return Mixture(weights, mixture.means.round(2), mixture.sigmas.round(2))


def em_step(mixture: Mixture, x, counts, floor: float) -> Mixture:
    """One step of EM: who explains what, then the best bump for what each explains. log L never falls.

    r_k(x) = w_k N_k(x) / p(x); n_k = sum r_k; w_k = n_k / N; m_k = sum r_k x / n_k; s_k^2 = sum r_k (x - m_k)^2 / n_k,
    and s_k at least ``floor``, in units of x: without one a bump that shrinks onto a single value wins without limit.
    """
    x, counts = np.asarray(x, float), np.asarray(counts, float)
    if floor <= 0:
        raise NadeError("The floor of the standard deviations must be above 0; got {floor}.", floor=floor)
    terms = mixture.components(x)
    shares = counts[:, None] * np.exp(terms - np.logaddexp.reduce(terms, axis=1)[:, None])
    n = shares.sum(0)
    alive = n > 1e-9 * counts.sum()
    safe = np.where(alive, n, 1.0)
    means = np.where(alive, shares.T @ x / safe, mixture.means)
    variances = (shares * (x[:, None] - means) ** 2).sum(0) / safe
    sigmas = np.where(alive, np.maximum(np.sqrt(variances), floor), mixture.sigmas)
    return Mixture(n / n.sum(), means, sigmas)


def em(
    mixture: Mixture, x, counts, floor: float, steps: int = 200, least: float = 1e-9
) -> Iterator[tuple[Mixture, float]]:
    """The mixture and its log-likelihood (nats), at the start and after every step.

    It ends when a step gains less than ``least`` nats a measurement, or when the steps are used up.
    """
    before, N = mixture.log_likelihood(x, counts), float(np.sum(counts))
    yield mixture, before
    for _ in range(steps):
        mixture = em_step(mixture, x, counts, floor)
        after = mixture.log_likelihood(x, counts)
        yield mixture, after
        if after - before < least * N:
            return
        before = after


def collapse(x, counts, point: float, sigmas) -> np.ndarray:
    """log L when a second bump of weight 1/N, centred on ``point``, shrinks: (S,) nats for its widths sigmas (S,).

    The first bump has the data's mean and spread. Where ``point`` is one of the measurements, log L grows without limit
    as sigma goes to 0, by as many times -log sigma as it was measured.
    """
    x, counts = np.asarray(x, float), np.asarray(counts, float)
    N, mean = counts.sum(), np.average(x, weights=counts)
    spread = math.sqrt(np.average((x - mean) ** 2, weights=counts))
    weights, means = np.array([1 - 1 / N, 1 / N]), np.array([mean, point])
    return np.array(
        [Mixture(weights, means, np.array([spread, s])).log_likelihood(x, counts) for s in np.atleast_1d(sigmas)]
    )


def peak(sigma: float) -> float:
    """The highest density of a single Gaussian, 1 / (sigma sqrt(2 pi)), per unit of x: above 1 if sigma < 0.3989."""
    return 1 / (sigma * math.sqrt(2 * math.pi))


def rescaled(mixture: Mixture, factor: float) -> Mixture:
    """The same mixture with x measured in other units: x * factor. log p of each measurement changes by -log factor."""
    return Mixture(mixture.weights, mixture.means * factor, mixture.sigmas * factor)
