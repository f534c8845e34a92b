"""Whether the first row of a table is one of names, and which columns are no variables: the index, and the labels."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..messages import N_
from .text import kind, without_signs
from .understood import Note

LABELS = ("label", "labels", "class", "target", "y")
LEVEL = re.compile(r"__index_level_\d+__")  # an index without a name, as Arrow keeps it
UNNAMED = re.compile(r"(Unnamed: \d+(\.\d+)?|__index_level_\d+__)?")
COUNTED = re.compile(r"0|[1-9]\d*", re.ASCII)
MNIST = 785  # columns: a digit and its pixels
MOST_CLASSES = 100
NUMBERS_AS_NAMES = N_("The first row, {row}, was taken for names, because what is below does not go on like it.")
PERHAPS_NAMES = N_("The first row, {row}, was taken for values; it may be one of names.")


def header_of(first: Sequence[str], below: Sequence[Sequence[str]]) -> tuple[bool, list[Note]]:
    """Whether the first row names the columns, judged by the rows ``below`` it, and what is doubtful of it.

    Names stand above numbers: "a,b" above "1,2"; "label,0,1" above "5,0,0"; ",0,1" as pandas writes an index; and
    "0,1", or "2019,2020,2021", above numbers with fractions.
    """
    first = [cell.strip() for cell in first]
    kinds = [kind(cell) for cell in first]
    over = [_over_numbers([row[j] for row in below if j < len(row)]) for j in range(len(first))]
    texts = [j for j, what in enumerate(kinds) if what == "text"]
    numbers = [cell for cell, what in zip(first, kinds, strict=True) if what == "number"]
    if texts and not numbers:
        return any(over[j] for j in texts) or not below, []
    if texts:
        return all(over[j] for j in texts) and _counts_up(numbers), []
    if kinds[:1] == ["hole"] and not first[0] and numbers == [str(i) for i in range(len(first) - 1)]:
        return _is_index([row[0] for row in below]), []
    return _numbers_above(first, below) if len(numbers) == len(first) else (False, [])


def _over_numbers(cells: list[str]) -> bool:
    kinds = {kind(cell) for cell in without_signs([cell.strip() for cell in cells])}
    return "number" in kinds and "text" not in kinds


def _counts_up(cells: list[str]) -> bool:
    """Whether these are two or more whole numbers, each one more than the last."""
    if len(cells) < 2 or not all(COUNTED.fullmatch(cell) and len(cell) < 10 for cell in cells):
        return False
    return all(int(b) - int(a) == 1 for a, b in zip(cells, cells[1:], strict=False))


def _is_index(cells: list[str]) -> bool:
    return cells[:1] in (["0"], ["1"]) and (len(cells) == 1 or _counts_up(cells))


def are_row_names(cells: list[str], quoted: bool, counted: bool) -> bool:
    """Whether cells without a name above them name their rows: no two alike, and words, or ``quoted`` among others that
    are not, or, where that can be no accident, the numbers of some rows."""
    apart, numbers = len(set(cells)) == len(cells), counted and len(cells) > 2 and _is_index(cells)
    return apart and (quoted or numbers or any(kind(cell) == "text" for cell in cells))


def _numbers_above(first: list[str], below: Sequence[Sequence[str]]) -> tuple[bool, list[Note]]:
    """Whether a row of numbers alone names the columns below it, which hold numbers too."""
    if not below or not all(COUNTED.fullmatch(cell) for cell in first):
        return False, []
    columns = [[row[j] for row in below if j < len(row)] for j in range(len(first))]
    with_fractions = [any("." in cell or "," in cell for cell in cells) for cells in columns]
    fractions = all(with_fractions)
    up, apart = _counts_up(first), len(set(first)) == len(first)
    likely = up and not _counts_up(list(below[0]))
    note = {"row": ", ".join(first[:8]) + (", …" if len(first) > 8 else "")}
    if likely and (len(first) > 4 or (fractions and (first[0] == "0" or len(first) > 2))):
        return True, [Note(NUMBERS_AS_NAMES, note)]
    doubtful = (likely and (len(first) > 2 or any(with_fractions))) or (fractions and apart)
    return False, [Note(PERHAPS_NAMES, note)] if doubtful else []


def names_rows(name: str, cells: np.ndarray, among: bool) -> bool:
    """Whether a column of words names the rows of a table: no two are alike, and it has no name, as R writes it, or is one
    ``among`` others, of which one may be the labels."""
    some = len(cells) > (1 if UNNAMED.fullmatch(name) else 2)
    return some and len(set(cells)) == len(cells) and (among or bool(UNNAMED.fullmatch(name)))


def is_index(name: str, values: np.ndarray) -> bool:
    """Whether a column is a table's index: without a name of its own, over 0, 1, 2, ... or 1, 2, 3, ..., or the same
    shuffled or chosen from: whole numbers, each once."""
    if not UNNAMED.fullmatch(name):
        return False
    count = np.arange(len(values))
    if np.array_equal(values, count) or np.array_equal(values, count + 1):
        return True
    whole = bool(np.all((values >= 0) & (values == np.floor(values))))
    return whole and len(values) > 2 and len(np.unique(values)) == len(values)


def label_by_name(names: dict[int, str], numbers: dict[int, np.ndarray]) -> int | None:
    """The place of the one column that is called as labels are, and holds texts or few whole numbers; else None."""
    low = {j: name.lower() for j, name in names.items()}
    places = [j for j, name in low.items() if name in LABELS and (j not in numbers or few(numbers[j]))]
    if len(places) != 1 or (low[places[0]] == "y" and "x" in low.values()):  # a point in the plane
        return None
    return places[0]


def label_of_mnist(columns: Sequence[np.ndarray]) -> int | None:
    """Of 785 columns, the one that holds the digit, beside greys: the first, or the last; None if this is no MNIST."""
    if len(columns) != MNIST:
        return None
    if not all(column.min() >= 0 and column.max() <= 255 for column in columns):
        return None
    places = [place for place in (0, MNIST - 1) if few(columns[place]) and columns[place].max() > 1]
    return min(places, key=lambda place: columns[place].max(), default=None)


def apart(names: list[str]) -> list[str]:
    """The names, each once: of several that are alike, the later ones are counted, "a", "a (2)", "a (3)"."""
    found: list[str] = []
    taken, counts = set(names), Counter[str]()
    for name in names:
        counts[name] += 1
        while counts[name] > 1 and (other := f"{name} ({counts[name]})") in taken:
            counts[name] += 1
        found.append(name if counts[name] == 1 else other)
        taken.add(found[-1])
    return found


def few(values: np.ndarray) -> bool:
    """Whether these are whole numbers, of so few kinds that they may be classes."""
    values = values[~np.isnan(values)]
    return bool(np.all(values == np.floor(values))) and len(np.unique(values)) <= MOST_CLASSES
