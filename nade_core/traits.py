"""What a binary image is like at a glance, and between which values nearly all images of a data set lie."""

import numpy as np

ON, PIECES, FILL = "on", "pieces", "fill"
TAIL = 0.001  # of the images lie below the usual values of a trait, and as many above


def traits(images) -> dict[str, np.ndarray]:
    """Of binary images (N, H, W): the share of pixels on, the number of pieces, and the fill of the bounding box.

    Each (N,). Pixels that touch at a side are of one piece. A blank image has no box: its fill is 0.
    """
    images = np.asarray(images, bool)
    on = images.mean((1, 2))
    height, width = (_extent(images.any(axis)) for axis in (2, 1))
    area = np.maximum(height * width, 1)
    return {ON: on, PIECES: _pieces(images), FILL: images.sum((1, 2)) / area}


def usual(images) -> dict[str, tuple[float, float]]:
    """The ends between which all but TAIL at either side of images (N, H, W) have each trait."""
    ends = {name: np.quantile(values, (TAIL, 1 - TAIL)) for name, values in traits(images).items()}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def unusual(image, ends: dict[str, tuple[float, float]]) -> dict[str, float]:
    """The traits of one image (H, W) that lie beyond those ends, with their values."""
    found = {name: float(values[0]) for name, values in traits(np.asarray(image)[None]).items()}
    return {name: value for name, value in found.items() if not ends[name][0] <= value <= ends[name][1]}


def _extent(used: np.ndarray) -> np.ndarray:
    """From the first to the last used one of a row or a column, (N, S) bool: how many there are, (N,)."""
    first, last = used.argmax(1), used.shape[1] - used[:, ::-1].argmax(1)
    return np.where(used.any(1), last - first, 0)


def _pieces(images: np.ndarray) -> np.ndarray:
    """How many connected pieces each image (N, H, W) has: every pixel takes the largest number beside it, to the end."""
    n, height, width = images.shape
    own = images * np.arange(1, height * width + 1, dtype=np.int16).reshape(height, width)
    numbers, moving = own.copy(), np.arange(n)
    while len(moving):
        before = numbers[moving]
        wide = np.pad(before, ((0, 0), (1, 1), (1, 1)))
        beside = np.maximum(np.maximum(wide[:, :-2, 1:-1], wide[:, 2:, 1:-1]), before)
        beside = np.maximum(np.maximum(wide[:, 1:-1, :-2], wide[:, 1:-1, 2:]), beside) * images[moving]
        numbers[moving] = beside
        moving = moving[(beside != before).any((1, 2))]
    return ((numbers == own) & images).reshape(n, -1).sum(1)
