"""From the bytes of a picture to one of plain levels: bounded before anything is decoded, and made smaller as it is.

Whatever bytes come, nothing but NadeError leaves this file. What a picture costs at most, 40 megapixels of JPEG or of
grey, is about 130 MB; what decodes into more a pixel may have fewer of them (``DEAR``).
"""

import io
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .messages import N_, NadeError, Note

MAX_BYTES = 20 << 20
MAX_PIXELS = 40_000_000
DEAR = {"WEBP": 9_000_000, "AVIF": 16_000_000, "HEIF": 25_000_000}  # pixels
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF")  # MPO is JPEG
SEVERAL = ("PNG", "GIF", "WEBP", "TIFF", "AVIF")  # whose further pictures are frames or pages, not depth or previews
MAX_FRAMES = 100  # that are looked at for one which is not blank
ENOUGH = 800  # pixels of the longer side: more says nothing about 28 x 28
STRIP = 1 << 20  # pixels that are converted at a time
FLAT = 8  # levels: a picture that varies by less shows nothing
FRAMES = N_("The file holds several pictures: number {n} is read, the first that is not blank.")
ORIENTATION = 0x0112
PLAIN = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "PA": "RGBA", "RGBA": "RGBA", "RGBa": "RGBA"}


def decode(source: bytes | str | Path) -> Image.Image:
    """The first picture of a file in all its pixels, turned as EXIF says: of mode L, LA, RGB or RGBA."""
    with _in_words():
        return _levels(_opened(_bounded_bytes(source)), 1)


