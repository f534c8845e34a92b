"""From an array to rows of a model's kind, and from one table to parts that train and validate."""

import numpy as np

from ..messages import NadeError


def rows_of(array: np.ndarray, name: str, seed: int = 0, values: str = "binary") -> np.ndarray:
    """Rows (N, D) from an array of numbers, float32 where values are real, uint8 or int64 where they are levels.

    Binary: (N, D) of 0 and 1 is taken as it is. A uint8 (N, M) with values above 1 is bit-packed, as numpy.packbits
    makes it: D = 8 M. A uint8 (N, H, W) with values above 1 is grey: each pixel is drawn once, on with
    probability grey / 255, from the seed. NadeError for anything else, and for an empty table.
    """
    if array.dtype.kind not in "buif" or array.ndim < 2:
        raise NadeError(
            "{name!r} should be a table of numbers, a row for each example; it has shape {shape} and type {type}.",
            name=name,
            shape=array.shape,
            type=array.dtype,
        )
    if array.size == 0:
        raise NadeError("{name!r} is empty: its shape is {shape}.", name=name, shape=array.shape)
    if values == "real":
        return _finite(array, name).astype(np.float32)
    return _levels(array, name) if values == "levels" else _binary(array, name, seed)


def _binary(array: np.ndarray, name: str, seed: int) -> np.ndarray:
    binary = (array == 0) | (array == 1)
    if not binary.all():
        if array.dtype != np.uint8:
            raise NadeError(
                "{name!r} should hold only 0 and 1; it also holds {value}.", name=name, value=array[~binary].flat[0]
            )
        if array.ndim == 2:
            return np.unpackbits(array, axis=1)
        array = np.random.default_rng(seed).random(array.shape, dtype=np.float32) < array / np.float32(255)
    return np.ascontiguousarray(array.reshape(len(array), -1).astype(np.uint8))


def _finite(array: np.ndarray, name: str) -> np.ndarray:
    finite = np.isfinite(array)
    if not finite.all():
        raise NadeError("{name!r} holds {value}: drop or fill such rows first.", name=name, value=array[~finite][0])
    return array.reshape(len(array), -1)


def _levels(array: np.ndarray, name: str) -> np.ndarray:
    array = _finite(array, name)
    bad = (array < 0) | (array != array.astype(np.int64))
    if bad.any():
        raise NadeError(
            "{name!r} should hold whole numbers from 0; it also holds {value}.", name=name, value=array[bad][0]
        )
    return array if array.dtype == np.uint8 else array.astype(np.int64)


def split(rows: np.ndarray, seed: int, valid_fraction: float) -> dict[str, np.ndarray]:
    """One table as a part to train on and one to validate with, shuffled by the seed."""
    if len(rows) < 2:
        raise NadeError("Training needs at least 2 rows, one of them to validate; got {rows}.", rows=len(rows))
    order, n_valid = np.random.default_rng(seed).permutation(len(rows)), max(1, int(len(rows) * valid_fraction))
    return {"train": rows[np.sort(order[n_valid:])], "valid": rows[np.sort(order[:n_valid])]}
