"""Measures of what was scored: bits/dim, percentiles, AUROC with its interval, classifiers, nearest neighbours."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import torch


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
    """Accuracy and calibration of class probabilities (N, K) against labels (N,)."""
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


def mean_and_standard_error(values) -> tuple[float, float]:
    """The mean, and its standard error s / sqrt(n) (nan for a single value). ValueError if there is none."""
    values = np.asarray(values, dtype=float)
    if not values.size:
        raise ValueError("Expected at least one value to average; got none.")
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(values.mean()), float(error)


def percentile(value: float, reference) -> float:
    """Which share of the reference lies below the value, ties counted half, in percent."""
    reference = np.asarray(reference, dtype=float)
    if not reference.size:
        raise ValueError("Expected reference values to compare with; got none.")
    return float(100 * ((reference < value).mean() + (reference == value).mean() / 2))


def _placements(of, among) -> np.ndarray:
    """For each value of ``of``, the share of ``among`` below it, ties counted half."""
    among = np.sort(among)
    return (np.searchsorted(among, of, "left") + np.searchsorted(among, of, "right")) / (2 * len(among))


def auroc(positive, negative) -> float:
    """P(positive > negative) + P(equal) / 2: the area under the ROC curve."""
    positive, negative = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    if not (positive.size and negative.size):
        raise ValueError("Expected at least one value on each side of an AUROC.")
    return float(_placements(positive, negative).mean())


def auroc_interval(positive, negative, confidence: float = 0.95) -> tuple[float, float]:
    """Confidence interval of the AUROC (DeLong, DeLong & Clarke-Pearson, 1988), cut to [0, 1]."""
    positive, negative = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    if min(positive.size, negative.size) < 2:
        raise ValueError("An interval of the AUROC needs at least two values on each side.")
    above, below = _placements(positive, negative), _placements(negative, positive)
    error = math.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    margin, area = NormalDist().inv_cdf(0.5 + confidence / 2) * error, float(above.mean())
    return max(0.0, area - margin), min(1.0, area + margin)


def nearest(images, train, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of train (N, D) that differ least from each image (B, D): indices and differing pixels, (B, k)."""
    images, train = torch.as_tensor(np.array(images)).float(), torch.as_tensor(np.array(train)).float()
    distance = images.sum(1, keepdim=True) + train.sum(1) - 2 * images @ train.T
    found = distance.topk(k, largest=False)
    return found.indices.numpy(), found.values.round().long().numpy()
