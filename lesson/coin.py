"""A coin and a die: throws from a seed, what they say of the hidden p, and what a side never seen costs.

A coin with p(1) = p has the log-likelihood log L(p) = k log p + (n - k) log(1 - p) after k ones in n throws; its top
is at k / n. All log-likelihoods are in nats, with 0 log 0 = 0.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from nade_core.messages import NadeError

from .simplex import probabilities


@dataclass(frozen=True)
class Estimate:
    """count / n, and the interval of Wilson (1927) around it; nan in [0, 1] before the first throw."""

    value: float
    low: float
    high: float


def hidden_coin(seed: int) -> float:
    """The p of a coin that nobody has seen, between 0.05 and 0.95, in hundredths."""
    return int(np.random.default_rng([seed, 0]).integers(5, 96)) / 100


def throw_die(p, n: int, seed: int) -> np.ndarray:
    """n throws (n,) of a die with probabilities p (m,): sides 0 to m - 1. The first k of n are those of k throws."""
    edges = np.cumsum(probabilities(p))[:-1]
    return np.searchsorted(edges, np.random.default_rng([seed, 2]).random(n), side="right")


def throw_coin(p: float, n: int, seed: int) -> np.ndarray:
    """n throws (n,) of 0 and 1 with p(1) = p."""
    return throw_die([1 - p, p], n, seed)


def count(throws, sides: int) -> np.ndarray:
    """How often each side came: (m,)."""
    return np.bincount(throws, minlength=sides)


def estimate(times: int, n: int, confidence: float = 0.95) -> Estimate:
    """The maximum-likelihood estimate times / n with its Wilson interval,

    (f + z^2 / 2n +- z sqrt(f (1 - f) / n + z^2 / 4n^2)) / (1 + z^2 / n), where f = times / n.
    """
    if not 0 <= times <= n:
        raise NadeError("Expected a count from 0 to {n}; got {count}.", n=n, count=times)
    if n == 0:
        return Estimate(math.nan, 0.0, 1.0)
    z, f = NormalDist().inv_cdf(0.5 + confidence / 2), times / n
    middle, half = f + z**2 / (2 * n), z * math.sqrt(f * (1 - f) / n + z**2 / (4 * n**2))
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return Estimate(f, min(f, max(0.0, low)), max(f, min(1.0, high)))  # rounding must not put f outside


def log_likelihood(counts, p):
    """sum_s count_s log p_s in nats, over the last axis of counts (m,) and p (..., m); -inf where p_s = 0 was seen."""
    counts, p = np.asarray(counts, float), np.asarray(p, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = counts * np.log(p)
    return np.where(counts > 0, terms, 0.0).sum(-1)


def curve(heads: int, n: int, points: int = 201) -> tuple[np.ndarray, np.ndarray]:
    """p from 0 to 1 and log L(p) at each, (points,) both; -inf at an end that the throws have ruled out."""
    p = np.linspace(0, 1, points)
    return p, log_likelihood([n - heads, heads], np.stack([1 - p, p], -1))


def top(heads: int, n: int) -> tuple[float, float]:
    """Where the curve is highest, heads / n, and how high, in nats."""
    p = estimate(heads, n).value
    return p, float(log_likelihood([n - heads, heads], [1 - p, p]))


def smoothed(counts, alpha: float) -> np.ndarray:
    """(count_s + alpha) / (n + alpha m): alpha = 0 is maximum likelihood, alpha = 1 is Laplace's rule, (m,)."""
    counts = np.asarray(counts, float)
    if alpha < 0 or counts.sum() + alpha <= 0:
        raise NadeError("Smoothing needs an alpha of at least 0, and above 0 as long as nothing was counted.")
    return (counts + alpha) / (counts.sum() + alpha * len(counts))


def cost(counts, side: int, alpha: float = 0.0) -> float:
    """-log p of one more throw that shows this side, in nats: infinite for a side never seen, where alpha = 0."""
    p = smoothed(counts, alpha)[side]
    return -math.log(p) if p > 0 else math.inf
