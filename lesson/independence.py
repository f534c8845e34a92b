"""What independence can say of two pixels, and what it cannot: p(x1, x2) = p(x1) p(x2).

Joint tables are (2, 2): ``joint[a, b]`` is p(x1 = a, x2 = b). Prices are in nats.
"""

import math

import numpy as np

from nade_core import measures
from nade_core.messages import NadeError

from .simplex import probabilities


def two_coins(p1: float, p2: float) -> np.ndarray:
    """The four cases (2, 2) of two coins with p(x1 = 1) = p1 and p(x2 = 1) = p2."""
    return np.outer([1 - p1, p1], [1 - p2, p2])


def nearest(joint) -> tuple[float, float]:
    """The two coins q that minimise KL(joint || q): those with the marginals of the joint, p(x1 = 1) and p(x2 = 1).

    KL(p || q) = KL(p || p1 p2) + KL(p1 || q1) + KL(p2 || q2), and the last two vanish just there.
    """
    p = _table(joint)
    return float(p[1].sum()), float(p[:, 1].sum())


def price(joint) -> float:
    """KL(joint || nearest coins) = I(x1; x2), in nats: 0 only if the joint is independent."""
    return kl(joint, two_coins(*nearest(joint)))


def kl(p, q) -> float:
    """KL(p || q) = sum p log(p / q), in nats; infinite where q forbids what p allows."""
    p, q = np.asarray(p, float).ravel(), np.asarray(q, float).ravel()
    if (q[p > 0] == 0).any():
        return math.inf
    return max(0.0, float((p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum()))


def reach(p00: float) -> float:
    """The largest p(1, 1) that two coins with this p(0, 0) can have: (1 - sqrt(p00))^2.

    By Cauchy and Schwarz sqrt(p00) + sqrt(p11) <= 1, so p00 = p11 is at most 1/4 each, never 1/2.
    """
    if not 0 <= p00 <= 1:
        raise NadeError("Expected a probability from 0 to 1; got {value}.", value=p00)
    return (1 - math.sqrt(p00)) ** 2


def price_on_images(independent, model) -> tuple[float, float]:
    """How many nats an image independence costs beside a model, with the standard error.

    Both are log p of the same images, (N,): the mean of log p_model - log p_independent.
    """
    independent, model = np.asarray(independent, float), np.asarray(model, float)
    if independent.shape != model.shape or independent.ndim != 1:
        raise NadeError(
            "Expected log p of the same images twice; got {one} and {two} values.", one=independent.size, two=model.size
        )
    return measures.mean_and_standard_error(model - independent)


def _table(joint) -> np.ndarray:
    if np.shape(joint) != (2, 2):
        raise NadeError("Expected a table of 2 x 2 probabilities; got {shape}.", shape=np.shape(joint))
    return probabilities(np.ravel(joint)).reshape(2, 2)
