"""What is worth knowing of the columns of a table before anything is learned from them."""

from collections.abc import Sequence

import numpy as np

from ..messages import N_
from .understood import Note

SHOWN = 6  # names of columns
MANY = 4096  # columns, of which no two are compared
FINE = 1e4  # steps of float32 in the range of a column, above which it tells its values apart
CONSTANT = N_("Columns of one value, which tell nothing: {names}.")
REPEATED = N_("Columns that repeat another one: {names}.")
WHOLE = N_(
    "Columns of whole numbers: {names}. A density of real values can grow without bound on them; a model of levels, or "
    "a uniform number in [0, 1) added to each, cannot be misled."
)
COARSE = N_(
    "Columns whose values float32 cannot tell apart: {names}. Subtract their mean, or leave them out, if they are ids or "
    "times."
)


def remarks(array: np.ndarray, names: Sequence[str], values: str) -> list[Note]:
    """Notes on constant and repeated columns (N, D), and, where values are real, on whole numbers and coarse ones."""
    names = names or [f"column {j + 1}" for j in range(array.shape[1])]
    constant = [j for j, column in enumerate(array.T) if len(column) > 1 and column.min() == column.max()]
    found = [(CONSTANT, constant), (REPEATED, _repeated(array, set(constant)))]
    if values == "real":
        coarse = [j for j, column in enumerate(array.T) if _is_coarse(column)]
        whole = [j for j, column in enumerate(array.T) if j not in constant and np.all(column == np.floor(column))]
        found += [(WHOLE, whole), (COARSE, coarse)]
    return [Note(message, {"names": _listed([names[j] for j in places])}) for message, places in found if places]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f", … ({len(names)})" if len(names) > SHOWN else "")


def _repeated(array: np.ndarray, besides: set[int]) -> list[int]:
    """Places of columns that are equal to one before."""
    if array.shape[1] > MANY or len(array) < 2:
        return []
    seen: dict[int, int] = {}
    again = []
    for j in sorted(set(range(array.shape[1])) - besides):
        first = seen.setdefault(hash(array[:, j].tobytes()), j)
        if first != j and np.array_equal(array[:, j], array[:, first]):
            again.append(j)
    return again


def _is_coarse(column: np.ndarray) -> bool:
    """Whether values that differ become equal as float32, more than a few of them."""
    if column.dtype.kind == "f" and column.dtype.itemsize <= 4:
        return False
    low, high = float(column.min()), float(column.max())
    if low == high or np.spacing(np.float32(max(abs(low), abs(high)))) * FINE < high - low:
        return False
    return len(np.unique(column.astype(np.float32))) < 0.9 * len(np.unique(column))