def decode_small(source: bytes | str | Path, side: int) -> tuple[Image.Image, list[Note]]:
    """The first picture of a file that is not blank, reduced as ``reduced`` does, and a word on the others.

    Of mode L, LA, RGB, RGBA, or F where the file has more than 256 levels; all are from 0 to 255.
    """
    content = _bounded_bytes(source)
    with _in_words():
        picture = _opened(content)
        if picture.format in ("JPEG", "MPO"):
            picture.draft(None, (ENOUGH, ENOUGH))
        small = reduced(picture, side)
        if picture.format not in SEVERAL or not _seek(picture, 1):
            return small, []
        first, n, most = small, 1, min(MAX_FRAMES, MAX_PIXELS // max(1, picture.width * picture.height))
        while is_flat(small):
            if n >= most or not _seek(picture, n):
                small, n = first, 1
                break
            small, n = reduced(picture, side), n + 1
        return small, [Note(FRAMES, {"n": n})]


def reduced(picture: Image.Image, side: int = 1) -> Image.Image:
    """The picture at most 2 ENOUGH long, by a whole factor; what is ``side`` x ``side`` enlarged comes back to it."""
    _check_size(picture)
    with _in_words():
        return _levels(picture, _factor(picture, side))


def is_flat(picture: Image.Image) -> bool:
    """Whether there is nothing to see: one colour, nearly, or all of it transparent."""
    low, high = _ends(picture)[0]
    clear = picture.mode in ("LA", "RGBA") and high[-1] < FLAT
    return bool(clear or (high - low < FLAT).all())


def _ends(picture: Image.Image) -> np.ndarray:
    """The lowest and the highest level of each band: (1, 2, bands)."""
    return np.array(picture.getextrema(), float).reshape(-1, 2).T[None]


@contextmanager
def _in_words() -> Iterator[None]:
    """Says of whatever a decoder raises that the picture is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except NadeError:
        raise
    except UnidentifiedImageError as error:
        raise NadeError(
            "This is not a picture that can be read; expected {known}.", known=", ".join(FORMATS)
        ) from error
    except Exception as error:  # decoders of others meet bytes of others: what they raise is not for them to say
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


def _opened(content: bytes) -> Image.Image:
    """The head of the file, whose size is bounded before its pixels are decoded."""
    known = list(FORMATS)
    if content[4:8] == b"ftyp":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    else:
        known.remove("HEIF")
    picture = Image.open(io.BytesIO(content), formats=known)
    _check_size(picture)
    return picture


def _check_size(picture: Image.Image) -> None:
    limit = DEAR.get(picture.format or "", MAX_PIXELS)
    if picture.width * picture.height > limit:
        raise NadeError(
            "The picture has {width} x {height} pixels; at most {limit:,} are read.",
            width=picture.width,
            height=picture.height,
            limit=limit,
        )


def _seek(picture: Image.Image, n: int) -> bool:
    try:
        picture.seek(n)
    except EOFError:
        return False
    _check_size(picture)
    return True


def _factor(picture: Image.Image, side: int) -> int:
    """By how much a picture is reduced."""
    width, height = picture.size
    if width == height and width % side == 0 and _is_enlarged(picture, width // side):
        return width // side
    return max(1, max(width, height) // ENOUGH)


def _is_enlarged(picture: Image.Image, factor: int) -> bool:
    """Whether all is squares of that many pixels, of the extremes of each band alone: then so are their means."""
    strips = list(_strips(picture, factor))
    means, ends = (np.concatenate([_rows(kept[i]) for kept in strips]) for i in (0, 1))
    low, high = ends.min(0), ends.max(0)
    return bool((low < high).any() and (np.isclose(means, low) | np.isclose(means, high)).all())


def _rows(strip: Image.Image | np.ndarray) -> np.ndarray:
    """A row for each pixel, of its bands."""
    array = np.asarray(strip)
    return array.reshape(array.shape[0] * array.shape[1], -1)


def _levels(picture: Image.Image, factor: int) -> Image.Image:
    """The picture in plain levels, reduced by a whole factor, and turned as EXIF says."""
    parts = [small for small, _ends in _strips(picture, factor)]
    whole = Image.new(parts[0].mode, (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    exif = Image.Exif()
    exif[ORIENTATION] = picture.getexif().get(ORIENTATION, 1)
    whole.info["exif"] = exif.tobytes()
    return ImageOps.exif_transpose(whole)


def _strips(picture: Image.Image, factor: int) -> Iterator[tuple[Image.Image, np.ndarray]]:
    """From top to bottom: strips in plain levels, reduced, and the lowest and highest level (1, 2, bands) in each.

    The whole picture is held once, as its decoder left it; never a second time in other levels.
    """
    picture.load()
    convert = _converter(picture)
    height = max(1, STRIP // picture.width // factor) * factor
    for top in range(0, picture.height, height):
        strip = convert(picture.crop((0, top, picture.width, min(top + height, picture.height))))
        ends = _ends(strip)
        if factor > 1:  # what is transparent does not mix its colour in
            mode = {"RGBA": "RGBa", "LA": "La"}.get(strip.mode, strip.mode)
            strip = strip.convert(mode).reduce(factor).convert(strip.mode)
        yield strip, ends


def _converter(picture: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What gives a part of the picture in plain levels."""
    mode = picture.mode
    if mode[0] in "IF":
        low, full = _range(picture)
        return lambda part: Image.fromarray((np.asarray(part, np.float32) - low) * np.float32(255 / full))
    if mode == "LAB":
        return lambda part: part.getchannel(0)
    plain = PLAIN.get(mode, "RGB")
    if "transparency" in picture.info:
        plain = {"L": "LA", "RGB": "RGBA"}.get(plain, plain)
    return lambda part: part.convert(plain)


def _range(picture: Image.Image) -> tuple[np.float32, float]:
    """What is black, and how much more is white, where there may be more than 256 levels: from 0 or -1 to 1, or 2^n - 1
    of at least 8 bits."""
    strips = (np.asarray(picture.crop((0, y, picture.width, y + 1))) for y in range(picture.height))
    low, high = np.array([(strip.min(), strip.max()) for strip in strips], float).T
    low, high = low.min(), high.max()
    if not np.isfinite([low, high]).all():
        raise NadeError("The picture holds values that are no finite numbers.")
    if low >= -1 and high <= 1:
        return (np.float32(-1), 2.0) if low < 0 else (np.float32(0), 1.0)
    low = min(low, 0.0)
    return np.float32(low), 2.0 ** max(8, math.ceil(math.log2(high - low + 1))) - 1
