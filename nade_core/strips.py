"""The pixels of a picture from top to bottom, a strip at a time: so that a large one is never held whole.

PNG is inflated row by row, the strips of a TIFF are files of their own, and what a decoder of HEIC made is read where
it lies. Any other picture is held as its decoder left it, and bounded by what that takes (``held``).
"""

import io
import math
import re
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, TiffImagePlugin
from PIL.TiffTags import LONG

STRIP = 1 << 20  # pixels that are read at a time
LARGE = 4_000_000  # pixels: what is smaller may be held whole
HEAVY = {"WEBP": 14.4, "AVIF": 8.1, "HEIF": 4.6}  # bytes a pixel that decoders hold, as measured
LIGHT = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}  # of 4, by the mode of a picture
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by the colour type of a PNG
BYTES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # pictures of so many bytes a pixel
WIDTH, LENGTH, BITS, COMPRESSION, PLANAR, ROWS, SAMPLE = 256, 257, 258, 259, 284, 278, 339  # tags of a TIFF
PIECES = {324: 325, 273: 279}  # where its tiles or strips are, and how long
KEPT = (WIDTH, BITS, COMPRESSION, 262, 266, 277, ROWS, PLANAR, 292, 293, 317, 320, 322, 323, 338, SAMPLE, 347, 530, 532)
SIGNS = {2: "S", 3: "F"}  # of the kinds of samples
SIGNED = re.compile(r"([IF];\d+)B([SF]?)")  # a mode of one band, the most significant byte first
Strip = Image.Image | np.ndarray


def strips(picture: Image.Image) -> Iterator[Strip]:
    """From top to bottom: parts of a picture that was opened and not yet loaded; of a deep one (h, W, C) uint16."""
    _set_order(picture)
    read = next((read for reads, read in READERS.items() if reads(picture)), _whole)
    return read(picture)


def _set_order(picture: Image.Image) -> None:
    """How the numbers of a TIFF are read, as they come: libtiff gives them in the machine's order of bytes, and a plane may
    have several bytes a pixel, both of which Pillow passes over."""
    if not _is_here(picture, "TIFF"):
        return
    tags = picture.tag_v2  # type: ignore[attr-defined]
    bits, kind, most_first = tags.get(BITS, (8,))[0], tags.get(SAMPLE, (1,))[0], tags.prefix == b"MM"
    for i, tile in enumerate(picture.tile):  # type: ignore[attr-defined]
        mode, *rest = tile.args
        if tile.codec_name == "libtiff":
            mode = SIGNED.sub(r"\1N\2", mode)
        elif bits > 8 and len(mode) == 1:
            one = mode in "IF"
            order = "B" if most_first else "" if one else "L"
            mode = f"{mode};{bits}{order}{SIGNS.get(kind, '') if one else ''}"
        picture.tile[i] = tile._replace(args=(mode, *rest))  # type: ignore[attr-defined]


def held(picture: Image.Image) -> float:
    """About how many bytes a pixel are held as it is decoded, beside one strip."""
    if picture.format is None:  # it is there already
        return 0
    if picture.format in HEAVY:
        return HEAVY[picture.format]
    if _is_rows(picture) or _is_pieces(picture):
        return 0
    if picture.format in ("JPEG", "MPO"):  # made smaller as it is decoded; but all of a progressive one is held before
        sides = [h * v for _, h, v, _ in getattr(picture, "layer", [])]
        return 2 * sum(sides) / max(sides) if picture.info.get("progressive") and sides else 0
    size = LIGHT.get(picture.mode, 4)
    return 2 * size if picture.format == "TIFF" else size


def is_deep(picture: Image.Image) -> bool:
    """Whether this is a PNG of more than 256 levels of each colour, which come as arrays."""
    deep = _is_png(picture) and _head(picture)[2] == 16 and picture.mode != "I;16"
    return deep and "transparency" not in picture.info


