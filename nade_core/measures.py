"""Measures of what was scored: bits/dim, percentiles, AUROC with its interval, classifiers, nearest neighbours."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from .messages import NadeError


@dataclass(frozen=True)
class Classifier:
    """How Bayes' rule does as a classifier, on n labelled images.

    ``calibration_error`` is the mean distance between confidence and accuracy over bins of equal width, weighed
    by their images (Guo et al., ICML 2017). ``bins`` holds (confidence, accuracy, images) of each that has any.
    """

    n: int
    accuracy: float
    calibration_error: float
    bins: tuple[tuple[float, float, int], ...]


def judge_classifier(probs: np.ndarray, y: np.ndarray, bins: int = 15) -> Classifier:
    """Accuracy and calibration of class probabilities (N, K) against labels (N,). NadeError if there is none."""
    if not len(y):
        raise NadeError("Expected at least one labelled image to judge a classifier by; got none.")
    confidence, right = probs.max(1), probs.argmax(1) == y
    which, rows = np.minimum((confidence * bins).astype(int), bins - 1), []
    for b in np.unique(which):
        inside = which == b
        rows.append((float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum())))
    error = sum(abs(c - a) * n for c, a, n in rows) / len(y)
    return Classifier(len(y), float(right.mean()), float(error), tuple(rows))


def bits_per_dim(nats, dims: int):
    """A negative log-likelihood in nats as bits a dimension: nll / (D ln 2)."""
    return nats / (dims * math.log(2))


def as_written(value: float) -> str:
    """A value of a table as people write it: whole numbers whole, others by six digits."""
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:g}"


def mean_and_standard_error(values) -> tuple[float, float]:
    """The mean, and its standard error s / sqrt(n) (nan for a single value). NadeError if there is none."""
    values = np.asarray(values, dtype=float)
    if not values.size:
        raise NadeError("Expected at least one value to average; got none.")
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(values.mean()), float(error)


def percentile(value: float, reference) -> float:
    """Which share of the reference lies below the value, ties counted half, in percent. NadeError for NaN or none."""
    reference = _ranked(reference)
    if not reference.size:
        raise NadeError("Expected reference values to compare with; got none.")
    return float(100 * _placements(_ranked(value), reference))


def described(log_p: np.ndarray, dims: int, reference) -> dict[str, np.ndarray | None]:
    """What is told of rows whose log p (N,) is known: that, their bits/dim, and the percentile of each among the
    reference values (None without any)."""
    percentiles = 100 * _placements(_ranked(log_p), _ranked(reference)) if len(reference) else None
    return {"log_p": log_p, "bits_per_dim": bits_per_dim(-log_p, dims), "percentile": percentiles}


def _ranked(values) -> np.ndarray:
    """The values as an array in which each has a place: NaN has none."""
    values = np.asarray(values, dtype=float)
    if np.isnan(values).any():
        raise NadeError("Expected numbers to compare; got NaN.")
    return values


def _placements(of, among) -> np.ndarray:
    """For each value of ``of``, the share of ``among`` below it, ties counted half."""
    among = np.sort(among)
    return (np.searchsorted(among, of, "left") + np.searchsorted(among, of, "right")) / (2 * len(among))


def auroc(positive, negative) -> float:
    """P(positive > negative) + P(equal) / 2: the area under the ROC curve. NadeError for NaN or none."""
    positive, negative = _ranked(positive), _ranked(negative)
    if not (positive.size and negative.size):
        raise NadeError("Expected at least one value on each side of an AUROC.")
    return float(_placements(positive, negative).mean())


def auroc_interval(positive, negative, confidence: float = 0.95) -> tuple[float, float]:
    """Confidence interval of the AUROC A (DeLong, DeLong & Clarke-Pearson, 1988), cut to [0, 1].

    It allows for what too few values do not show, of which DeLong's variance knows nothing (it is 0 where A = 1). Of the
    n values on the smaller side, none may show a share of 1 - s where s^n = (1 - confidence) / 2, the bound of Clopper
    & Pearson (1934) for n of n; ranked lowest or highest, such a share makes A as little as s A, as much as
    1 - s (1 - A).
    """
    positive, negative = _ranked(positive), _ranked(negative)
    n = min(positive.size, negative.size)
    if n < 2:
        raise NadeError("An interval of the AUROC needs at least two values on each side.")
    above, below = _placements(positive, negative), _placements(negative, positive)
    error = math.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    margin, area = NormalDist().inv_cdf(0.5 + confidence / 2) * error, float(above.mean())
    seen = ((1 - confidence) / 2) ** (1 / n)
    low, high = min(area - margin, seen * area), max(area + margin, 1 - seen * (1 - area))
    return max(0.0, low), min(1.0, high)


def nearest(images, train, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of train (N, D) that differ least from each image (B, D): indices and differing pixels, (B, k)."""
    return nearest_packed(images, packed(train), k)


def nearest_packed(images, words: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The same among rows that were packed before: ``words`` (N, D / 64)."""
    distance = np.stack([np.bitwise_count(words ^ image).sum(1, dtype=np.int32) for image in packed(images)])
    index = distance.argmin(1)[:, None] if k == 1 else distance.argsort(1, kind="stable")[:, :k]
    return index, np.take_along_axis(distance, index, 1).astype(np.int64)


def packed(rows) -> np.ndarray:
    """Binary rows (N, D) with 64 pixels a word: (N, D / 64)."""
    rows = np.asarray(rows, dtype=bool)
    return np.packbits(np.pad(rows, ((0, 0), (0, -rows.shape[1] % 64))), axis=1).view(np.uint64)
