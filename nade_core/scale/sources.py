"""What is scored, piece by piece: many files, here or wherever fsspec reads, as rows that are read like those of one.

A piece is what one worker reads at a time. A table is read whole, by the same reader as everywhere, so that what is
decided of a file (its labels, its holes, its type) is decided alike. Only a large Parquet file is read by groups of its
rows, its columns as those of the first group were understood.
"""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from .. import images
from ..checkpoint import ModelCard
from ..data import SOURCES
from ..data.archives import is_hidden, is_picture
from ..data.filetypes import file_type
from ..data.layout import Layout
from ..data.reading import read_table
from ..data.understood import How
from ..messages import NadeError
from ..models.base import BATCH

CELLS = 1 << 23  # values of a Parquet file that are read at once, where it has more
PICTURES = 64  # pictures that are read at once
LOOKING = 16  # files whose headers are read at a time


@dataclass(frozen=True)
class Reading:
    """How files become rows of a model: its card, what is asked of the reading, and the level at which pictures become
    black and white (None: each as it looks)."""

    card: ModelCard
    how: How
    threshold: float | None = None

    @property
    def by_file(self) -> bool:
        """Whether the whole of a file decides what becomes of each of its rows."""
        return self.how.binarise is not None or self.how.holes in ("drop", "fill")


@dataclass(frozen=True)
class Piece:
    """Some pictures, or one table; of a large Parquet file the ``groups`` of rows that come after its ``first`` rows."""

    files: tuple[str, ...]
    groups: tuple[int, ...] | None = None
    first: int = 0


def pieces_of(sources: list[str], reading: Reading) -> tuple[list[Piece], Reading]:
    """The pieces of all sources in their order, and how they are read. NadeError if there is none, or if pictures and
    tables are mixed."""
    files = [file for source in sources for file in _files(source)]
    pictures = [is_picture(file) for file in files]
    if not files:
        raise NadeError("There is nothing to score in {sources}.", sources=", ".join(sources))
    if any(pictures) and not all(pictures):
        raise NadeError("Pictures and tables are not scored together: name one table, or pictures alone.")
    if all(pictures):
        reading.card.check_pictures()
        return [Piece(tuple(files[i : i + PICTURES])) for i in range(0, len(files), PICTURES)], reading
    with ThreadPoolExecutor(LOOKING) as threads:
        pieces = [piece for found in threads.map(partial(_cut, reading=reading), files) for piece in found]
    first = next((piece for piece in pieces if piece.groups is not None), None)
    return pieces, reading if first is None else _as_the_first(first, reading)


def _files(source: str) -> list[str]:
    """The files that a source stands for: itself, or those in the folder that can be read, in their order."""
    if source in SOURCES:
        return [source]
    if "://" in source:
        from fsspec.core import url_to_fs

        fs, path = url_to_fs(source)
        if not fs.isdir(path):
            return [source]
        found = {file.removeprefix(path): fs.unstrip_protocol(file) for file in sorted(fs.find(path))}
    elif Path(source).is_dir():
        files = (file for file in sorted(Path(source).rglob("*")) if file.is_file())
        found = {str(file.relative_to(source)): str(file) for file in files}
    else:
        return [source]
    return [file for name, file in found.items() if not is_hidden(name) and (is_picture(name) or file_type(name))]


def _cut(file: str, reading: Reading) -> list[Piece]:
    """A file as one piece; a large Parquet file as several, unless the whole of it decides on each row."""
    if not file.lower().endswith(".parquet") or reading.by_file:
        return [Piece((file,))]
    from pyarrow import ArrowException, parquet

    try:
        with _opened(file) as source:
            about = parquet.ParquetFile(source).metadata
            sizes = [about.row_group(i).num_rows for i in range(about.num_row_groups)]
    except (OSError, ArrowException):  # who reads it says what is wrong
        return [Piece((file,))]
    if sum(sizes) * about.num_columns <= CELLS:
        return [Piece((file,))]
    pieces: list[Piece] = []
    for i, rows in enumerate(sizes):
        last = pieces[-1] if pieces else None
        begun = 0 if last is None else sum(sizes[j] for j in last.groups or ())
        if last is None or (begun + rows) * about.num_columns > CELLS:
            pieces.append(Piece((file,), (i,), sum(sizes[:i])))
        else:
            pieces[-1] = replace(last, groups=(*(last.groups or ()), i))
    return pieces


def _as_the_first(piece: Piece, reading: Reading) -> Reading:
    """All groups have the columns, by their names, that the first is understood to have. NadeError where it cannot be read."""
    names = _table(piece, reading).understood.names
    if reading.card.layout is None:
        return replace(reading, card=replace(reading.card, layout=Layout(names)))
    return reading


@contextmanager
def _opened(file: str) -> Iterator:
    """The bytes of a file, here or elsewhere."""
    import fsspec

    with fsspec.open(file, "rb") as source:
        yield source


def read(piece: Piece, reading: Reading) -> Iterator[dict]:
    """The rows of a piece in chunks of at most BATCH: lists of ``file``, ``row`` (from 1) and ``problem``, which is None
    for those that are among the rows (N, D), the bytes ``x`` of a ``type``."""
    if is_picture(piece.files[0]):
        yield _read_pictures(piece.files, reading)
        return
    (file,) = piece.files
    try:
        rows = _table(piece, reading).rows
    except (NadeError, OSError) as error:
        yield _chunk([file], [piece.first + 1], np.zeros((0, reading.card.dims), np.uint8), [str(error)])
        return
    for i in range(0, len(rows), BATCH):
        part = rows[i : i + BATCH]
        first = piece.first + i + 1
        yield _chunk([file] * len(part), list(range(first, first + len(part))), part, [None] * len(part))


def _chunk(files: list[str], rows: list[int], x: np.ndarray, problems: list[str | None]) -> dict:
    return {"file": files, "row": rows, "problem": problems, "x": x.tobytes(), "type": x.dtype.str}


def _table(piece: Piece, reading: Reading):
    """The table of a piece."""
    card, how = reading.card, reading.how
    with _here(piece) as (path, groups):
        return read_table(path, how.key, card.values, replace(how, groups=groups), card.layout, card.dims)


@contextmanager
def _here(piece: Piece) -> Iterator[tuple[str, tuple[int, ...] | None]]:
    """A file on this machine that holds the piece, and which groups of its rows it is: a copy, if it is elsewhere."""
    (file,) = piece.files
    if "://" not in file:
        yield file, piece.groups
        return
    with tempfile.TemporaryDirectory() as folder, _opened(file) as source:
        path = Path(folder) / file.rpartition("/")[2]
        if piece.groups is None:
            with path.open("wb") as copy:
                shutil.copyfileobj(source, copy)
        else:
            from pyarrow import parquet

            parquet.write_table(parquet.ParquetFile(source).read_row_groups(list(piece.groups)), path)
        yield str(path), None


def _read_pictures(files: tuple[str, ...], reading: Reading) -> dict:
    rows: list[np.ndarray] = []
    problems: list[str | None] = []
    for file in files:
        try:
            with _opened(file) as source:
                rows.append(images.prepare(source.read(), reading.threshold, fit=reading.card.fit).image.ravel())
            problems.append(None)
        except (NadeError, OSError) as error:
            problems.append(str(error))
    x = np.stack(rows) if rows else np.zeros((0, reading.card.dims), np.uint8)
    return _chunk(list(files), [1] * len(files), x, problems)
