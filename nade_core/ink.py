"""What is drawn on a picture: its paper, the light on it, rules and specks are no figure.

A picture here is grey, (H, W) float in 0..255. Ink is too: 0 where nothing is drawn, 255 where most is.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .decoding import FLAT
from .paper import SHADE, border, evened, is_bright, is_cut_close, is_even, largest, sheet, strength
from .rules import without_rules

FAINT = 64  # levels: what is drawn with less contrast may be none
NOISE = 5  # standard deviations: what differs by less is noise
SPECK, FAR = 0.01, 0.1  # of the figure: smaller is a speck, wherever it is, or where it lies apart
APART = 0.25  # of the figure's size: a gap that is wider
TOUCHING = 0.0005  # of the picture: with that much inside, what comes in from its borders is no figure
THIN = 1.2  # pixels of the fitted figure: a thinner pen is made so thick
LARGE = 3  # boxes that a figure is long: with a pixel around it, it is as large as before
MARGIN, INVERTED, SHEET, EVENED, UNRULED = "margin", "inverted", "sheet", "evened", "unruled"
CLEANED, CROPPED, THICKENED = "cleaned", "cropped", "thickened"
BLANK, SEVERAL, EDGE, PALE, LEFT = "blank", "several", "edge", "pale", "left"


@dataclass(frozen=True, eq=False)
class Found:
    """Ink (H, W), the stages that led to it, a name and a picture each, and the names of what is doubtful."""

    ink: np.ndarray
    stages: tuple[tuple[str, np.ndarray], ...] = ()
    doubts: tuple[str, ...] = ()


def whole(grey: np.ndarray, invert: bool | None) -> Found:
    """All of a picture as ink. ``invert``: whether its ground is bright (None: as it looks)."""
    if np.ptp(grey) < FLAT:
        return _blank(grey, [])
    grey = stretched(grey)
    if is_bright(grey) if invert is None else invert:
        return Found(255 - grey, ((INVERTED, 255 - grey),))
    return Found(grey)


def find(grey: np.ndarray, invert: bool | None, box: int) -> Found:
    """The figure on a picture, cut out, its strokes at least THIN once it is fitted into a box."""
    if is_blank(grey):
        return _blank(grey, [])
    close = is_cut_close(grey)
    if close:
        grey = np.pad(grey, max(2, max(grey.shape) // 8), constant_values=float(np.median(border(grey))))
    pale, inside = np.ptp(grey) < FAINT, sheet(grey) if invert is not False else None
    even = inside is None and is_even(grey)
    bright = inside is not None or (is_bright(grey) if invert is None else invert)
    stages = [(MARGIN, grey)] if close else []
    stages += [] if inside is None else [(SHEET, np.where(inside, grey, 255))]
    ink = stretched(255 - grey if bright else grey)
    if not even:
        ink = evened(grey if bright else 255 - grey, inside)
        stages, strongest = [*stages, (EVENED, ink)], 2 * strength(ink)
        if strongest < max(SHADE, min(NOISE * noise(ink), FAINT)):
            return _blank(grey, stages)
        pale = pale or strongest < FAINT
    elif bright:
        stages.append((INVERTED, ink))
    clear, rules = without_rules(ink > strength(ink))
    if rules.any():
        ink = np.where(_around(rules) & ~_around(clear), 0, np.where(rules, 0, ink))
        stages.append((UNRULED, ink))
    mask, dropped = figure(ink, even)
    if not mask.any():
        return _blank(grey, stages)
    if dropped.any() or not even:
        ink = np.where(_around(dropped), 0, ink) if even else np.where(_around(mask), ink, 0)
        stages.append((CLEANED, ink))
    edge, left = not even and border(mask).any(), largest(dropped).sum() > APART * mask.sum()
    doubts = {SEVERAL: is_several(mask), EDGE: edge, PALE: pale, LEFT: left}
    cut, last = _cut(ink, mask, box)
    return Found(cut, (*stages, *last), tuple(name for name, so in doubts.items() if so))


def _cut(ink: np.ndarray, mask: np.ndarray, box: int) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """The ink within the box about a mask, in a large picture with a pixel around, and the stages."""
    used = [np.flatnonzero(mask.any(axis)) for axis in (1, 0)]
    around = int(max(map(np.ptp, used)) > LARGE * box)
    at = tuple(slice(max(places[0] - around, 0), places[-1] + 1 + around) for places in used)
    ink, mask = ink[at], mask[at]
    stages = [(CROPPED, ink)]
    by = round((THIN / box * max(ink.shape) - pen(mask)) / 2)
    if by > 0:
        ink = thickened(ink, by)
        stages.append((THICKENED, ink))
    return ink, stages


def _blank(grey: np.ndarray, stages: list[tuple[str, np.ndarray]]) -> Found:
    nothing = np.zeros_like(grey)
    return Found(nothing, (*stages, (BLANK, nothing)), (BLANK,))


def stretched(grey: np.ndarray) -> np.ndarray:
    """From 0 for the darkest to 255 for the brightest."""
    return (grey - grey.min()) * (255 / max(float(np.ptp(grey)), 1e-6))


def is_blank(grey: np.ndarray) -> bool:
    """Whether the picture is flat, or varies, once smoothed, by no more than faint noise does."""
    return bool(np.ptp(ndimage.gaussian_filter(grey, 1)) < max(FLAT, min(NOISE * noise(grey), FAINT)))


def noise(grey: np.ndarray) -> float:
    """The standard deviation of what differs from pixel to pixel in most of the picture."""
    return float(np.median(np.abs(np.diff(grey, axis=1)))) / 0.95 if grey.shape[1] > 1 else 0.0


def figure(ink: np.ndarray, even: bool) -> tuple[np.ndarray, np.ndarray]:
    """Where the figure is and where what was left out is, both (H, W) bool: specks, and in a photo what comes in from
    its borders. Ink is what has half the strength; in even light, Otsu's level, unless that finds lines."""
    found = ink > (otsu(ink) if even else strength(ink))
    if even and _is_crossed(found):
        found = ink > strength(ink)
    labels, n = ndimage.label(found, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=n + 1)
    areas[0] = 0
    if not even:
        inner = areas.copy()
        inner[border(labels)] = 0
        areas = inner if inner.max() > TOUCHING * ink.size else areas
    kept = areas >= max(1, SPECK * areas.max())
    boxes = ndimage.find_objects(labels)
    main = boxes[int(np.argmax(areas)) - 1] if n else ()
    for i in np.flatnonzero(kept & (areas < FAR * areas.max())):
        kept[i] = _gap(main, boxes[i - 1]) <= APART * _side(main)
    return kept[labels], found & ~kept[labels]


