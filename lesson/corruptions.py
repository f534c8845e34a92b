"""Images that should look less and less likely: what Rank sets against real ones.

Each function takes real binary images (N, D) of shape (H, W), the pixel means of the data (D,), and a numpy
Generator, and returns (N, D) uint8 of 0 and 1.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from nade_core.messages import N_, NadeError

Corruption = Callable[[np.ndarray, tuple[int, int], np.ndarray, np.random.Generator], np.ndarray]


def flipped(images, shape, means, rng, share: float) -> np.ndarray:
    """A share of the pixels, drawn without replacement, changes sides."""
    count = round(share * images.shape[1])
    which = np.argsort(rng.random(images.shape), axis=1) < count
    return images ^ which.astype(np.uint8)


def shuffled(images, shape, means, rng) -> np.ndarray:
    """Each image's own pixels in a random order: as many are on as before."""
    return rng.permuted(images, axis=1)


def inverted(images, shape, means, rng) -> np.ndarray:
    """On becomes off and off becomes on."""
    return 1 - images


def shifted(images, shape, means, rng) -> np.ndarray:
    """Moved by 4 pixels left, right, up or down, zeros coming in."""
    height, width = shape
    padded = np.pad(images.reshape(-1, height, width), ((0, 0), (4, 4), (4, 4)))
    moves = np.array([(0, 4), (8, 4), (4, 0), (4, 8)])[rng.integers(0, 4, len(images))]
    parts = [image[y : y + height, x : x + width] for image, (y, x) in zip(padded, moves, strict=True)]
    return np.array(parts, dtype=np.uint8).reshape(images.shape)


def coin_flips(images, shape, means, rng) -> np.ndarray:
    """Every pixel a fair coin."""
    return rng.integers(0, 2, images.shape, dtype=np.uint8)


def mean_noise(images, shape, means, rng) -> np.ndarray:
    """Every pixel a coin with the data's mean at that place: the independent model."""
    return (rng.random(images.shape) < means).astype(np.uint8)


def constant(images, shape, means, rng, value: int) -> np.ndarray:
    """One image, all pixels alike."""
    return np.full((1, images.shape[1]), value, np.uint8)


KINDS: dict[str, Corruption] = {
    **{f"flipped-{percent}": partial(flipped, share=percent / 100) for percent in (1, 2, 5, 10, 20)},
    "shifted": shifted,
    "inverted": inverted,
    "pixels-shuffled": shuffled,
    "pixel-means": mean_noise,
    "coin-flips": coin_flips,
    "all-off": partial(constant, value=0),
    "all-on": partial(constant, value=1),
}
"""By id, from what is nearest to real images to what is furthest."""

TITLES = {
    "flipped-1": N_("1 % flipped"),
    "flipped-2": N_("2 % flipped"),
    "flipped-5": N_("5 % flipped"),
    "flipped-10": N_("10 % flipped"),
    "flipped-20": N_("20 % flipped"),
    "shifted": N_("shifted"),
    "inverted": N_("inverted"),
    "pixels-shuffled": N_("pixels shuffled"),
    "pixel-means": N_("noise, pixel means"),
    "coin-flips": N_("noise, coin flips"),
    "all-off": N_("all off"),
    "all-on": N_("all on"),
}


def corrupt(kind: str, images, shape: tuple[int, int], means, seed: int = 0) -> np.ndarray:
    """Images of one kind, by its id in KINDS, made from real ones (N, D). NadeError for another id."""
    if kind not in KINDS:
        raise NadeError("Unknown kind {kind!r}: expected one of {kinds}.", kind=kind, kinds=", ".join(KINDS))
    return KINDS[kind](np.asarray(images, np.uint8), shape, means, np.random.default_rng(seed))
