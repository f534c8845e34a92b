"""From any picture to a 28 x 28 binary image, one inspectable step at a time, and back to PNG."""

import io
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from .decoding import FLAT, FORMATS, MAX_BYTES, MAX_PIXELS, decode, decode_small, reduced
from .messages import N_, NadeError, Note

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "SIDE",
    "Fit",
    "Prepared",
    "Step",
    "decode",
    "grid",
    "prepare",
    "to_png",
]

SIDE = 28
MASS, OUTLINE = "mass", "outline"


@dataclass(frozen=True)
class Fit:
    """How drawings stand in the 28 x 28 images of a data set, as MNIST's do unless said.

    The longer side of a drawing is ``box`` pixels; what stands in the middle is its centre of mass ("mass"), or the
    centre of its bounding box ("outline").
    """

    box: int = 20
    centre: str = MASS


@dataclass(frozen=True, eq=False)
class Step:
    """One stage: its name, what it did, and the picture after it, uint8 (H, W) or (H, W, 3).

    Name and explanation are words for people, marked for translation; ``facts`` fill the explanation's gaps.
    """

    name: str
    explanation: str
    image: np.ndarray
    facts: dict = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The binary image (28, 28) of 0 and 1, the steps that led to it, the threshold in 0..255, and what is to be known
    of them: what was not read, and what is doubtful."""

    image: np.ndarray
    steps: tuple[Step, ...]
    threshold: float
    notes: tuple[Note, ...] = ()


STAGES = {  # of nade_core.ink: a name for people, and what was done
    "margin": (N_("margin"), N_("The drawing reaches the borders: more of its ground is put around it.")),
    "inverted": (N_("inverted"), N_("The background was bright; models here see bright drawings on black.")),
    "sheet": (N_("sheet"), N_("A bright sheet on a darker ground: only what is on the paper counts.")),
    "evened": (
        N_("even light"),
        N_("The light is uneven: how much darker each place is than the ground around it."),
    ),
    "unruled": (
        N_("without rules"),
        N_("Lines through all of the paper are taken away, and strokes go on below them."),
    ),
    "cleaned": (N_("cleaned"), N_("Without specks, faint lines, and what comes in from the borders.")),
    "cropped": (N_("cropped"), N_("Cut to the content: rows and columns brighter than the background.")),
    "thickened": (N_("thickened"), N_("The pen is thin: its strokes become at least a pixel of 28 thick.")),
    "blank": (N_("blank"), N_("The picture is flat: there is nothing on it but background.")),
}
DOUBTS = {
    "blank": N_("Nothing was found on the picture."),
    "several": N_("Several things stand apart from each other: they are taken for one drawing."),
    "edge": N_("What was found reaches the edge of the picture: it may be a shadow, or the table."),
    "left": N_("Something large that comes in from the edge of the picture was left out."),
    "pale": N_("What was found hardly differs from its ground."),
}


def prepare(
    source: bytes | str | Path | Image.Image,
    threshold: float | None = None,
    crop: bool = True,
    invert: bool | None = None,
    fit: Fit = Fit(),
) -> Prepared:
    """The picture as a model sees it.

    ``threshold`` in 0..255 (None: Otsu's), ``crop``: find the figure, without the paper, its light, its lines and
    specks, and ``fit`` it as the model's own images are; else all of the picture is taken. ``invert`` a picture with a
    bright background (None: as it looks). A black-and-white 28 x 28 image, also enlarged by whole factors, passes
    unchanged, but light and dark change places on a bright ground. NadeError says why a picture cannot be read.
    """
    from . import ink  # scipy takes a moment, and only pictures need it

    if threshold is not None and not 0 <= threshold <= 255:
        raise NadeError("Expected a threshold from 0 to 255; got {value}.", value=threshold)
    picture, notes = reduced(source, SIDE) if isinstance(source, Image.Image) else decode_small(source, SIDE)
    grey, steps = _on_white(picture)
    as_it_looks = invert is None and threshold is None
    if as_it_looks and (exact := _exact(grey)) is not None:
        return Prepared(exact, (*steps, _unchanged(grey, exact)), 127.5, tuple(notes))
    steps.append(Step(N_("grey"), GREY, _shown(grey)))
    found = ink.find(grey, invert, fit.box) if crop else ink.whole(grey, invert)
    for name, stage in found.stages:
        steps.append(Step(*STAGES[name], _shown(stage)))
        if name == ink.CLEANED and as_it_looks and (exact := _exact(stage)) is not None:
            return Prepared(exact, (*steps, _unchanged(stage, exact)), 127.5, tuple(notes))
    small = _fitted(_shown(found.ink), fit) if crop else _resize(_shown(found.ink), SIDE, SIDE)
    said = FITTED[fit.centre] if crop else N_("Scaled to 28 x 28.")
    steps.append(Step(N_("28 x 28"), said, small, {"box": fit.box} if crop else {}))
    level = ink.otsu(small) if threshold is None else float(threshold)
    binary = (small > level).astype(np.uint8)
    best = N_("On where brighter than {level:.0f} of 255: Otsu's level, which splits the greys best.")
    chosen = N_("On where brighter than {level:.0f} of 255: the level you chose.")
    steps.append(Step(N_("binary"), best if threshold is None else chosen, binary * 255, {"level": level}))
    return Prepared(binary, tuple(steps), level, (*notes, *(Note(DOUBTS[name]) for name in found.doubts)))


GREY = N_("Colour becomes brightness: 0.299 r + 0.587 g + 0.114 b.")


def _on_white(picture: Image.Image) -> tuple[np.ndarray, list[Step]]:
    """Grey levels (H, W) without transparency: on white paper, or where the colours tell nothing, alpha as the ink."""
    steps = [Step(N_("picture"), N_("As it came, turned the way its EXIF tag says."), _shown(picture))]
    if picture.mode not in ("LA", "RGBA"):
        return np.asarray(picture if picture.mode == "F" else picture.convert("L"), float), steps
    grey, alpha = (np.asarray(band, float) for band in picture.convert("LA").split())
    if alpha.min() == 255:
        return grey, steps
    seen = grey[alpha >= min(128, alpha.max() / 2)]
    if np.ptp(alpha) >= FLAT and seen.size and np.ptp(seen) < FLAT and seen.mean() > 127:
        ink = 255 - alpha
        note = N_("What is seen is all of one bright colour: where it is opaque, there is ink.")
        return ink, [*steps, Step(N_("opaque"), note, _shown(ink))]
    grey = 255 + (grey - 255) * alpha / 255
    return grey, [*steps, Step(N_("on white"), N_("Transparent parts are shown on white paper."), _shown(grey))]


def _shown(picture: np.ndarray | Image.Image) -> np.ndarray:
    """What is shown of a picture, uint8."""
    if isinstance(picture, Image.Image) and picture.mode != "F":
        return np.asarray(picture.convert("RGB"))
    return np.clip(np.round(np.asarray(picture)), 0, 255).astype(np.uint8)


def _exact(grey: np.ndarray) -> np.ndarray | None:
    """The 28 x 28 image, on a dark ground, that this two-valued picture shows enlarged by a whole factor, or None."""
    low, high, times = grey.min(), grey.max(), len(grey) // SIDE
    on = np.isclose(grey, high)
    if grey.shape != (SIDE * times, SIDE * times) or high - low < FLAT or not (on | np.isclose(grey, low)).all():
        return None
    small = on[::times, ::times]
    if not np.array_equal(small.repeat(times, 0).repeat(times, 1), on):
        return None
    return (small ^ _is_bright(small)).astype(np.uint8)


def _is_bright(on: np.ndarray) -> bool:
    """Whether most of the border of a binary image is on."""
    return bool(np.median(np.concatenate([on[0], on[-1], on[:, 0], on[:, -1]])) > 0.5)


def _unchanged(grey: np.ndarray, exact: np.ndarray) -> Step:
    if _is_bright(grey > (grey.min() + grey.max()) / 2):
        note = N_("Already 28 x 28, black and white: taken pixel for pixel, dark for bright.")
        return Step(STAGES["inverted"][0], note, exact * 255)
    note = N_("Already 28 x 28, black and white on a dark ground: taken pixel for pixel.")
    return Step(N_("unchanged"), note, exact * 255)


def _resize(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.LANCZOS))


FITTED = {
    MASS: N_("Fitted into {box} x {box}, its centre of mass put in the middle of 28 x 28."),
    OUTLINE: N_("Fitted into {box} x {box}, the middle of its outline put in the middle of 28 x 28."),
}


def _fitted(grey: np.ndarray, fit: Fit) -> np.ndarray:
    """The content of a picture at the size and place that the fit asks for: (28, 28)."""
    scale = fit.box / max(grey.shape)
    small = _resize(grey, *(max(1, round(side * scale)) for side in grey.shape)).astype(float)
    height, width = small.shape
    by_mass = fit.centre == MASS and small.any()
    middle = [_mean_place(small.sum(axis)) for axis in (1, 0)] if by_mass else [height / 2, width / 2]
    y, x = (SIDE / 2 - place for place in middle)
    top, left = min(max(round(y), 0), SIDE - height), min(max(round(x), 0), SIDE - width)
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    canvas[top : top + height, left : left + width] = small
    return canvas


def _mean_place(weights: np.ndarray) -> float:
    """Where the weights (n,) of n pixels in a row balance, in pixels from their start."""
    return float(weights @ (np.arange(len(weights)) + 0.5) / weights.sum())


def to_png(image: np.ndarray, scale: int = 1) -> bytes:
    """A (H, W) image of 0 and 1, or a uint8 picture, enlarged by a whole factor, as PNG bytes."""
    image = np.asarray(image)
    pixels = (image * 255).astype(np.uint8) if image.max(initial=0) <= 1 else image.astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels.repeat(scale, 0).repeat(scale, 1)).save(buffer, "PNG")
    return buffer.getvalue()


def grid(images: np.ndarray, columns: int | None = None, scale: int = 3, gap: int = 2) -> np.ndarray:
    """Binary images (N, 784) or (N, 28, 28) as one uint8 picture, white on black with grey lines between."""
    images = np.asarray(images).reshape(-1, SIDE, SIDE)
    columns = columns or max(1, math.ceil(math.sqrt(len(images))))
    rows, cell = math.ceil(len(images) / columns), SIDE * scale + gap
    sheet = np.full((rows * cell + gap, columns * cell + gap), 96, np.uint8)
    for i, image in enumerate(images):
        y, x = gap + i // columns * cell, gap + i % columns * cell
        sheet[y : y + SIDE * scale, x : x + SIDE * scale] = (image * 255).repeat(scale, 0).repeat(scale, 1)
    return sheet