def _is_crossed(mask: np.ndarray) -> bool:
    """Whether one piece reaches from a border to the opposite one, as rules and shadows do."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    ends = ((labels[0], labels[-1]), (labels[:, 0], labels[:, -1]))
    return any(np.intersect1d(a[a > 0], b[b > 0]).size for a, b in ends)


def is_several(mask: np.ndarray) -> bool:
    """Whether there are pieces of a like size, far apart."""
    labels, n = ndimage.label(_around(mask), np.ones((3, 3)))
    areas, boxes = np.bincount(labels.ravel(), minlength=n + 1)[1:], ndimage.find_objects(labels)
    large = [boxes[i] for i in np.flatnonzero(areas > APART * areas.max(initial=0))]
    return any(_gap(large[0], box) > APART * _side(large[0]) for box in large[1:])


def pen(mask: np.ndarray) -> float:
    """How thick the strokes of a mask are, in pixels: twice the distance of their middle from their edge."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))
    middle = depth[(depth > 0) & (depth == ndimage.maximum_filter(depth, 3))]
    return 2 * float(np.median(middle)) - 1 if middle.size else 0.0


def thickened(ink: np.ndarray, by: int) -> np.ndarray:
    """Ink that reaches so many pixels farther on all sides, (H + 2 by, W + 2 by)."""
    y, x = np.mgrid[-by : by + 1, -by : by + 1]
    return ndimage.maximum_filter(np.pad(ink, by), footprint=np.hypot(y, x) <= by + 0.5)


def _around(mask: np.ndarray) -> np.ndarray:
    """The mask with the soft edges of its strokes."""
    return ndimage.binary_dilation(mask, np.ones((3, 3)), iterations=2)


def _gap(a: tuple[slice, ...], b: tuple[slice, ...]) -> int:
    """How far two boxes lie apart, in pixels."""
    return max(max(p.start - q.stop, q.start - p.stop, 0) for p, q in zip(a, b, strict=True))


def _side(box: tuple[slice, ...]) -> int:
    return max(side.stop - side.start for side in box)


def otsu(grey: np.ndarray) -> float:
    """The level that maximises the variance between the two classes it makes (Otsu, 1979)."""
    counts = np.bincount(grey.astype(np.uint8).ravel(), minlength=256).astype(float)
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    between = np.nan_to_num(between)
    best = np.flatnonzero(between == between.max())
    return float(best.mean()) if between.max() > 0 else 127.0
