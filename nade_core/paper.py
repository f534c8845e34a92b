"""What a picture is drawn on: whether its ground is bright, a sheet of paper on a darker desk, and the light on it.

A picture here is grey, (H, W) float in 0..255. Ink is too: 0 where nothing is drawn, 255 where most is.
"""

import numpy as np
from scipy import ndimage

SHADE = 24  # levels of 255: ink that is darker than its paper by less may be a shade of it
EVEN = 0.1  # of the contrast: what the border of a picture may vary by in even light
DARKEST = 48  # levels: a difference from darker paper counts as from this, for its noise would be ink
LEAST, MOST = 0.04, 0.97  # of the picture: the size of a sheet of paper
MOSTLY, COVERED = 0.8, 0.9  # of the border, and of height and width; of a side
COARSE = 160  # pixels of the longer side at which paper and light are looked at
WINDOW = 0.4  # of the longer side: what is narrower is not light


def border(grey: np.ndarray) -> np.ndarray:
    """The pixels at the four sides."""
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def is_even(grey: np.ndarray) -> bool:
    """Whether the ground, at the border, is of one brightness."""
    low, high = np.quantile(border(_coarse(grey)), (0.1, 0.9))
    return bool(high - low <= EVEN * np.ptp(grey))


def is_cut_close(grey: np.ndarray) -> bool:
    """Whether a drawing fills the picture up to its borders, which are of ground and ink alone. A desk or a shadow does
    not reach through both height and width, a frame covers a side."""
    low, high = float(grey.min()), float(grey.max())
    far = np.minimum(border(grey) - low, high - border(grey))
    if is_even(grey) or np.quantile(far, MOSTLY) > EVEN * (high - low):
        return False
    middle = (low + high) / 2
    piece = largest(grey < middle if np.median(border(grey)) > middle else grey > middle, np.ones((3, 3)))
    spans = [np.ptp(np.flatnonzero(piece.any(axis))) + 1 for axis in (1, 0)]
    covered = max(side.mean() for side in (piece[0], piece[-1], piece[:, 0], piece[:, -1]))
    return covered < COVERED and all(n > MOSTLY * side for n, side in zip(spans, grey.shape, strict=True))


def is_bright(grey: np.ndarray) -> bool:
    """Whether the ground is brighter than what is drawn on it: by the border, where the ground is, if that is even;
    else by what differs most from its surroundings."""
    if is_even(grey):
        return bool(np.median(border(grey)) > (grey.max() + grey.min()) / 2)
    small = _coarse(grey, COARSE // 3)
    window = np.minimum(round(WINDOW * max(small.shape)), small.shape) | 1
    return float(((small - ndimage.median_filter(small, tuple(window))) ** 3).mean()) < 0


def sheet(grey: np.ndarray) -> np.ndarray | None:
    """Where a bright sheet of paper lies on a darker ground, (H, W) bool; None if there is no such thing.

    At some level it is one bright piece with an edge all around, which nearly fills the smallest rectangle about it,
    straight or turned, once its holes are filled. Little of it is holes: they are what is drawn on it.
    """
    small = _coarse(grey)
    small = ndimage.gaussian_filter(small, max(small.shape) / COARSE)
    near = 2 * round(max(small.shape) / 40) + 1
    steps = ndimage.minimum_filter(small, near) < 0.75 * ndimage.maximum_filter(small, near)
    levels = np.linspace(small.min(), small.max(), 14)[2:-2]
    found = [piece for level in levels if (piece := _sheet_of(small > level, steps)) is not None]
    if not found:
        return None
    edge = max(1, round(0.02 * max(small.shape)))
    inside = ndimage.binary_erosion(max(found, key=np.count_nonzero), iterations=edge, border_value=1)
    if not inside.any() or 2 * strength(evened(_coarse(grey), inside)) < SHADE:  # a bright block, with nothing on it
        return None
    return _enlarged(inside.astype(float), grey.shape) > 0.5


def _sheet_of(bright: np.ndarray, steps: np.ndarray) -> np.ndarray | None:
    """The sheet among bright places, if there is one; ``steps``: where the brightness changes at once."""
    piece = largest(bright)
    whole = ndimage.binary_fill_holes(piece)
    area = np.count_nonzero(whole)
    if not LEAST * whole.size < area < MOST * whole.size:
        return None
    fills, holes = area / _rectangle(whole), 1 - np.count_nonzero(piece) / area
    if not (fills > 0.92 and holes < 0.35 or fills > 0.82 and holes < 0.12):
        return None
    edge = whole & ~ndimage.binary_erosion(whole, border_value=1)
    return whole if steps[edge].mean() > 0.9 else None


def _rectangle(mask: np.ndarray) -> float:
    """The area of the smallest rectangle about a mask, turned in steps of two degrees."""
    edge = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    angles = np.radians(np.arange(0, 90, 2))
    axes = np.array([np.cos(angles), np.sin(angles)]), np.array([-np.sin(angles), np.cos(angles)])
    width, height = (np.ptp(edge @ axis, axis=0) + 1 for axis in axes)
    return float((width * height).min())


def evened(grey: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
    """Dark ink on paper under any light: 255 (paper - grey) / paper, the paper as bright as it is around each place.

    The paper is what stays of a picture when all that is dark and narrow is closed; at its borders the slope goes on.
    What is not ``inside`` is as what is nearest there.
    """
    if inside is not None:
        places = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
        grey = grey[tuple(places)]
    small = _coarse(grey)
    small = ndimage.gaussian_filter(small, max(small.shape) / COARSE)
    half = round(WINDOW * max(small.shape) / 2)
    margins = [min(half, side - 1) for side in small.shape]
    wide = np.pad(small, [(margin, margin) for margin in margins], "reflect", reflect_type="odd")
    closed = ndimage.grey_closing(wide, (2 * half + 1, 2 * half + 1))
    middle = tuple(slice(margin, margin + side) for margin, side in zip(margins, small.shape, strict=True))
    paper = _enlarged(ndimage.gaussian_filter(closed, max(small.shape) / COARSE * 2)[middle], grey.shape)
    return 255 * np.clip((paper - grey) / np.maximum(paper, DARKEST), 0, 1)


def strength(ink: np.ndarray) -> float:
    """Half of the strongest ink: lines of a fainter colour, and shadows, are below."""
    return float(np.quantile(ndimage.gaussian_filter(ink, 0.7), 0.999)) / 2


def largest(mask: np.ndarray, near: np.ndarray | None = None) -> np.ndarray:
    labels, n = ndimage.label(mask, near)
    return labels == 1 + np.argmax(np.bincount(labels.ravel(), minlength=2)[1:])


def _coarse(grey: np.ndarray, side: int = COARSE) -> np.ndarray:
    """The picture with about so many pixels at its longer side, each a mean."""
    factor = min(max(1, max(grey.shape) // side), *grey.shape)
    height, width = (side // factor for side in grey.shape)
    cells = grey[: height * factor, : width * factor].reshape(height, factor, width, factor)
    return cells.mean((1, 3))


def _enlarged(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    zoom = [side / s for side, s in zip(shape, small.shape, strict=True)]
    return ndimage.zoom(small, zoom, order=1, mode="nearest", grid_mode=True)
