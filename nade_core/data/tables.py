"""From a grid of cells to numbers: what is an index, what are labels, where cells are empty; all of it told."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..messages import N_, NadeError
from . import doubts, headings, text
from .grids import Grid, hole
from .layout import UNKNOWN
from .remarks import listed
from .understood import Content, How, Note

if TYPE_CHECKING:
    import pandas

LARGEST = float(np.finfo(np.float32).max)
INDEX = N_("The column {name!r} only counts the rows: it was left out.")
KEPT = N_("The column {name!r} is the index of the table, as the file says: it was left out.")
NUMBERS = N_("The column {name!r} has no name and another number in each row: it was left out as an index.")
WORDS = N_("The column {name!r} holds another word in each row: it was left out as the names of the rows.")
EMPTY = N_("Columns at the sides, {n}, have no name and no values: they were left out.")
GROUPED = N_("In the column {name!r}, what parts the thousands was left out: {before} is read as {after}.")
RENAMED = N_("Several columns have one name: they are called {names}.")
LABELS = N_("The column {name!r} was set aside as labels, of {n} classes.")
DROPPED = N_("Rows with empty cells, {n}, were left out.")
FILLED = N_("Empty cells, {n}, were filled with the median of their columns.")


class Columns:
    """The columns of a grid: numbers with nan where a cell is empty, or texts. ``kept`` are the places still in use,
    ``doubtful`` holds a cell of those whose numbers may be none, or others than are ``written``."""

    def __init__(self, grid: Grid, name: str, how: How):
        self.grid, self.file = grid, name
        self.how = replace(how, labels=how.labels and text.composed(how.labels))
        width = grid.frame.shape[1]
        names = [text.composed(name) for name in grid.names or [""] * width]
        given = [name or f"column {j + 1}" for j, name in enumerate(names)]
        self.names = headings.apart(given)
        self.kept, self.told = list(range(width)), list(grid.about.warnings)
        self.dropped: list[str] = []
        self.numbers: dict[int, np.ndarray] = {}
        self.texts: dict[int, np.ndarray] = {}
        self.holes: dict[int, np.ndarray] = {}
        self.doubtful: dict[int, str | None] = {}
        self.written: dict[int, np.ndarray] = {}
        self.parted: dict[int, str] = {}
        if renamed := [name for name, before in zip(self.names, given, strict=True) if name != before]:
            self.told.append(Note(RENAMED, {"names": ", ".join(renamed)[:200]}))
        for j in range(width):
            self._take(j, grid.frame[j])

    def _take(self, j: int, series: "pandas.Series") -> None:
        import pandas

        if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf":
            self.numbers[j] = series.to_numpy()
            self.holes[j] = np.isnan(self.numbers[j])
            self.doubtful[j] = doubts.first(doubts.large(self.numbers[j]))
            return
        cells = np.array(["" if cell != cell else str(cell).strip() for cell in series.tolist()], object)
        codes, different = pandas.factorize(cells)
        found: list[str] = list(different)
        found = found if self.how.labels == self.names[j] else text.without_signs(found)
        if self.grid.mark(j) == ",":
            found = self._ungrouped(j, found) or text.with_points(found)
        if "text" in text.kinds(found):
            found = self._ungrouped(j, found) or found
        kinds = np.array(text.kinds(found), object)[codes]
        self.holes[j], words = kinds == "hole", kinds == "text"
        if words.any():
            if (kinds == "number").any() and self.how.labels != self.names[j] and not self._is_unknown(j):
                raise self.no_number(int(np.flatnonzero(words)[0]), j)
            self.texts[j] = cells
            return
        self.doubtful[j], self.written[j] = doubts.first(found), cells
        if self.grid.mark(j) == "." and (
            cell := doubts.parted([cell for cell in found if text.kind(cell) == "number"])
        ):
            self.parted[j] = cell
        values = [text.number(cell) if text.kind(cell) == "number" else np.nan for cell in found]
        self.numbers[j] = np.array(values, float)[codes]

    def _ungrouped(self, j: int, cells: list[str]) -> list[str] | None:
        """The different cells of a column without what parts their thousands; None where they are other texts."""
        if self.how.labels == self.names[j]:
            return None
        holes = [text.kind(cell) == "hole" for cell in cells]
        plain = text.ungrouped([cell for cell, hole in zip(cells, holes, strict=True) if not hole], self.grid.mark(j))
        if plain is None:
            return None
        left = iter(plain)
        found = [cell if hole else next(left) for cell, hole in zip(cells, holes, strict=True)]
        before, after = next((a, b) for a, b in zip(cells, found, strict=True) if len(b) < len(a))
        self.told.append(Note(GROUPED, {"name": self.names[j], "before": before, "after": after}))
        return found

    def no_number(self, i: int, j: int) -> NadeError:
        """The refusal of a cell that is a text among numbers."""
        return NadeError(
            "{name} should hold only numbers: row {row}, column {column} is {value!r}.",
            name=self.file,
            row=self.grid.row(i),
            column=j + 1,
            value=str(self.grid.frame[j].iloc[i])[:80],
        )

    def leave_out(self) -> None:
        """The index, and empty columns at the sides, which a separator at the end of each line makes, or a sheet."""
        for j in [j for j in self.kept if j in self.grid.index and self.names[j] != self.how.labels][
            : len(self.kept) - 1
        ]:
            self._drop(j, KEPT)
        while self.kept[1:] and self.grid.names and self._counts(j := self.kept[0]):
            self._drop(j, INDEX if np.all(np.diff(self.numbers[j]) == 1) else NUMBERS)
        words = [j for j in self.kept if j in self.texts and self.names[j] != self.how.labels]
        for j in [j for j in words if self._names_rows(j, len(words) > 1 or self.how.labels is not None)]:
            if self.kept[1:]:
                self._drop(j, WORDS)
        empty: list[str] = []
        while self.kept[1:] and len(self.grid.frame) > 1 and self._empty(self.kept[-1]):
            empty.insert(0, self.names[self.kept.pop()])
        while self.kept[1:] and len(self.grid.frame) > 1 and self._empty(self.kept[0]):
            empty.append(self.names[self.kept.pop(0)])
        if empty:
            self.dropped += empty
            self.told.append(Note(EMPTY, {"n": len(empty)}))

    def _drop(self, j: int, message: str) -> None:
        self.kept.remove(j)
        self.dropped.append(self.names[j])
        self.told.append(Note(message, {"name": self.names[j]}))

    def _counts(self, j: int) -> bool:
        if j not in self.numbers or self.names[j] == self.how.labels:
            return False
        return headings.is_index((self.grid.names or self.names)[j], self.numbers[j])

    def leave_unknown(self, label: int | None) -> None:
        """What a model does not know, whatever it holds, where it knows some columns."""
        left = [j for j in self.kept if self._is_unknown(j) and j != label]
        if left and len(left) < len(self.kept) - (label in self.kept):
            self.kept = [j for j in self.kept if j not in left]
            self.dropped += [self.names[j] for j in left]
            self.told.append(Note(UNKNOWN, {"names": listed([self.names[j] for j in left])}))

    def _is_unknown(self, j: int) -> bool:
        return bool(self.how.known and self.grid.names) and self.names[j] not in self.how.known

    def _names_rows(self, j: int, among: bool) -> bool:
        given = self.grid.names[j] if self.grid.names else "?"
        return headings.names_rows(given, self.texts[j], among) and not self._is_dressed(j)

    def _empty(self, j: int) -> bool:
        return not (self.grid.names and self.grid.names[j]) and bool(self.holes[j].all())

    def label(self) -> int | None:
        """The place of the labels, as somebody says or as it looks; None where there are none."""
        asked, numbers = self.how.labels, {j: self.numbers[j] for j in self.kept if j in self.numbers}
        if asked == "":
            return None
        if asked is not None:
            place = next((j for j in self.kept if self.names[j] == asked), None)
            if place is None:
                known = ", ".join(self.names[j] for j in self.kept[:20])
                raise NadeError("There is no column {asked!r}; there are {known}.", asked=asked, known=known)
            return place
        named = {j: self.names[j] for j in self.kept} if self.grid.names else {}
        place = headings.label_by_name(named, numbers)
        words = [j for j in self.kept if j in self.texts and not self._is_dressed(j)]
        if place is None and words:
            return max(words)
        plain = place is None and all(j in numbers for j in self.kept)
        mnist = headings.label_of_mnist(list(numbers.values())) if plain else None
        return place if mnist is None else self.kept[mnist]

    def tell_doubts(self, label: int | None) -> None:
        """A word on cells that may be no numbers, or others than are written; among labels they are texts."""
        for j in self.kept:
            if (cell := self.doubtful.get(j)) and j != label:
                self.told.append(doubts.note(self.names[j], cell))
            elif cell and j in self.written:
                self.texts[j] = self.written[j]
                del self.numbers[j]

    def tell_points(self, label: int | None) -> None:
        """A word on columns whose points may part thousands. Where another column has a decimal point, the first of them
        ends in 0."""
        others = [column for j, column in self.numbers.items() if j not in self.parted]
        shown = any(doubts.shows_point(column) for column in others if column.dtype.kind == "f")
        for j, cell in self.parted.items():
            if j in self.kept and j != label and (cell.endswith("0") or not shown):
                facts = {"name": self.names[j], "before": cell, "after": f"{float(cell):g}"}
                self.told.append(Note(doubts.PARTED, facts))

    def _is_dressed(self, j: int) -> bool:
        """Whether a column of texts holds numbers or dates in another dress, which are no labels."""
        return all(text.is_dressed(cell) for cell in set(self.texts[j][~self.holes[j]]))

    def whole_rows(self) -> np.ndarray | slice:
        """Which rows are left once those with empty cells are refused, dropped or filled."""
        empty = np.any([self.holes[j] for j in self.kept], axis=0)
        if not empty.any() or self.how.holes == "keep":
            return slice(None)
        if self.how.holes == "drop" and not empty.all():
            self.told.append(Note(DROPPED, {"n": int(empty.sum())}))
            return ~empty
        if self.how.holes == "fill":
            self._fill()
            empty = np.any([self.holes[j] for j in self.kept], axis=0)
            if not empty.any():
                return slice(None)
        i = int(np.flatnonzero(empty)[0])
        j = next(j for j in self.kept if self.holes[j][i])
        raise hole(self.file, self.grid.row(i), j + 1, str(self.grid.frame[j].iloc[i]).strip())

    def _fill(self) -> None:
        count = 0
        for j in self.kept:
            if j in self.numbers and self.holes[j].any() and not self.holes[j].all():
                count += int(self.holes[j].sum())
                self.numbers[j] = filled(self.numbers[j], self.holes[j])
                self.holes[j] = np.zeros_like(self.holes[j])
        self.told.append(Note(FILLED, {"n": count}))

    def check_sizes(self) -> None:
        """NadeError for a number that float32 does not hold."""
        for j in self.kept:
            beyond = np.abs(self.numbers[j].astype(float)) > LARGEST if j in self.numbers else np.zeros(1, bool)
            if beyond.any():
                i = int(np.flatnonzero(beyond)[0])
                raise NadeError(
                    "{name}: row {row}, column {column} is {value}, beyond what float32 holds.",
                    name=self.file,
                    row=self.grid.row(i),
                    column=j + 1,
                    value=self.numbers[j][i],
                )


def filled(values: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Values (N,) whose holes hold the (lower) median of the others, which is a value that occurs."""
    return np.where(holes, np.quantile(values[~holes], 0.5, method="lower"), values)


