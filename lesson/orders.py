"""Orderings of an image's pixels by id, one drawn by hand, and how log p spreads over orderings.

An ordering is an int64 array (D,): ``ordering[i]`` is the pixel that is generated i-th.
"""

from dataclasses import dataclass

import numpy as np

from nade_core import orderings
from nade_core.messages import NadeError

ORDERS = ("raster", "reverse", "spiral", "random", "coarse-to-fine", "drawn")
SEEDED = ("random", "coarse-to-fine")


def make_order(kind: str, height: int = 28, width: int = 28, seed: int = 0, touched=()) -> np.ndarray:
    """The ordering of that id, (height * width,). ``seed`` matters to those in SEEDED, ``touched`` to ``drawn``."""
    if kind not in ORDERS:
        raise NadeError("Unknown ordering {name!r}: expected one of {names}.", name=kind, names=", ".join(ORDERS))
    if kind == "drawn":
        return complete_stroke(touched, height, width)
    if kind == "coarse-to-fine":
        from torch import Generator

        return orderings.coarse_to_fine(height, width, Generator().manual_seed(seed)).numpy()
    return orderings.make_ordering(kind, height, width, seed).numpy()


def complete_stroke(touched, height: int, width: int) -> np.ndarray:
    """The ordering that a hand drew: touched pixels in the order of their first touch, then all others, (D,).

    The others follow from the nearest to the stroke outwards (squared distance to the nearest touched pixel), equally
    near ones in raster order. Without a touch that is raster.
    """
    D, touched = height * width, np.asarray(touched, np.int64).reshape(-1)
    if ((touched < 0) | (touched >= D)).any():
        raise NadeError("A touched pixel lies outside the image: expected 0 to {last}.", last=D - 1)
    stroke = np.array(list(dict.fromkeys(touched.tolist())), np.int64)
    rest = np.setdiff1d(np.arange(D), stroke)
    if not len(stroke):
        return rest
    down = rest[:, None] // width - stroke // width
    right = rest[:, None] % width - stroke % width
    distance = (down**2 + right**2).min(1, initial=D**2)
    return np.concatenate([stroke, rest[np.argsort(distance, kind="stable")]])


def unfold(image, ordering, steps: int) -> np.ndarray:
    """What is known of an image (D,) after so many steps: its values, and -1 where nothing is known yet, (D,) int8."""
    known = np.full(len(ordering), -1, np.int8)
    known[ordering[:steps]] = np.asarray(image)[ordering[:steps]]
    return known


@dataclass(frozen=True)
class Spread:
    """log p of one image along M orderings, in nats. ``ensemble`` is the log of the mean probability."""

    mean: float
    lowest: float
    highest: float
    deviation: float
    ensemble: float


def log_mean_exp(log_p) -> np.ndarray:
    """log(1/M sum_m exp(log_p[m])) over the first axis: (M, ...) to (...). Probabilities are averaged, never logs."""
    log_p = np.asarray(log_p, float)
    if not log_p.size:
        raise NadeError("Expected log p along at least one ordering; got none.")
    return np.logaddexp.reduce(log_p, axis=0) - np.log(len(log_p))


def spread(log_p) -> Spread:
    """How log p (M,) of one image spreads over M orderings.

    The ensemble lies between the mean of log p (Jensen) and the highest, and at most log M below the highest.
    """
    log_p = np.asarray(log_p, float)
    ensemble = float(log_mean_exp(log_p))
    return Spread(float(log_p.mean()), float(log_p.min()), float(log_p.max()), float(log_p.std()), ensemble)
