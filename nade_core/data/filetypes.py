"""The files that are read, one row each: how they end, what they are, and their reader.

A reader takes a path and the kind of rows that is wanted, and gives every array of the file by name; a file that is
one table names it ``data``. NadeError says what is wrong with a file. A new row is read, offered by the command's
help and by the app's uploader, and named where a file is refused.
"""

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..images import MAX_BYTES, prepare
from ..messages import N_, NadeError
from .photo import read_pixels

MAX_FILE_BYTES = 1 << 30
MAX_VALUES = 1 << 30
MAX_IMAGES = 100_000
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff")
Arrays = dict[str, np.ndarray]
DAMAGED = (zipfile.BadZipFile, EOFError, OSError, KeyError, UnicodeDecodeError, NotImplementedError)


@dataclass(frozen=True)
class FileType:
    """A kind of file: the ends of its names, what it is, its reader, and the kinds of rows that it can give."""

    suffixes: tuple[str, ...]
    words: str
    read: Callable[[Path, str], Arrays] = field(repr=False)
    values: tuple[str, ...] = ("binary", "real", "levels")


def suffixes(values: str | None = None) -> tuple[str, ...]:
    """How the names of the files end that can be read: as rows of that kind, or at all."""
    return tuple(end for row in FILE_TYPES if values is None or values in row.values for end in row.suffixes)


def read_arrays(source: str | Path, values: str = "binary") -> Arrays:
    """Every array of a file, by name. NadeError for what cannot be read, or not as rows of that kind."""
    path = Path(source)
    if not path.exists():
        raise NadeError("There is no file or folder {path}.", path=path)
    if path.is_dir():
        return {"data": _pictures((file.name, file) for file in sorted(path.rglob("*")))}
    if path.stat().st_size > MAX_FILE_BYTES:
        raise NadeError("{path} is larger than {limit} MB.", path=path, limit=MAX_FILE_BYTES >> 20)
    end = path.suffix.lower()
    row = next((row for row in FILE_TYPES if end in row.suffixes and values in row.values), None)
    if row is None:
        known = ", ".join(suffixes(values))
        raise NadeError(
            "{name} is not a kind of file that is read here: expected {known}, or a folder.",
            name=path.name,
            known=known,
        )
    try:
        return row.read(path, values)
    except DAMAGED as error:
        raise NadeError("{path} cannot be read: it is damaged, or not what its name says.", path=path) from error


def _read_npz(path: Path, values: str) -> Arrays:
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MAX_VALUES:
            raise NadeError("{name} would unpack to more than {limit} MB.", name=path.name, limit=MAX_VALUES >> 20)
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: _load(lambda name=name: file[name], name) for name in file.files}
    if not arrays:
        raise NadeError("{name} holds no array.", name=path.name)
    return arrays


def _read_npy(path: Path, values: str) -> Arrays:
    return {"data": _load(lambda: np.load(path, allow_pickle=False), path.name)}


def _load(read: Callable, name: str) -> np.ndarray:
    try:
        array = read()
    except (ValueError, SyntaxError, MemoryError) as error:  # pickled objects, a header that lies
        raise NadeError("{name!r} is not a plain array of numbers, or it is damaged.", name=name) from error
    if not isinstance(array, np.ndarray) or array.size > MAX_VALUES:
        raise NadeError("{name!r} is not one array of at most {limit:,} numbers.", name=name, limit=MAX_VALUES)
    return array


def _read_csv(path: Path, values: str) -> Arrays:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if lines and not _is_number(lines[0].split(",")[0]):
        lines = lines[1:]  # a line of column names
    if not lines:
        raise NadeError("{name} holds no rows.", name=path.name)
    widths = sorted({line.count(",") + 1 for line in lines})
    if len(widths) > 1:
        raise NadeError(
            "The rows of {name} have different numbers of columns: {widths}.", name=path.name, widths=widths
        )
    try:
        return {"data": np.loadtxt(io.StringIO("\n".join(lines)), delimiter=",", ndmin=2)}
    except ValueError as error:
        raise NadeError(
            "{name} should hold only numbers, with commas between: {reason}.", name=path.name, reason=error
        ) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_zip(path: Path, values: str) -> Arrays:
    with zipfile.ZipFile(path) as archive:
        names = [item for item in archive.infolist() if not item.is_dir()]
        for item in names:
            if item.file_size > MAX_BYTES:
                raise NadeError(
                    "{picture} in {name} is larger than {limit} MB.",
                    picture=item.filename,
                    name=path.name,
                    limit=MAX_BYTES >> 20,
                )
        return {"data": _pictures((item.filename, archive.read(item)) for item in names)}


def _pictures(files: Iterable[tuple[str, Path | bytes]]) -> np.ndarray:
    """Every picture among (name, path or bytes) as a row of 784; what is no picture by its name is passed over."""
    rows: list[np.ndarray] = []
    for name, source in files:
        if not name.lower().endswith(IMAGE_SUFFIXES) or "__MACOSX" in name:
            continue
        if len(rows) >= MAX_IMAGES:
            raise NadeError("There are more than {limit:,} pictures.", limit=MAX_IMAGES)
        try:
            rows.append(prepare(source).image.ravel())
        except NadeError as error:
            raise NadeError("The picture {name} cannot be read: {reason}", name=name, reason=error) from error
    if not rows:
        raise NadeError("No pictures were found; expected files ending in {known}.", known=", ".join(IMAGE_SUFFIXES))
    return np.stack(rows)


def _read_picture(path: Path, values: str) -> Arrays:
    return {"data": read_pixels(path, values)}


FILE_TYPES = (
    FileType((".npz",), N_("arrays, as numpy.savez writes them"), _read_npz),
    FileType((".npy",), N_("an array, as numpy.save writes it"), _read_npy),
    FileType((".csv",), N_("a table, with commas between the columns"), _read_csv),
    FileType((".zip",), N_("pictures in an archive, a row each"), _read_zip),
    FileType(
        IMAGE_SUFFIXES,
        N_("a picture, a row for the red, green and blue of each pixel"),
        _read_picture,
        ("real", "levels"),
    ),
)
