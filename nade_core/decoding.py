"""From the bytes of a picture to one of plain levels: bounded before anything is decoded, and made smaller as it is.

Whatever bytes come, nothing but NadeError leaves this file. A picture of 40 megapixels costs at most 150 MB: it is made
smaller as it is decoded, and what cannot be (``strips.held``) may have fewer pixels, or is seen as its preview.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from .levels import brighter_of, ends_of, levels, outermost, reduced_strips
from .messages import N_, NadeError, Note
from .strips import held

MAX_BYTES = 20 << 20
MAX_PIXELS = 40_000_000
MAX_DRAFT = 110_000_000  # pixels of a JPEG, of which a reduced one is decoded at once
ROOM = 130_000_000  # bytes that may be held of a picture, beside a strip of it
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF")  # MPO is JPEG
SEVERAL = ("PNG", "GIF", "WEBP", "TIFF", "AVIF")  # whose further pictures are frames or pages, not depth or previews
MAX_FRAMES, LARGEST_FRAME = 100, 8_000_000  # that are looked at for one which is not blank, and pixels of each
ENOUGH = 800  # pixels of the longer side: more says nothing about 28 x 28
PREVIEW = 320  # pixels of the longer side: a smaller preview does not show enough
FLAT = 8  # levels: a picture that varies by less shows nothing
FRAMES = N_("The file holds several pictures: number {n} is read, the first that is not blank.")
SEEN_SMALL = N_("The picture is too large to be decoded here: its preview of {width} x {height} pixels is read.")


def decode(source: bytes | str | Path) -> Image.Image:
    """The first picture of a file in all its pixels, turned as EXIF says: of mode L, LA, RGB or RGBA."""
    with _in_words():
        picture = _opened(_bounded_bytes(source))
        _check_size(picture)
        return levels(picture, 1)[0]


def decode_small(source: bytes | str | Path, side: int) -> tuple[Image.Image, list[Note]]:
    """The first picture of a file that is not blank, reduced as ``reduced`` does, and a word on what is not as it came.

    Of mode L, LA, RGB, RGBA, or F where the file has more than 256 levels; all are from 0 to 255.
    """
    content = _bounded_bytes(source)
    with _in_words():
        picture = _opened(content)
        notes = _small_enough(picture)
        small, more = reduced(picture, side)
        if picture.format not in SEVERAL or not getattr(picture, "is_animated", False):
            return small, [*notes, *more]
        small, n = _first_seen(picture, small, side)
        return small, [*notes, *more, Note(FRAMES, {"n": n})]


def _small_enough(picture: Image.Image) -> list[Note]:
    """NadeError for a picture that would take too much, unless a preview within the file can stand for it."""
    width, height = picture.size
    if picture.format in ("JPEG", "MPO"):
        _check_size(picture, MAX_DRAFT)
        picture.draft(None, (ENOUGH, ENOUGH))
    elif picture.format == "HEIF" and width * height > _most_pixels(picture):
        least = [side * PREVIEW // max(width, height) for side in picture.size]
        if picture.draft(None, (least[0], least[1])):
            return [Note(SEEN_SMALL, {"width": picture.width, "height": picture.height})]
    _check_size(picture)
    return []


def _first_seen(picture: Image.Image, first: Image.Image, side: int) -> tuple[Image.Image, int]:
    """Of several pictures the first that is not flat, and its number; the first where all are."""
    small, n, most = first, 1, MAX_FRAMES if picture.width * picture.height <= LARGEST_FRAME else 1
    while is_flat(small):
        if n >= most or not _seek(picture, n):
            return first, 1
        small, n = reduced(picture, side)[0], n + 1
    return small, n


def reduced(picture: Image.Image, side: int = 1) -> tuple[Image.Image, list[Note]]:
    """The picture at most 2 ENOUGH long, by a whole factor; what is ``side`` x ``side`` enlarged comes back to it.

    One of the levels 0 and 1 alone becomes black and white, and that is told.
    """
    with _in_words():
        _check_size(picture)
        return levels(picture, _factor(picture, side), masks=True)


def is_flat(picture: Image.Image) -> bool:
    """Whether there is nothing to see: one colour, nearly, or all of it transparent."""
    low, high = ends_of(picture)[0]
    clear = picture.mode in ("LA", "RGBA") and high[-1] < FLAT
    return bool(clear or (high - low < FLAT).all())


@contextmanager
def _in_words() -> Iterator[None]:
    """Says of whatever a decoder raises that the picture is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except NadeError:
        raise
    except Image.DecompressionBombError as error:
        raise NadeError("The picture has more than {limit:,} pixels.", limit=MAX_PIXELS) from error
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
    """The head of the file: no pixel is decoded yet."""
    known = list(FORMATS)
    if content[4:8] == b"ftyp":
        import pillow_heif

        pillow_heif.register_heif_opener()
    else:
        known.remove("HEIF")
    return Image.open(io.BytesIO(content), formats=known)


def _most_pixels(picture: Image.Image, most: int = MAX_PIXELS) -> int:
    """How many pixels a picture of that kind may have, and any."""
    return min(most, int(ROOM / (held(picture) or 1)))


def _check_size(picture: Image.Image, most: int = MAX_PIXELS) -> None:
    limit = _most_pixels(picture, most)
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


def _is_enlarged(picture: Image.Image, factor: int, brighter: list[int] | None = None) -> bool:
    """Whether all is squares of that many pixels, of the extremes of each band alone: then so are their means."""
    ends, means = [], []
    for strip, its in reduced_strips(picture, factor, brighter):
        means.append(_rows(strip))
        ends.append(its)
        if not _are_ends(means[-1], *its[0]):  # nor are they those of the whole, which are farther out
            return False
    low, high = outermost(ends)
    if brighter is None and (table := brighter_of(strip.mode, high)):  # between 0 and 1 there is no level for a mean
        return _is_enlarged(picture, factor, table)
    return bool((low < high).any() and _are_ends(np.concatenate(means), low, high))


def _are_ends(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> bool:
    """Whether all values (N, bands) are the lowest or the highest of their band."""
    return bool((np.isclose(values, low) | np.isclose(values, high)).all())


def _rows(strip: Image.Image) -> np.ndarray:
    """A row for each pixel, of its bands."""
    array = np.asarray(strip)
    return array.reshape(array.shape[0] * array.shape[1], -1)
