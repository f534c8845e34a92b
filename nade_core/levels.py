"""The pixels of a picture in plain levels, 0 to 255, whatever depth they have, made smaller as they come."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import cast

import numpy as np
from PIL import Image, ImageOps

from .messages import N_, NadeError, Note
from .strips import STRIP, Strip, is_deep, late_exif, strips

MASK = N_("The picture has the levels 0 and 1 alone: 1 is taken for white.")
ORIENTATION = 0x0112
PLAIN = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "PA": "RGBA", "RGBA": "RGBA", "RGBa": "RGBA"}


def levels(picture: Image.Image, factor: int, masks: bool = False) -> tuple[Image.Image, list[Note]]:
    """The picture in plain levels, reduced by a whole factor, and turned as EXIF says; and what was done to them.

    ``masks``: of the levels 0 and 1 alone, 1 becomes 255.
    """
    parts, ends = zip(*reduced_strips(picture, factor), strict=True)
    brighter = _brighter(parts[0].mode, *outermost(list(ends))) if masks else None
    if brighter:
        parts = tuple(strip for strip, _ends in reduced_strips(picture, factor, brighter))
    whole = Image.new(parts[0].mode, (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    exif = Image.Exif()
    exif[ORIENTATION] = _orientation(picture)
    whole.info["exif"] = exif.tobytes()
    return ImageOps.exif_transpose(whole), [Note(MASK)] if brighter else []


def ends_of(picture: Image.Image) -> np.ndarray:
    """The lowest and the highest level of each band: (1, 2, bands)."""
    return np.array(picture.getextrema(), float).reshape(-1, 2).T[None]


def outermost(ends: list[np.ndarray]) -> np.ndarray:
    """The lowest and the highest level of each band in all strips: (2, bands)."""
    low, high = np.concatenate(ends).transpose(1, 0, 2)
    return np.stack([low.min(0), high.max(0)])


def _brighter(mode: str, low: np.ndarray, high: np.ndarray) -> list[int] | None:
    """A table of levels that makes 255 of 1 where colours, or alpha, go from 0 to 1 alone; None where neither does."""
    if mode == "F":
        return None
    colours = len(high) - (mode in ("LA", "RGBA"))
    high = np.array([high[:colours].max()] * colours + [*high[colours:]])
    table = [min(255, level * (255 if end == 1 else 1)) for end in high for level in range(256)]
    return table if (high == 1).any() else None


def _orientation(picture: Image.Image) -> int:
    """How EXIF says that the picture is turned, read without decoding it."""
    if "exif" not in picture.info and (late := late_exif(picture)):
        picture.info["exif"] = b"Exif\0\0" + late
    return Image.Image.getexif(picture).get(ORIENTATION, 1)


def reduced_strips(
    picture: Image.Image, factor: int, brighter: list[int] | None = None
) -> Iterator[tuple[Image.Image, np.ndarray]]:
    """From top to bottom: strips in plain levels, reduced, and the lowest and highest level (1, 2, bands) in each."""
    height = max(1, STRIP // picture.width // factor) * factor
    for strip in _of_height(map(_converter(picture), strips(picture)), height):
        strip = strip.point(brighter) if brighter else strip
        ends = ends_of(strip)
        if factor > 1:  # what is transparent does not mix its colour in
            mode = {"RGBA": "RGBa", "LA": "La"}.get(strip.mode, strip.mode)
            strip = strip.convert(mode).reduce(factor).convert(strip.mode)
        yield strip, ends


def _of_height(parts: Iterable[Image.Image], height: int) -> Iterator[Image.Image]:
    """The same rows, in parts of that height; the last one may be lower."""
    rest: Image.Image | None = None
    for part in parts:
        if rest:
            both = Image.new(part.mode, (part.width, rest.height + part.height))
            both.paste(rest, (0, 0))
            both.paste(part, (0, rest.height))
            part = both
        whole = part.height // height * height
        for top in range(0, whole, height):
            yield part.crop((0, top, part.width, top + height))
        rest = part.crop((0, whole, part.width, part.height)) if whole < part.height else None
    if rest:
        yield rest


def _converter(picture: Image.Image) -> Callable[[Strip], Image.Image]:
    """What gives a part of the picture in plain levels."""
    mode = picture.mode
    if mode[0] in "IF" or is_deep(picture):
        low, full = _range(picture)
        return lambda part: _of_range(np.asarray(part), low, full)
    if mode == "LAB":
        return lambda part: cast(Image.Image, part).getchannel(0)
    plain = PLAIN.get(mode, "RGB")
    if "transparency" in picture.info:
        plain = {"L": "LA", "RGB": "RGBA"}.get(plain, plain)
    return lambda part: cast(Image.Image, part).convert(plain)


def _of_range(part: np.ndarray, low: float, full: float) -> Image.Image:
    """Levels from ``low`` on as levels from 0 to 255: floats where there is one band, else whole ones, alpha as it is."""
    levels = (part.astype(np.float32) - np.float32(low)) * np.float32(255 / full)
    if levels.ndim == 2:
        return Image.fromarray(levels)
    if levels.shape[2] % 2 == 0:
        levels[..., -1] = part[..., -1] / 257
    return Image.fromarray(np.clip(levels.round(), 0, 255).astype(np.uint8))


def _range(picture: Image.Image) -> tuple[float, float]:
    """What is black, and how much more is white, where there may be more than 256 levels: from 0 or -1 to 1, or 2^n - 1
    of at least 8 bits."""
    ends = [(part.min(), part.max()) for part in map(_colours, strips(picture))]
    low, high = np.array(ends, float).T
    low, high = float(low.min()), float(high.max())
    if not np.isfinite([low, high]).all():
        raise NadeError("The picture holds values that are no finite numbers.")
    if low >= -1 and high <= 1:
        return (-1.0, 2.0) if low < 0 else (0.0, 1.0)
    low = min(low, 0.0)
    return low, 2.0 ** max(8, math.ceil(math.log2(high - low + 1))) - 1


def _colours(part: Strip) -> np.ndarray:
    """The levels of a part, without its alpha."""
    levels = np.asarray(part)
    return levels[..., :-1] if levels.ndim == 3 and levels.shape[2] % 2 == 0 else levels
