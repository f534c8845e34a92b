"""From any picture to a 28 x 28 binary image, one inspectable step at a time, and back to PNG."""

import io
import math
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .messages import N_, NadeError

SIDE = 28
MASS, OUTLINE = "mass", "outline"
MAX_BYTES = 20 << 20
MAX_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


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
    """The binary image (28, 28) of 0 and 1, the steps that led to it, and the threshold in 0..255."""

    image: np.ndarray
    steps: tuple[Step, ...]
    threshold: float


def prepare(
    source: bytes | str | Path | Image.Image,
    threshold: float | None = None,
    crop: bool = True,
    invert: bool | None = None,
    fit: Fit = Fit(),
) -> Prepared:
    """The picture as a model sees it.

    ``threshold`` in 0..255 (None: Otsu's), ``crop`` to the content and ``fit`` it as the model's own images are,
    ``invert`` a picture with a bright background (None: decided by its border). A black-and-white 28 x 28 image on a
    dark ground, also enlarged by whole factors, passes unchanged. NadeError says why a picture cannot be read.
    """
    picture = source if isinstance(source, Image.Image) else decode(source)
    colour, steps = _on_white(picture)
    grey = np.asarray(colour.convert("L"))
    exact = _exact(grey) if invert is None and threshold is None else None
    if exact is not None:
        note = N_("Already 28 x 28, black and white on a dark ground: taken pixel for pixel.")
        return Prepared(exact, (*steps, Step(N_("unchanged"), note, exact * 255)), 127.5)
    steps.append(Step(N_("grey"), N_("Colour becomes brightness: 0.299 r + 0.587 g + 0.114 b."), grey))
    if _is_bright(grey) if invert is None else invert:
        grey = 255 - grey
        steps.append(
            Step(N_("inverted"), N_("The background was bright; models here see bright drawings on black."), grey)
        )
    if grey.min() == grey.max():
        grey = np.zeros_like(grey)
        steps.append(Step(N_("blank"), N_("The picture is flat: there is nothing on it but background."), grey))
    if crop:
        grey = _content(grey)
        steps.append(
            Step(N_("cropped"), N_("Cut to the content: rows and columns brighter than the background."), grey)
        )
    grey = _fitted(grey, fit) if crop else _resize(grey, SIDE, SIDE)
    said = FITTED[fit.centre] if crop else N_("Scaled to 28 x 28.")
    steps.append(Step(N_("28 x 28"), said, grey, {"box": fit.box} if crop else {}))
    level = otsu(grey) if threshold is None else float(threshold)
    binary = (grey > level).astype(np.uint8)
    best = N_("On where brighter than {level:.0f} of 255: Otsu's level, which splits the greys best.")
    chosen = N_("On where brighter than {level:.0f} of 255: the level you chose.")
    steps.append(Step(N_("binary"), best if threshold is None else chosen, binary * 255, {"level": level}))
    return Prepared(binary, tuple(steps), level)


def decode(source: bytes | str | Path) -> Image.Image:
    """The first frame of a picture, bounded in bytes and in pixels before it is decoded, turned as EXIF says."""
    content = _bounded_bytes(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise NadeError(
                    "The picture has {width} x {height} pixels; at most {limit:,} are read.",
                    width=width,
                    height=height,
                    limit=MAX_PIXELS,
                )
            picture.load()
            return ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as error:
        raise NadeError(
            "This is not a picture that can be read; expected {known}.", known=", ".join(FORMATS)
        ) from error
    except NadeError:
        raise
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        Image.DecompressionBombError,
        OverflowError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        MemoryError,
        NotImplementedError,
    ) as error:
        raise NadeError("The picture is damaged or incomplete and cannot be decoded.") from error


def _bounded_bytes(source: bytes | str | Path) -> bytes:
    if not isinstance(source, bytes):
        path = Path(source)
        if not path.is_file():
            raise NadeError("There is no picture {path}.", path=path)
        if path.stat().st_size > MAX_BYTES:
            raise NadeError(
                "{name} has {size} MB; at most {limit} MB are read.",
                name=path.name,
                size=path.stat().st_size >> 20,
                limit=MAX_BYTES >> 20,
            )
        source = path.read_bytes()
    if not source:
        raise NadeError("The picture is empty: it has no bytes.")
    if len(source) > MAX_BYTES:
        raise NadeError(
            "The picture has {size} MB; at most {limit} MB are read.", size=len(source) >> 20, limit=MAX_BYTES >> 20
        )
    return source


def _on_white(picture: Image.Image) -> tuple[Image.Image, list[Step]]:
    """RGB without transparency, at most 1024 pixels long: more says nothing about 28 x 28."""
    rgba = picture.convert("RGBA")
    steps = []
    if max(rgba.size) > 1024:
        rgba.thumbnail((1024, 1024))
    original = rgba.convert("RGB")
    steps.append(Step(N_("picture"), N_("As it came, turned the way its EXIF tag says."), np.asarray(original)))
    if np.asarray(rgba)[..., 3].min() < 255:
        white = Image.new("RGBA", rgba.size, "white")
        original = Image.alpha_composite(white, rgba).convert("RGB")
        steps.append(Step(N_("on white"), N_("Transparent parts are shown on white paper."), np.asarray(original)))
    return original, steps


def _exact(grey: np.ndarray) -> np.ndarray | None:
    """The 28 x 28 image that this two-valued picture shows enlarged by a whole factor, or None."""
    height, width = grey.shape
    if height != width or height % SIDE or not np.isin(grey, (0, 255)).all():
        return None
    small = grey[:: height // SIDE, :: width // SIDE]
    if not np.array_equal(small.repeat(height // SIDE, 0).repeat(width // SIDE, 1), grey) or _is_bright(small):
        return None
    return (small > 0).astype(np.uint8)


def _is_bright(grey: np.ndarray) -> bool:
    """Whether the border, where the background is, is on the bright side."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return bool(np.median(border) > 127.5)


def _content(grey: np.ndarray) -> np.ndarray:
    """The bounding box of what is brighter than Otsu's level, with a pixel around; all of it if there is none."""
    rows, columns = (np.flatnonzero((grey > otsu(grey)).any(axis)) for axis in (1, 0))
    if not rows.size:
        return grey
    return grey[max(rows[0] - 1, 0) : rows[-1] + 2, max(columns[0] - 1, 0) : columns[-1] + 2]


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


def otsu(grey: np.ndarray) -> float:
    """The level that maximises the variance between the two classes it makes (Otsu, 1979)."""
    counts = np.bincount(grey.ravel(), minlength=256).astype(float)
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    between = np.nan_to_num(between)
    best = np.flatnonzero(between == between.max())
    return float(best.mean()) if between.max() > 0 else 127.0


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