def _whole(picture: Image.Image) -> Iterator[Image.Image]:
    picture.load()
    height = max(1, STRIP // picture.width)
    for top in range(0, picture.height, height):
        yield picture.crop((0, top, picture.width, min(top + height, picture.height)))


def _is_large(picture: Image.Image) -> bool:
    return picture.width * picture.height > LARGE


def _is_here(picture: Image.Image, format: str) -> bool:
    """Whether this is a file of that format in memory, of which no pixel is decoded yet."""
    return picture.format == format and isinstance(getattr(picture, "fp", None), io.BytesIO)


def _content(picture: Image.Image) -> memoryview:
    return picture.fp.getbuffer()  # type: ignore[attr-defined]


def _is_png(picture: Image.Image) -> bool:
    """Whether this is a PNG whose rows follow each other, and its first picture."""
    first = _is_here(picture, "PNG") and picture.tell() == 0 and bool(picture.tile)  # type: ignore[attr-defined]
    return first and bytes(_content(picture)[12:16]) == b"IHDR" and not _head(picture)[4]


def _is_rows(picture: Image.Image) -> bool:
    return _is_png(picture) and (_is_large(picture) or is_deep(picture))


def _head(picture: Image.Image) -> tuple[int, int, int, int, int]:
    """Width, height, bits a sample, colour type, and whether the rows of a PNG are interlaced."""
    head = _content(picture)[16:29]
    width, height = (int.from_bytes(head[i : i + 4], "big") for i in (0, 4))
    return width, height, head[8], head[9], head[12]


def _png(picture: Image.Image) -> Iterator[Strip]:
    """Rows of a PNG (ISO/IEC 15948): each is the number of a filter, and what that leaves of its bytes."""
    width, height, depth, kind, _ = _head(picture)
    bits = depth * SAMPLES[kind]
    row, pixel, step = (width * bits + 7) // 8, max(1, bits // 8), max(1, STRIP // width)
    above, top = np.zeros((1, row), np.uint8), 0
    for data in _inflated(_content(picture), (row + 1) * step, (row + 1) * height):
        lines = np.frombuffer(data, np.uint8).reshape(-1, row + 1)
        found = _unfiltered(lines, above, pixel)
        above, top = found[-1:], top + len(found)
        yield _deep(found, depth, width) if is_deep(picture) else _plain(picture, found)
    if top < height:
        raise EOFError("rows are missing")


def _inflated(content: memoryview, size: int, total: int) -> Iterator[bytes]:
    """``total`` bytes of the picture of a PNG, so many at a time."""
    inflate, part = zlib.decompressobj(), bytearray()
    for data in (*_chunks(content, b"IDAT"), b""):
        while total and (piece := inflate.decompress(data, min(size, total) - len(part))):
            part += piece
            data = inflate.unconsumed_tail
            if len(part) == min(size, total):
                yield bytes(part)
                total, part = total - len(part), bytearray()


def _chunks(content: memoryview, name: bytes) -> Iterator[bytes]:
    at = 8
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        if bytes(content[at + 4 : at + 8]) == name:
            yield bytes(content[at + 8 : at + 8 + size])
        at += size + 12


def late_exif(picture: Image.Image) -> bytes | None:
    """What a PNG says of its camera below its pixels, where Pillow has not looked yet."""
    if not _is_here(picture, "PNG"):
        return None
    return next(_chunks(_content(picture), b"eXIf"), None)


def _unfiltered(lines: np.ndarray, above: np.ndarray, pixel: int) -> np.ndarray:
    """Rows (n, W) of bytes from lines (n, 1 + W) below the row ``above`` (1, W), pixels of so many bytes each.

    A filter sees one byte of a pixel with the same byte of its neighbours. So the bytes of a deep pixel are undone in
    two halves, and all by the decoder of Pillow, to which this is a picture of a row more.
    """
    lines = np.concatenate([np.insert(above, 0, 0, axis=1), lines])
    if pixel > 4:
        halves = [np.insert(lines[:, 1 + i :: 2], 0, lines[:, 0], axis=1) for i in (0, 1)]
        return np.stack([_undone(half, pixel // 2) for half in halves], -1).reshape(len(lines), -1)[1:]
    return _undone(lines, pixel)[1:]


def _undone(lines: np.ndarray, pixel: int) -> np.ndarray:
    mode, size = BYTES[pixel], ((lines.shape[1] - 1) // pixel, len(lines))
    picture = Image.frombytes(mode, size, zlib.compress(lines.tobytes(), 0), "zip", mode)
    return np.asarray(picture).reshape(len(lines), -1)


def _deep(rows: np.ndarray, depth: int, width: int) -> np.ndarray:
    return rows.view(">u2").reshape(len(rows), width, -1).astype(np.uint16)


def _plain(picture: Image.Image, rows: np.ndarray) -> Image.Image:
    size = picture.width, len(rows)
    part = Image.frombytes(picture.mode, size, rows.tobytes(), "raw", picture.tile[0].args)  # type: ignore[attr-defined]
    part.info = dict(picture.info)
    if picture.palette:
        mode, colours = picture.palette.getdata()
        part.putpalette(colours, mode)
    return part


def _is_pieces(picture: Image.Image) -> bool:
    """Whether this is a large TIFF of several compressed strips, or rows of tiles."""
    if not _is_here(picture, "TIFF") or not picture.tile or not _is_large(picture):  # type: ignore[attr-defined]
        return False
    tags = picture.tag_v2  # type: ignore[attr-defined]
    at = _pieces_at(tags)
    return at is not None and tags.get(COMPRESSION, 1) not in (1, 6) and _height(tags, at) < tags[LENGTH]


def _pieces_at(tags) -> int | None:
    return next((at for at in PIECES if at in tags and PIECES[at] in tags), None)


def _height(tags, at: int) -> int:
    """How many rows a strip or a tile has."""
    return tags[323] if at == 324 else tags.get(ROWS, tags[LENGTH])


def _tiff(picture: Image.Image) -> Iterator[Image.Image]:
    """Some strips, or rows of tiles, at a time, each time as a file of its own."""
    tags = picture.tag_v2  # type: ignore[attr-defined]
    at = _pieces_at(tags)
    assert at is not None
    width, length, height = tags[WIDTH], tags[LENGTH], _height(tags, at)
    across = math.ceil(width / tags[322]) if at == 324 else 1
    rows = math.ceil(length / height)
    planes = len(tags[at]) // (across * rows)
    if not planes:
        raise EOFError("pieces are missing")
    step = max(1, STRIP // width // height)
    for row in range(0, rows, step):
        until = min(row + step, rows)
        places = [
            (plane * rows + r) * across + i for plane in range(planes) for r in range(row, until) for i in range(across)
        ]
        content = _tiff_of(picture, at, places, min(until * height, length) - row * height)
        part = Image.open(io.BytesIO(content), formats=["TIFF"])
        _set_order(part)
        part.load()
        yield part


def _tiff_of(picture: Image.Image, at: int, places: list[int], length: int) -> bytes:
    """A TIFF of some of the pieces, of so many rows."""
    tags, content = picture.tag_v2, _content(picture)  # type: ignore[attr-defined]
    pieces = [bytes(content[tags[at][i] : tags[at][i] + tags[PIECES[at]][i]]) for i in places]
    sizes = tuple(map(len, pieces))
    starts = [0, *np.cumsum(sizes).tolist()][:-1]
    head = TiffImagePlugin.ImageFileDirectory_v2(prefix=tags.prefix)
    for tag in KEPT:
        if tag in tags:
            head.tagtype[tag] = tags.tagtype[tag]
            head[tag] = tags[tag]
    head.tagtype |= {LENGTH: LONG, at: LONG, PIECES[at]: LONG}
    head[LENGTH], head[PIECES[at]], head[at] = length, sizes, tuple(starts)
    if at == 324:  # of strips, Pillow counts from the end of the head itself
        end = 8 + len(head.tobytes(8))
        head[at] = tuple(end + start for start in starts)
    file = io.BytesIO()
    head.save(file)
    return file.getvalue() + b"".join(pieces)


def _is_heif(picture: Image.Image) -> bool:
    return _is_here(picture, "HEIF") and _is_large(picture)


def _heif(picture: Image.Image) -> Iterator[Image.Image]:
    """Where libheif left it: Pillow would make a second picture of it."""
    import pillow_heif

    image = pillow_heif.open_heif(io.BytesIO(_content(picture)), convert_hdr_to_8bit=True, remove_stride=False)
    data, stride, (width, length) = memoryview(image.data), image.stride, image.size
    step = max(1, STRIP // width)
    for top in range(0, length, step):
        rows = min(step, length - top)
        part = data[top * stride : (top + rows) * stride]
        yield Image.frombytes(image.mode, (width, rows), part, "raw", image.mode, stride)


READERS = {_is_rows: _png, _is_pieces: _tiff, _is_heif: _heif}