def table_of(grid: Grid, name: str, how: How) -> Content:
    """The numbers of a grid (N, D), uint8 where all are whole and below 256, else float64, and its labels.

    NadeError names the row and the column, counted as the file counts them, of a cell that is empty or a text.
    """
    columns = Columns(grid, name, how)
    columns.leave_out()
    label = columns.label()
    columns.leave_unknown(label)
    columns.tell_doubts(label)
    columns.tell_points(label)
    for j in columns.kept:
        if j in columns.texts and j != label:
            raise columns.no_number(int(np.flatnonzero(~columns.holes[j])[0]), j)
    rows = columns.whole_rows()
    columns.check_sizes()
    kept = [j for j in columns.kept if j != label]
    if not kept:
        raise NadeError("{name} holds no column of numbers.", name=name)
    labels = {}
    if label is not None:
        found = columns.texts[label] if label in columns.texts else columns.numbers[label]
        labels = {name: found[rows].astype(str if label in columns.texts else found.dtype)}
        columns.told.append(Note(LABELS, {"name": columns.names[label], "n": len(np.unique(labels[name]))}))
    about = replace(
        grid.about,
        names=tuple(columns.names[j] for j in kept) if grid.names else (),
        dropped=tuple(columns.dropped),
        labels=None if label is None else columns.names[label],
        warnings=tuple(columns.told),
    )
    return Content({name: stacked([columns.numbers[j][rows] for j in kept])}, labels, about)


def stacked(columns: list[np.ndarray]) -> np.ndarray:
    """Columns (N,) of numbers side by side (N, D)."""
    small = all(np.all((column >= 0) & (column <= 255) & (column == np.floor(column))) for column in columns)
    array = np.empty((len(columns[0]), len(columns)), np.uint8 if small else np.float64)
    for j, column in enumerate(columns):
        array[:, j] = column
    return array


def reader(grid: Callable) -> Callable:
    """A reader of files whose grid is made by ``grid(path, how)``."""
    return lambda path, how: table_of(grid(path, how), path.name, how)
