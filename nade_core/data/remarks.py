"""What is worth knowing of the columns of a table before anything is learned from them."""

from collections.abc import Sequence

import numpy as np

from ..messages import N_
from . import doubts
from .rows import is_coarse, is_whole
from .understood import Note

SHOWN = 6  # names of columns
FEW = 4  # rows, which may well count up by chance
MANY = 4096  # columns, of which no two are compared
CONSTANT = N_("Columns of one value, which tell nothing: {names}.")
REPEATED = N_("Columns that repeat another one: {names}.")
WHOLE = N_(
    "Columns of whole numbers: {names}. A density of real values can grow without bound on them; a model of levels, or "
    "a uniform number in [0, 1) added to each, cannot be misled."
)
COARSE = N_(
    "Columns whose values float32 cannot tell apart: {names}. They are standardised in float64; leave them out if they are "
    "ids."
)
COUNTING = N_("Columns that only count the rows, though they have a name: {names}. They are learned as they stand.")
STAND_INS = N_(
    "Columns in which a number may stand for what is missing: {names}. It is learned as a value; leave such cells empty to "
    "have them filled or left out."
)
TOTAL = N_("The last row looks like a total of those above it, and is learned as they are: take it out if it is one.")
SIDEWAYS = N_(
    "An array of {shape} is read as {rows} rows. If its pictures stand along the last axis, turn it around first."
)
PIXELS = 784
TOTALS = {"total", "totals", "sum", "average", "mean", "합계", "총계", "총합", "소계", "계", "합", "평균"}
STANDING_IN = tuple(10.0**k - 1 for k in range(2, 7))  # 99, 999, ..., with either sign


def remarks(array: np.ndarray, names: Sequence[str], values: str) -> list[Note]:
    """Notes on constant and repeated columns (N, D), and, where values are real, on whole numbers and coarse ones."""
    names = names or [f"column {j + 1}" for j in range(array.shape[1])]
    constant = [j for j, column in enumerate(array.T) if len(column) > 1 and column.min() == column.max()]
    others = sorted(set(range(array.shape[1])) - set(constant))
    found = [(CONSTANT, constant), (REPEATED, _repeated(array, others))]
    if values == "real":
        coarse = [j for j, column in enumerate(array.T) if is_coarse(column)]
        whole = [j for j in others if is_whole(array[:, j])]
        counting = [j for j in whole if len(array) > FEW and np.all(np.diff(array[:, j].astype(float)) == 1)]
        found += [(WHOLE, whole), (COARSE, coarse), (COUNTING, counting)]
    notes = [Note(message, {"names": listed([names[j] for j in places])}) for message, places in found if places]
    if values == "real":
        large = {j: cell for j, column in enumerate(array.T) if (cell := doubts.first(doubts.large(column)))}
        notes += [doubts.note(names[j], cell) for j, cell in large.items()]
    stand_ins = {j: value for j, column in enumerate(array.T) if (value := _stand_in(column)) is not None}
    told = listed([f"{names[j]} ({value:g})" for j, value in stand_ins.items()])
    return [*notes, Note(STAND_INS, {"names": told})] if stand_ins else notes


def total(array: np.ndarray, labels: np.ndarray | None) -> list[Note]:
    """A note where the last row (N, D) is called a total, or is the sum of the others."""
    called = labels is not None and str(labels[-1]).strip(" :").lower() in TOTALS
    adds_up = len(array) > FEW and array.max() > 1 and np.allclose(array[:-1].sum(0, dtype=float), array[-1], atol=0)
    return [Note(TOTAL)] if called or adds_up else []


def sideways(array: np.ndarray) -> list[Note]:
    """A note where pictures (H, H, N), or greys (784, N), may stand along the last axis."""
    square = array.ndim == 3 and array.shape[0] == array.shape[1] != array.shape[2]
    flat = array.ndim == 2 and array.shape[0] == PIXELS != array.shape[1] and array.dtype.kind in "bui"
    shape = " x ".join(map(str, array.shape))
    return [Note(SIDEWAYS, {"shape": shape, "rows": len(array)})] if square or flat else []


def _stand_in(column: np.ndarray) -> float | None:
    """A -999 below numbers that are not negative, or a 999 far above all others, more than once; None if there is none."""
    for value in (float(column.min()), float(column.max())):
        others = column[column != value]
        several = 0 < len(others) < len(column) - 1
        if abs(value) in STANDING_IN and several and others.min() >= 0 and (value < 0 or others.max() < value / 5):
            return value
    return None


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many there are."""
    return ", ".join(names[:SHOWN]) + (f", … ({len(names)})" if len(names) > SHOWN else "")


def _repeated(array: np.ndarray, places: list[int]) -> list[int]:
    """Of some columns the places of those that are equal to one before."""
    if array.shape[1] > MANY or len(array) < 2:
        return []
    seen: dict[int, int] = {}
    again = []
    for j in places:
        first = seen.setdefault(hash(array[:, j].tobytes()), j)
        if first != j and np.array_equal(array[:, j], array[:, first]):
            again.append(j)
    return again
