"""A photo as a set of pixels: rows (red, green, blue), for densities of three variables."""

from pathlib import Path

import numpy as np

from ..images import decode
from .packed import EMBEDDED, PARTS


def read_pixels(source: str | Path | bytes, values: str) -> np.ndarray:
    """Every pixel of a picture: (N, 3), uint8 levels, or "real" ones in [0, 256).

    Real: to each level comes a uniform number in [0, 1), always the same. Then log p(r, g, b), averaged over the
    unit cube above a colour, is at most the log-probability of that colour (Uria, Murray & Larochelle, 2013).
    """
    levels = np.asarray(decode(source).convert("RGB")).reshape(-1, 3)
    if values == "levels":
        return levels
    steps = np.random.default_rng(0).integers(0, 1 << 16, levels.shape)  # with 16 bits the sum is exact in float32
    return levels + (steps / np.float32(1 << 16)).astype(np.float32)


def photo(name: str, values: str) -> dict:
    """The pixels of an embedded photo, shuffled: 80, 10 and 10 %. ``values`` are "levels" or "real"."""
    rows = np.random.default_rng(0).permutation(read_pixels(EMBEDDED / f"{name}.png", values))
    tenth = len(rows) // 10
    return dict(zip(PARTS, np.split(rows, [len(rows) - 2 * tenth, len(rows) - tenth]), strict=True))
