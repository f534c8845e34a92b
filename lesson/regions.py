"""What of an image a model is not shown, and how unsure it is of that."""

import numpy as np

from nade_core.messages import N_

REGIONS = {
    "bottom-half": N_("bottom half"),
    "top-half": N_("top half"),
    "left-half": N_("left half"),
    "right-half": N_("right half"),
    "centre": N_("centre"),
    "random-pixels": N_("random pixels"),
    "box": N_("a box"),
}
Box = tuple[int, int, int, int]  # top, bottom, left, right, in pixels


def erased(region: str, share: float, box: Box, seed: int) -> np.ndarray:
    """Which pixels are erased: (28, 28) bool."""
    if region == "random-pixels":
        return np.random.default_rng(seed).random((28, 28)) < share
    slices = {
        "bottom-half": np.s_[14:, :],
        "top-half": np.s_[:14, :],
        "left-half": np.s_[:, :14],
        "right-half": np.s_[:, 14:],
        "centre": np.s_[8:20, 8:20],
        "box": np.s_[box[0] : box[1], box[2] : box[3]],
    }
    missing = np.zeros((28, 28), bool)
    missing[slices[region]] = True
    return missing


def entropy(p: np.ndarray) -> np.ndarray:
    """Of coins with probabilities p, in bits: −p log₂ p − (1 − p) log₂(1 − p), where 0 log 0 = 0."""
    both = np.stack([p, 1 - p])
    return -(both * np.log2(both, out=np.zeros_like(both), where=both > 0)).sum(0)
