"""Rules of paper as dark as the ink: found by their length and number, taken away, and the strokes that they cross mended.

A mask here says where there is ink, (H, W) bool. Rules are thin straight lines of one direction, each through most of the
picture: two from border to border, or four. Sheared by their slope they are rows of it.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

COARSE = 320  # pixels of the longer side at which the direction of rules is looked for
SLOPES = np.linspace(-0.18, 0.18, 37)  # rows a column: ten degrees to each side
THROUGH = 0.7  # of a row, which a rule fills
FEW, MANY = 2, 4  # rules that reach both borders, or do not
EDGE = 0.04  # of the picture: what is so near to a border is at it
THIN = 0.025  # of the longer side: what is thicker is no rule
LONG, UNBROKEN = 0.25, 0.85  # of the width: a part of a rule, and how much of that is seen
LEANING = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)  # columns a row: how strokes may lie that cross a rule


def without_rules(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mask without rules in either direction, and where there were some; strokes go on below them."""
    across, rows = _without_rows(mask)
    down, columns = _without_rows(across.T)
    return down.T, np.asarray((rows | columns.T) & ~down.T)


def _without_rows(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Without rules that go from left to right, and where they were."""
    factor = max(1, round(max(mask.shape) / COARSE))
    small = _pooled(mask, factor)
    slope, bands = _direction(small)
    if not _are_rules(_sheared(small, slope)[0], bands):
        return mask, np.zeros_like(mask)
    near = factor + max(mask.shape) // 400  # rows that a rule may be off its place
    sheared, back = _sheared(mask, slope)
    rows = np.zeros(len(sheared), bool)
    thick = max(last - first for first, last in bands) * factor + 2 * near
    for middle in _going_on([(first + last) / 2 * factor for first, last in bands], len(rows)):
        rows[max(0, round(middle - thick / 2)) : round(middle + thick / 2)] = True
    long = _long(ndimage.maximum_filter1d(sheared, 2 * near + 1, axis=0), max(1, round(LONG * mask.shape[1])))
    rules = sheared & long & rows[:, None]
    rest = sheared & ~rules
    rest |= rules & _crossed(rest, thick)
    return back(rest), back(np.asarray(rules))


def _pooled(mask: np.ndarray, factor: int) -> np.ndarray:
    """The mask made smaller, on where any of its pixels is."""
    height, width = (-side % factor for side in mask.shape)
    wide = np.pad(mask, ((0, height), (0, width)))
    cells = wide.reshape(wide.shape[0] // factor, factor, wide.shape[1] // factor, factor)
    return np.asarray(cells.any((1, 3)))


def _direction(mask: np.ndarray) -> tuple[float, list[tuple[int, int]]]:
    """The slope along which there are most rules, and the rows [first, last) of each once the mask is sheared so."""
    best: tuple[float, float, list[tuple[int, int]]] = (0.0, 0.0, [])
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    for slope in SLOPES:
        down = _down(slope, width)
        filled = np.bincount(rows + down[columns], minlength=height + int(down.max())) / width  # as of _sheared
        bands = _bands(filled > THROUGH, max(2.0, THIN * max(mask.shape)))
        sharp = sum(float(filled[first:last].max()) for first, last in bands)
        best = max(best, (sharp, slope, bands), key=lambda found: found[0])
    return best[1], best[2]


def _are_rules(mask: np.ndarray, bands: list[tuple[int, int]]) -> bool:
    """Whether these rows of a sheared mask are rules, not strokes: those at its upper and lower border do not count."""
    height, width = (max(1, round(EDGE * side)) for side in mask.shape)
    inner = [mask[first:last] for first, last in bands if first >= height and last <= len(mask) - height]
    reaching = [band for band in inner if band[:, :width].any() and band[:, -width:].any()]
    return len(reaching) >= FEW or len(inner) >= MANY


def _going_on(places: list[float], end: int) -> list[float]:
    """Where rules are and, at the same distance from each other, would be: some are seen in part only."""
    apart = float(np.median(np.diff(places)))
    before = np.arange(places[0] - apart, 0, -apart).tolist()
    return [*before, *places, *np.arange(places[-1] + apart, end, apart).tolist()]


def _bands(rows: np.ndarray, most: float) -> list[tuple[int, int]]:
    """From where to where rows are on, in runs of at most so many."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]])))
    runs = zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True)
    return [(first, last) for first, last in runs if last - first <= most]


def _sheared(mask: np.ndarray, slope: float) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Columns moved so that lines of that slope are rows, (H', W); and what moves such a mask back."""
    height, width = mask.shape
    down = _down(slope, width)
    places = np.arange(height)[:, None] + down, np.arange(width)[None]
    wide = np.zeros((height + int(down.max()), width), bool)
    wide[places] = mask
    return wide, lambda other: other[places]


def _down(slope: float, width: int) -> np.ndarray:
    """By how many rows each column is moved down, (W,), the least of them by none."""
    rises = np.round(slope * np.arange(width)).astype(int)
    return np.asarray(rises.max() - rises)


def _long(mask: np.ndarray, length: int) -> np.ndarray:
    """The parts of rows that are on for so many pixels, nearly without a gap."""
    filled = ndimage.uniform_filter1d(mask.astype(np.float32), length, axis=1, mode="nearest")
    return ndimage.maximum_filter1d(filled > UNBROKEN, length, axis=1)


def _crossed(mask: np.ndarray, thick: int) -> np.ndarray:
    """Where there is ink within so many rows above and below, along a line that a stroke may follow."""
    found = np.zeros_like(mask)
    for lean in LEANING:
        above, below = np.zeros_like(mask), np.zeros_like(mask)
        for row in range(1, thick + 2):
            above |= _moved(mask, row, round(lean * row))
            below |= _moved(mask, -row, -round(lean * row))
        found |= above & below
    return found


def _moved(mask: np.ndarray, down: int, right: int) -> np.ndarray:
    """The mask moved by so many rows and columns."""
    steps = [(max(-side, min(by, side)), side) for by, side in zip((down, right), mask.shape, strict=True)]
    moved = np.zeros_like(mask)
    to, at = (tuple(slice(max(0, sign * by), side + min(0, sign * by)) for by, side in steps) for sign in (1, -1))
    moved[to] = mask[at]
    return moved
