"""What is drawn on a picture: its paper, the light on it, rules and specks are no figure.

A picture here is grey, (H, W) float in 0..255. Ink is too: 0 where nothing is drawn, 255 where most is.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .decoding import FLAT
from .rules import without_rules

FAINT = 64  # levels: what is drawn with less contrast may be none
SHADE = 24  # levels of 255: ink that is darker than its paper by less may be a shade of it
NOISE = 5  # standard deviations: what differs by less is noise
EVEN = 0.1  # of the contrast: what the border of a picture may vary by in even light
SPECK, FAR = 0.01, 0.1  # of the figure: smaller is a speck, wherever it is, or where it lies apart
APART = 0.25  # of the figure's size: a gap that is wider
DARKEST = 48  # levels: a difference from darker paper counts as from this, for its noise would be ink
TOUCHING = 0.0005  # of the picture: with that much inside, what comes in from its borders is no figure
LEAST, MOST = 0.04, 0.97  # of the picture: the size of a sheet of paper
COARSE = 160  # pixels of the longer side at which paper and light are looked at
WINDOW = 0.4  # of the longer side: what is narrower is not light
THIN = 1.2  # pixels of the fitted figure: a thinner pen is made so thick
LARGE = 3  # boxes that a figure is long: with a pixel around it, it is as large as before
INVERTED, SHEET, EVENED, UNRULED = "inverted", "sheet", "evened", "unruled"
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
    pale, inside = np.ptp(grey) < FAINT, sheet(grey) if invert is not False else None
    even = inside is None and is_even(grey)
    bright = inside is not None or (is_bright(grey) if invert is None else invert)
    stages = [] if inside is None else [(SHEET, np.where(inside, grey, 255))]
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
    edge, left = not even and border(mask).any(), _largest(dropped).sum() > APART * mask.sum()
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


def border(grey: np.ndarray) -> np.ndarray:
    """The pixels at the four sides."""
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def is_even(grey: np.ndarray) -> bool:
    """Whether the ground, at the border, is of one brightness."""
    low, high = np.quantile(border(_coarse(grey)), (0.1, 0.9))
    return bool(high - low <= EVEN * np.ptp(grey))


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
    piece = _largest(bright)
    whole = ndimage.binary_fill_holes(piece)
    area = np.count_nonzero(whole)
    if not LEAST * whole.size < area < MOST * whole.size:
        return None
    fills, holes = area / _rectangle(whole), 1 - np.count_nonzero(piece) / area
    if not (fills > 0.92 and holes < 0.35 or fills > 0.82 and holes < 0.12):
        return None
    edge = whole & ~ndimage.binary_erosion(whole, border_value=1)
    return whole if steps[edge].mean() > 0.9 else None


def _largest(mask: np.ndarray) -> np.ndarray:
    labels, n = ndimage.label(mask)
    return labels == 1 + np.argmax(np.bincount(labels.ravel(), minlength=2)[1:])


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


def strength(ink: np.ndarray) -> float:
    """Half of the strongest ink: lines of a fainter colour, and shadows, are below."""
    return float(np.quantile(ndimage.gaussian_filter(ink, 0.7), 0.999)) / 2


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


def _coarse(grey: np.ndarray, side: int = COARSE) -> np.ndarray:
    """The picture with about so many pixels at its longer side, each a mean."""
    factor = min(max(1, max(grey.shape) // side), *grey.shape)
    height, width = (side // factor for side in grey.shape)
    cells = grey[: height * factor, : width * factor].reshape(height, factor, width, factor)
    return cells.mean((1, 3))


def _enlarged(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    zoom = [side / s for side, s in zip(shape, small.shape, strict=True)]
    return ndimage.zoom(small, zoom, order=1, mode="nearest", grid_mode=True)


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
