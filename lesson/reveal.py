"""p(y | x_<=i) while an image is revealed: Bayes' rule, one pixel after the other.

``conditionals`` are log p(x_i | x_<i, y) in nats, (K, D) for K classes, the pixels in the order in which they are
generated; for N images (N, K, D).
"""

import numpy as np

from nade_core import measures
from nade_core.messages import NadeError


def class_conditionals(model, rows) -> np.ndarray:
    """log p(x_i | x_<i, y) of rows (N, D) under every class, by a model with classes: (N, K, D) as posterior takes them."""
    K, rows = model.classes, np.asarray(rows)
    terms = model.log_conditionals(np.repeat(rows, K, 0), np.tile(np.arange(K), len(rows)))[:, model.ordering]
    return terms.detach().cpu().numpy().reshape(len(rows), K, -1)


def posterior(conditionals, prior=None) -> np.ndarray:
    """p(y | x_<=i) for i = 0 .. D: (..., D + 1, K), its first row the prior (uniform if None).

    p(y | x_<=i) is proportional to p(y) prod_{j<=i} p(x_j | x_<j, y): a running sum of logs, normalised.
    """
    conditionals = np.asarray(conditionals, float)
    if conditionals.ndim < 2:
        raise NadeError(
            "Expected log p of every pixel under every class, (K, D); got {shape}.", shape=conditionals.shape
        )
    joint = np.zeros((*conditionals.shape[:-2], conditionals.shape[-1] + 1, conditionals.shape[-2]))
    np.cumsum(np.swapaxes(conditionals, -1, -2), axis=-2, out=joint[..., 1:, :])
    if prior is not None:
        joint += _log_prior(prior, conditionals.shape[-2])
    joint = np.exp(joint - joint.max(-1, keepdims=True))
    return joint / joint.sum(-1, keepdims=True)


def sure_at(path, level: float = 0.9) -> int | None:
    """The first i from which on the winner is always the final one and has at least that probability, or None.

    ``path`` is p(y | x_<=i), (D + 1, K); i pixels are known in its row i.
    """
    path = np.asarray(path)
    unsure = np.flatnonzero((path.argmax(1) != path[-1].argmax()) | (path.max(1) < level))
    first = int(unsure[-1]) + 1 if len(unsure) else 0
    return first if first < len(path) else None


def changes_of_mind(path) -> np.ndarray:
    """The i at which another class takes the lead, in order."""
    winner = np.asarray(path).argmax(1)
    return np.flatnonzero(winner[1:] != winner[:-1]) + 1


def accuracy_along(paths, labels) -> np.ndarray:
    """The share of images whose most probable class is the right one once i pixels are known: (D + 1,).

    ``paths`` is (N, D + 1, K), ``labels`` (N,).
    """
    return (np.asarray(paths).argmax(-1) == np.asarray(labels)[:, None]).mean(0)


def judge(paths, labels, known: int | None = None, bins: int = 15) -> measures.Classifier:
    """Accuracy and calibration of p(y | x_<=known) over N images; all pixels if ``known`` is None."""
    return measures.judge_classifier(np.asarray(paths)[:, -1 if known is None else known], np.asarray(labels), bins)


def _log_prior(prior, classes: int) -> np.ndarray:
    prior = np.asarray(prior, float)
    if prior.shape != (classes,) or not (prior >= 0).all() or abs(prior.sum() - 1) > 1e-6:
        raise NadeError("Expected a prior of {classes} probabilities that sum to 1.", classes=classes)
    with np.errstate(divide="ignore"):
        return np.log(prior)
