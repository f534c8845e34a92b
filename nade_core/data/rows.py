"""From an array to rows of a model's kind, and from one table to parts that train and validate.

Arrays are looked through in blocks, so that to judge a large one takes little memory beside it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from ..messages import NadeError
from .bounds import check_width
from .grids import hole
from .understood import How

BLOCK = 1 << 20  # values that are judged at once
FINE = 1e4  # steps of float32 in the range of a column, above which it tells its values apart
WHOLE = 2.0**53  # up to which float64 holds every whole number
LARGEST = float(np.finfo(np.float32).max)
Scale = tuple[float, float]


def check_table(array: np.ndarray, name: str) -> None:
    """NadeError unless this is a table of numbers that holds something."""
    if array.dtype.kind not in "buif" or array.ndim < 2:
        raise NadeError(
            "{name!r} should be a table of numbers, a row for each example; it has shape {shape} and type {type}.",
            name=name,
            shape=array.shape,
            type=array.dtype,
        )
    check_width(name, array[:1].size)
    if array.size == 0:
        raise NadeError("{name!r} is empty: its shape is {shape}.", name=name, shape=array.shape)


def rows_of(
    array: np.ndarray,
    name: str,
    seed: int = 0,
    values: str = "binary",
    how: How | None = None,
    scale: Scale | None = None,
    exact: bool = False,
) -> np.ndarray:
    """Rows (N, D) from an array of numbers, float32 where values are real (float64 where that would not tell them apart,
    or where they are to be ``exact``), uint8 or int64 where they are levels. Kept holes are nan, in rows of floats.

    Binary: (N, D) of 0 and 1 is taken as it is. Other numbers become 0 and 1 only as ``how.binarise`` says, within
    ``scale`` (that of this array, if None): on where above the middle, or with probability (value - low) / (high -
    low), drawn once from the seed. ``how.packed``: eight values a byte, as numpy.packbits makes them. NadeError for
    anything else, and for an empty table.
    """
    how = how or How()
    check_table(array, name)
    array = array.reshape(len(array), -1)
    if how.holes == "keep" and values != "levels" and has_holes(array):
        holes = np.isnan(array)
        whole = np.where(holes, _common(array), array)
        rows = rows_of(whole, name, seed, values, replace(how, holes="refuse"), scale, exact)
        return np.where(holes, np.nan, rows).astype(rows.dtype if rows.dtype.kind == "f" else np.float32)
    if values == "real":
        _refuse_holes(array, name)
        return array.astype(np.float64 if exact or _is_fine(array) else np.float32)
    if values == "levels":
        return _levels(array, name)
    return _unpacked(array, name) if how.packed else _binary(array, name, seed, how.binarise, scale)


def _common(array: np.ndarray) -> float:
    """A value that the array holds."""
    known = array[~np.isnan(array)]
    return float(known[0]) if known.size else 0.0


def _is_fine(array: np.ndarray) -> bool:
    """Whether float32 cannot tell apart the values of a column that float64 can."""
    return array.dtype.kind in "fui" and any(is_coarse(column) for column in array.T)


def is_coarse(column: np.ndarray) -> bool:
    """Whether values that differ become equal as float32, more than a few of them."""
    if column.dtype.itemsize <= (4 if column.dtype.kind == "f" else 2):
        return False
    low, high = float(column.min()), float(column.max())
    size = max(abs(low), abs(high))
    if low == high or size > LARGEST or np.spacing(np.float32(size)) * FINE < high - low:
        return False
    return len(np.unique(column.astype(np.float32))) < 0.9 * len(np.unique(column))


def is_whole(column: np.ndarray) -> bool:
    """Whether all are whole numbers, and so small that a float holds each: beyond, every float is whole."""
    if column.dtype.kind in "bui":
        return True
    odd = first_place(column[:, None], lambda block: (block != np.floor(block)) | (np.abs(block.astype(float)) > WHOLE))
    return odd is None


def _binary(array: np.ndarray, name: str, seed: int, binarise: str | None, scale: Scale | None) -> np.ndarray:
    place = first_place(array, lambda block: (block != 0) & (block != 1))
    if place is None:
        return np.ascontiguousarray(array.astype(np.uint8, copy=False))
    scale = scale or scale_of([array])
    if scale is None:
        raise NadeError("{name!r} should hold only 0 and 1; it also holds {value}.", name=name, value=array[place])
    if binarise is None:
        raise NadeError(
            "{name!r} should hold only 0 and 1; it also holds {value}: binarise what lies between {low:g} and "
            "{high:g}, by a threshold or by one Bernoulli draw each.",
            name=name,
            value=array[place],
            low=scale[0],
            high=scale[1],
        )
    return _binarised(array, binarise, scale, seed)


def _binarised(array: np.ndarray, binarise: str, scale: Scale, seed: int) -> np.ndarray:
    (low, high), rng = scale, np.random.default_rng(seed)
    rows, step = np.empty(array.shape, np.uint8), _step(array)
    for i in range(0, len(array), step):
        share = (array[i : i + step].astype(np.float32) - np.float32(low)) / np.float32(high - low)
        rows[i : i + step] = share > (0.5 if binarise == "threshold" else rng.random(share.shape, dtype=np.float32))
    return rows


def scale_of(arrays: Iterable[np.ndarray]) -> Scale | None:
    """What stands for 0 and for 1 in numbers that are two whole ones, 0 to 1, -1 to 1, or greys 0 to 255; else None."""
    arrays = list(arrays)
    low, high = float(min(a.min() for a in arrays)), float(max(a.max() for a in arrays))
    if not np.isfinite([low, high]).all():
        return None
    two = low < high and low % 1 == high % 1 == 0
    if two and all(first_place(a, lambda block: (block != low) & (block != high)) is None for a in arrays):
        return low, high
    if low >= -1 and high <= 1:
        return (0.0, 1.0) if low >= 0 else (-1.0, 1.0)
    greys = (
        low >= 0 and high <= 255 and all(first_place(a, lambda block: block != np.floor(block)) is None for a in arrays)
    )
    return (0.0, 255.0) if greys else None


def is_binary(array: np.ndarray) -> bool:
    """Whether all is 0 or 1."""
    return first_place(array, lambda block: (block != 0) & (block != 1)) is None


def has_holes(array: np.ndarray) -> bool:
    """Whether a value is nan."""
    return array.dtype.kind == "f" and first_place(array, np.isnan) is not None


def _step(array: np.ndarray) -> int:
    return max(1, BLOCK // max(1, array[:1].size))


def first_place(array: np.ndarray, is_bad: Callable[[np.ndarray], np.ndarray]) -> tuple[int, ...] | None:
    """The place of the first bad value, None where all are good."""
    step = _step(array)
    for i in range(0, len(array), step):
        bad = is_bad(array[i : i + step])
        if bad.any():
            row, *rest = map(int, np.unravel_index(int(bad.argmax()), bad.shape))
            return (row + i, *rest)
    return None


def _refuse_holes(array: np.ndarray, name: str) -> None:
    place = (
        None
        if array.dtype.kind in "bui"
        else first_place(array, lambda block: ~(np.abs(block.astype(float)) <= LARGEST))
    )
    if place is not None and np.isnan(array[place]):
        raise hole(name, place[0] + 1, place[1] + 1, "nan")
    if place is not None:
        raise NadeError(
            "{name}: row {row}, column {column} is {value}, beyond what float32 holds.",
            name=name,
            row=place[0] + 1,
            column=place[1] + 1,
            value=array[place],
        )


def _levels(array: np.ndarray, name: str) -> np.ndarray:
    _refuse_holes(array, name)
    place = first_place(array, lambda block: (block < 0) | (block != np.floor(block)) | (block > np.float64(2**62)))
    if place is not None:
        raise NadeError(
            "{name!r} should hold whole numbers from 0; it also holds {value}.", name=name, value=array[place]
        )
    return array if array.dtype == np.uint8 else array.astype(np.int64)


def _unpacked(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype != np.uint8:
        raise NadeError(
            "{name!r} should hold packed bits, of type uint8; its type is {type}.", name=name, type=array.dtype
        )
    return np.unpackbits(array, axis=1)


def split(rows: int, seed: int, valid_fraction: float) -> dict[str, np.ndarray]:
    """Which rows of one table train, and which validate: their places, chosen by the seed."""
    if rows < 2:
        raise NadeError("Training needs at least 2 rows, one of them to validate; got {rows}.", rows=rows)
    order, n_valid = np.random.default_rng(seed).permutation(rows), max(1, int(rows * valid_fraction))
    return {"train": np.sort(order[n_valid:]), "valid": np.sort(order[:n_valid])}
