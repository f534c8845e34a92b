"""Cells that a program takes for numbers, and people for codes; numbers that float64 does not hold; and points that may
part thousands: all are told."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..messages import N_
from .understood import Note

CODE = r"[+-]?0\d+|\+\d{7,}|\d+E\d+|\d{2,}e\d+|\de0\d+"  # 00123, +821012345678, 12E45
BEYOND = r"[+-]?\d{16,300}(?:\.\d*)?|[+-]?[\d.]+[eE]-\d{3,}"
DOUBTFUL = re.compile(rf"({CODE})|({BEYOND})", re.ASCII)
EXACT = 2**53  # whole numbers up to it are exact in float64
CODES = N_(
    "The column {name!r} may hold codes: {before} is read as the number {after}. Codes are better left out, or set aside "
    "as labels."
)
PARTED = N_(
    "In the column {name!r} points may part thousands: {before} is read as {after}. If they do, say that the decimal mark is "
    "a comma."
)
ROUNDED = N_("The column {name!r} holds numbers that float64 does not: {before} is read as {after}.")
GROUPED, SHORT = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII), re.compile(r"[+-]?\d{1,3}", re.ASCII)
THIRDS = {"333", "666", "667"}  # what is behind the point of a rounded third
SHAPES = bytes.maketrans(b"123456789E+\"' \t\n", b"ddddddddde-|||||")  # figures, and what a cell begins after


def note(name: str, cell: str) -> Note:
    """What is to be told of a column that has such a cell."""
    value = float(cell)
    if re.fullmatch(CODE, cell, re.ASCII):
        return Note(CODES, {"name": name, "before": cell, "after": f"{value:.16g}"})
    return Note(ROUNDED, {"name": name, "before": cell, "after": int(value)})


def first(cells: Iterable[str]) -> str | None:
    """The first of the cells of which something is to be told."""
    found = (match for cell in cells if (match := DOUBTFUL.fullmatch(cell.strip())))
    return next((match[0] for match in found if match[1] or _is_changed(match[2])), None)


def large(column: np.ndarray) -> Iterator[str]:
    """Of whole numbers (N,), those too large to be all exact."""
    return map(str, column[np.abs(column.astype(float)) >= EXACT] if column.dtype.kind in "iu" else ())


def _is_changed(cell: str) -> bool:
    """Whether a whole number becomes another one, or a tiny one nothing."""
    if "e" in cell.lower():
        return float(cell) == 0 and bool(re.search("[1-9]", re.split("[eE]", cell)[0]))
    return int(float(cell)) != int(cell.split(".")[0])


def in_groups(cells: Iterable[str]) -> bool:
    """Whether in each of these figures points may part thousands: three behind a point, and no more than three without."""
    return all((GROUPED if "." in cell else SHORT).fullmatch(cell) for cell in cells)


def parted(cells: Sequence[str]) -> str | None:
    """Of the different numbers of a column that whose point may part thousands, best one that ends in 0, which no program
    writes behind a decimal point beside whole numbers; None where that is not likely."""
    with_point = [cell for cell in cells if "." in cell]
    if not 0 < len(with_point) < len(cells) or not in_groups(cells) or {cell[-3:] for cell in with_point} <= THIRDS:
        return None
    return max(with_point, key=lambda cell: cell.endswith("0"))


def may_be_parted(column: np.ndarray) -> bool:
    """Whether that may be so of a column (N,), seen by its numbers alone: 1.04 and 659."""
    if column.dtype.kind != "f" or not np.all(np.abs(column) < 1000):
        return False
    fractions = np.abs(column[column != np.floor(column)])
    return bool(np.all(fractions > 1) and np.allclose(1000 * fractions, np.rint(1000 * fractions), rtol=0, atol=1e-6))


def shows_point(column: np.ndarray) -> bool:
    """Whether numbers (N,) have a decimal point that parts no thousands: below 1, above 1000, or with 1, 2, 4 decimals."""
    known = column[np.isfinite(column)]
    short = np.allclose(100 * known, np.rint(100 * known), rtol=0, atol=1e-6)
    return bool(np.any(known != np.floor(known))) and (short or not may_be_parted(known))


def may_be_in(table: str, separator: str) -> bool:
    """Whether a text may hold one in a cell of numbers: seen without a look at each cell, for large tables."""
    shapes = ("|" + table.replace(separator, "|")).encode("ascii", "replace").translate(SHAPES)
    figures = shapes.replace(b"0", b"d")
    leading = any(shape in shapes for shape in (b"|00", b"|0d", b"|-00", b"|-0d"))
    long = any(shape in figures for shape in (b"|" + b"d" * 16, b"|-" + b"d" * 7, b"ded", b"de-ddd"))
    return leading or long
