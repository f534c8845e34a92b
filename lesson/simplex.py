"""Probabilities that one drags: m numbers of at least 0 that sum to 1, of which m - 1 are free."""

import math

import numpy as np

from nade_core.messages import NadeError


def probabilities(values) -> np.ndarray:
    """The values (m,) as float64 that sum to 1. NadeError if they are no probabilities (the sum may err by 1e-6)."""
    p = np.array(values, dtype=float)
    if p.ndim != 1 or len(p) < 2 or not np.isfinite(p).all() or (p < 0).any() or abs(p.sum() - 1) > 1e-6:
        raise NadeError("Expected at least 2 probabilities of 0 or more that sum to 1.")
    return p / p.sum()


def drag_free(values, i: int, value: float) -> np.ndarray:
    """Free bar i (of the first m - 1) becomes ``value``; the last bar is what remains of 1: (m,).

    While something remains, the other free bars stand still. Dragged further, the last bar is 0 and the other free
    bars give way together: each keeps its share of what they have.
    """
    p = probabilities(values)
    _check_place(i, len(p) - 1)
    value = min(max(float(value), 0.0), 1.0)
    others = np.arange(len(p) - 1) != i
    total = p[:-1][others].sum()
    if total > 1 - value:
        p[:-1][others] *= (1 - value) / total
    p[i] = value
    p[-1] = max(0.0, 1 - math.fsum(p[:-1]))
    return p


def set_one(values, i: int, value: float) -> np.ndarray:
    """Bar i becomes ``value`` and all others keep their proportions: (m,). Others that are all 0 share alike."""
    p = probabilities(values)
    _check_place(i, len(p))
    value = min(max(float(value), 0.0), 1.0)
    others = np.arange(len(p)) != i
    weights = p[others] if p[others].sum() > 0 else np.ones(len(p) - 1)
    p[others] = (1 - value) * weights / weights.sum()
    p[i] = value
    return p


def shown(values, decimals: int = 3) -> np.ndarray:
    """The probabilities rounded to so many decimals such that what is shown sums to 1 exactly: (m,).

    Each is rounded down, and the units that are missing go to those that lost most (largest remainder), so none
    is further than one unit from its value.
    """
    units = probabilities(values) * 10**decimals
    down = np.floor(units + 1e-9)
    missing = 10**decimals - int(down.sum())
    down[np.argsort(down - units, kind="stable")[:missing]] += 1
    return down / 10**decimals


def _check_place(i: int, end: int) -> None:
    if not 0 <= i < end:
        raise NadeError("There is no bar {place} that can be dragged: expected 0 to {last}.", place=i, last=end - 1)
