"""The files that are read, one row each: how they end, what they are, and their reader.

A reader takes a path and how it is to be read, and gives the file's ``Content``: its tables by name, one that is alone
under that of the file, and what was understood. Whatever bytes come, nothing but NadeError leaves ``read_file``. A new row is
read, offered by the command's help and by the app's uploader, and named where a file is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ..messages import N_, NadeError
from .archives import IMAGE_SUFFIXES, read_folder, read_zip
from .arrays import read_npy, read_npz
from .bounds import MAX_FILE_BYTES
from .grids import grid_of_parquet, grid_of_text
from .photo import read_pixels
from .tables import reader
from .understood import Content, How, Understood
from .workbooks import grid_of_excel

__all__ = ["FILE_TYPES", "IMAGE_SUFFIXES", "FileType", "file_end", "file_type", "read_file", "suffixes"]


@dataclass(frozen=True)
class FileType:
    """A kind of file: the ends of its names, what it is, its reader, the kinds of rows that it can give, and the
    package that it needs beside those of the project."""

    suffixes: tuple[str, ...]
    words: str
    read: Callable[[Path, How], Content] = field(repr=False)
    values: tuple[str, ...] = ("binary", "real", "levels")
    needs: str = ""

    @property
    def is_here(self) -> bool:
        """Whether that package is installed."""
        return not self.needs or find_spec(self.needs) is not None


def suffixes(values: str | None = None) -> tuple[str, ...]:
    """How the names of the files end that can be read: as rows of that kind, or at all."""
    rows = [row for row in FILE_TYPES if row.is_here and (values is None or values in row.values)]
    return tuple(end for row in rows for end in row.suffixes)


def file_type(name: str) -> tuple[str, FileType] | None:
    """How the name of a file ends, and the row of files that end so; None where there is none."""
    found = [(end, row) for row in FILE_TYPES for end in row.suffixes if name.lower().endswith(end)]
    return max(found, key=lambda pair: len(pair[0]), default=None)


def file_end(name: str) -> str:
    """How the name of a file ends, ".csv.gz" too, in letters that are safe on the disk."""
    known = file_type(name)
    return known[0] if known else re.sub(r"[^.a-z0-9]", "", Path(name).suffix.lower())


def read_file(source: str | Path, how: How) -> Content:
    """What a file or a folder holds. NadeError for what cannot be read, or not as rows of that kind."""
    path = Path(source)
    if not path.exists():
        raise NadeError("There is no file or folder {path}.", path=path)
    if path.is_dir():
        return read_folder(path, how)
    if path.stat().st_size > MAX_FILE_BYTES and how.groups is None:
        raise NadeError("{name} is larger than {limit} MB.", name=path.name, limit=MAX_FILE_BYTES >> 20)
    found = file_type(path.name)
    if found is None or (how.values is not None and how.values not in found[1].values):
        raise NadeError(
            "{name} is not a kind of file that is read here: expected {known}, or a folder.",
            name=path.name,
            known=", ".join(suffixes(how.values)),
        )
    if how.key is not None and found[1].read is not read_npz:
        raise NadeError("{name} holds no arrays by name: there is no {key!r}.", name=path.name, key=how.key)
    if not found[1].is_here:
        raise NadeError("To read {name}, install {package}.", name=path.name, package=found[1].needs)
    try:
        return found[1].read(path, how)
    except NadeError:
        raise
    except Exception as error:  # readers of others meet bytes of others: what they raise is not for them to say
        raise NadeError("{name} cannot be read: it is damaged, or not what its name says.", name=path.name) from error


def _read_picture(path: Path, how: How) -> Content:
    about = Understood(names=("red", "green", "blue"))
    return Content({path.name: read_pixels(path, how.values or "levels")}, {}, about)


FILE_TYPES = (
    FileType((".npz",), N_("arrays, as numpy.savez writes them"), read_npz),
    FileType((".npy",), N_("an array, as numpy.save writes it"), read_npy),
    FileType(
        (".csv", ".tsv", ".txt", ".data", ".csv.gz", ".tsv.gz", ".txt.gz", ".data.gz"),
        N_("a table as text, with any separator"),
        reader(grid_of_text),
    ),
    FileType((".parquet",), N_("a table, as pandas writes it with Arrow"), reader(grid_of_parquet), needs="pyarrow"),
    FileType((".xlsx",), N_("the first sheet of an Excel workbook"), reader(grid_of_excel), needs="openpyxl"),
    FileType((".zip",), N_("pictures in an archive, a row each"), read_zip),
    FileType(
        IMAGE_SUFFIXES,
        N_("a picture, a row for the red, green and blue of each pixel"),
        _read_picture,
        ("real", "levels"),
    ),
)
