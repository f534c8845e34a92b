"""From a file to a grid of cells: text and Parquet, read by pandas, which loads only where a table is read."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..messages import N_, NadeError
from . import doubts, headings, text
from .bounds import check_cells, check_unpacked, check_width, unpacked_limit
from .encodings import GUESSED
from .understood import How, Note, Understood

if TYPE_CHECKING:
    import pandas

MAX_TEXT = 1 << 28  # bytes
PIECE = 1 << 14  # rows that are looked at once more
ABOVE = 100  # rows by which a header is judged
COMMAS = N_(
    "Commas are taken for decimal marks, though they may part thousands or cells: {before} is read as {after}. If they part "
    "thousands, say that the decimal mark is a point."
)

TWO = N_(
    "Each row was read as two whole numbers, {row}. If it is one with a decimal comma, say that the decimal mark is a comma."
)


@dataclass
class Grid:
    """A table before it is judged: its columns, their names if it has a header, the file's number of each row, the
    decimal mark of numbers that are texts, the columns that are its index, as the file says, and those that are
    ``typed``: their numbers are no texts."""

    frame: "pandas.DataFrame"
    names: list[str] | None
    row: Callable[[int], int]
    about: Understood
    decimal: str = "."
    index: tuple[int, ...] = ()
    typed: frozenset[int] = frozenset()

    def mark(self, j: int) -> str:
        """The decimal mark of the texts of a column, "" where its numbers are no texts."""
        return "" if j in self.typed else self.decimal


def grid_of_text(path: Path, how: How) -> Grid:
    """The grid of a text, also within .gz."""
    content = _unzipped(path) if path.suffix.lower() == ".gz" else path.read_bytes()
    if len(content) > MAX_TEXT:
        raise NadeError("{name} is larger than {limit} MB.", name=path.name, limit=MAX_TEXT >> 20)
    return _grid_of_bytes(content, path.name, how)


def _unzipped(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            content = file.read(unpacked_limit(path.stat().st_size) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise NadeError("{name} is damaged, or not packed by gzip.", name=path.name) from error
    check_unpacked(path.name, len(content), path.stat().st_size)
    return content


def _grid_of_bytes(content: bytes, name: str, how: How) -> Grid:
    letters, encoding, guessed = text.decoded(content, name)
    dialect = text.dialect(letters, how.decimal)
    first, used = _first_row(_after(letters, dialect.above), dialect)
    body = _after(letters, used)
    rows = text.rows_of(body[: 1 << 20], dialect.separator, ABOVE)
    check_width(name, max(map(len, (first, *rows))))
    first = _unmarked(first, rows)
    pointed = [[text.with_point(cell, dialect) for cell in row] for row in (first, *rows)]
    more = {len(row) - len(first) for row in rows} == {1} and any(row[-1].strip() for row in rows)  # cells than names
    below = [row[more:] for row in pointed[1:]]
    header, notes = headings.header_of(pointed[0], below) if how.header is None else (how.header, [])
    notes += [Note(GUESSED, {"encoding": encoding})] if guessed else []
    if dialect.doubtful:
        notes.append(Note(COMMAS, {"before": dialect.doubtful, "after": text.with_point(dialect.doubtful, dialect)}))
    if not header and how.decimal is None and dialect.separator == "," and _may_be_one([first, *rows]):
        notes.append(Note(TWO, {"row": ", ".join(first)}))
    skipped = used if header else dialect.above
    table = body if header else _after(letters, skipped)
    if not first or not table.strip():
        raise NadeError("{name} holds no rows.", name=name)
    check_cells(name, (table.count("\n") + 1) * len(first))
    check_width(name, table.lstrip(" \n").partition("\n")[0].count(dialect.separator))  # pandas makes so many columns
    about = Understood(header=header, separator=dialect.separator, encoding=encoding, warnings=tuple(notes))
    frame = _parsed(table, dialect, name, skipped)
    first, index = _aligned(first, frame, table, dialect) if header else (first, ())
    if header and len(first) != frame.shape[1]:
        raise _uneven(name, skipped + 1, frame.shape[1], len(first))
    if frame.shape[1] == 1:
        _no_blank_lines(table, name, skipped)
    frame = _as_written(frame, table, dialect)
    return Grid(frame, first if header else None, lambda i: _line(table, i) + skipped, about, dialect.decimal, index)


def _may_be_one(rows: list[list[str]]) -> bool:
    """Whether two whole numbers in each row may be one with a decimal comma, and are no bits."""
    plain = all(len(row) == 2 and row[1].isdigit() and row[0].lstrip("+-").isdigit() for row in rows)
    return plain and not {cell for row in rows for cell in row} <= {"0", "1"}


def _aligned(
    names: list[str], frame: "pandas.DataFrame", table: str, dialect: text.Dialect
) -> tuple[list[str], tuple[int, ...]]:
    """The names of the columns, with an empty one where each row has a cell more, and the column that is the index: R
    writes names of rows before the others, some programs a separator behind them."""
    if len(names) + 1 != frame.shape[1]:
        return names, ()
    if not any(map(str, frame[len(names)].tolist())):
        return [*names, ""], ()
    lines = [line.lstrip() for line in table.split("\n") if line.strip()]
    quoted = all(line.startswith('"') for line in lines) and lines[0].count('"') < 2 * frame.shape[1]
    counted = quoted or dialect.separator != "," or len(names) > 1  # "1,5" may be one number
    if headings.are_row_names([str(cell).strip() for cell in frame[0].tolist()], quoted, counted):
        return ["", *names], (0,)
    return names, ()


def _unmarked(names: list[str], below: list[list[str]]) -> list[str]:
    """The first row without the mark of a comment, "# a,b" or "# a b", which numpy writes before the names of columns."""
    if names[:1] == ["#"] and below and len(below[0]) == len(names) - 1:
        return names[1:]
    return [names[0].removeprefix("# "), *names[1:]] if names else names


def _after(letters: str, lines: int) -> str:
    """The text below so many lines."""
    parts = letters.split("\n", lines)
    return parts[lines] if len(parts) > lines else ""


def _first_row(table: str, dialect: text.Dialect) -> tuple[list[str], int]:
    """The cells of the first row, and how many lines there are up to its end, those above the table with it."""
    if dialect.separator == " ":
        return text.cells_of(table.split("\n", 1)[0], " "), dialect.above + 1
    with suppress(csv.Error):
        reader = csv.reader(io.StringIO(table), delimiter=dialect.separator, skipinitialspace=True)
        return [cell.strip() for cell in next(reader, [])], dialect.above + reader.line_num
    return [], dialect.above


def _parsed(table: str, dialect: text.Dialect, name: str, skipped: int) -> "pandas.DataFrame":
    import pandas

    both = dialect.decimal == "," and "." in table  # pandas would take a point for a decimal mark as well
    try:
        return _read(table, dialect, **{"dtype": str} if both else {"decimal": dialect.decimal}, low_memory=False)
    except pandas.errors.ParserError as error:
        uneven = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        if uneven:
            expected, line, saw = map(int, uneven.groups())
            raise _uneven(name, line + skipped, saw, expected) from error
        raise NadeError("{name} is no table: a quotation mark is opened, and not closed.", name=name) from error


def _read(table: str, dialect: text.Dialect, **options: Any) -> Any:
    import pandas

    return pandas.read_csv(
        io.StringIO(table),
        sep=r"\s+" if dialect.separator == " " else dialect.separator,
        header=None,
        index_col=False,
        na_filter=False,
        skipinitialspace=True,
        **options,
    )


def _as_written(frame: "pandas.DataFrame", table: str, dialect: text.Dialect) -> "pandas.DataFrame":
    """The table with those columns of numbers as texts of which something is to be told: of "00123" pandas leaves 123."""
    numbers = [j for j in range(frame.shape[1]) if getattr(frame[j].dtype, "kind", "O") in "iuf"]
    codes = numbers if doubts.may_be_in(table, dialect.separator) else []
    points = [j for j in numbers if dialect.decimal == "." and doubts.may_be_parted(frame[j].to_numpy())]
    if not codes and not points:
        return frame
    found, whole = set[int](), set[int]()
    for piece in _read(table, dialect, dtype=str, usecols=sorted({*codes, *points}), chunksize=PIECE):
        cells = {j: list(map(str.strip, piece[j].unique())) for j in piece}
        found |= {j for j in codes if j not in found and doubts.first(cells[j]) is not None}
        points = [j for j in points if doubts.in_groups(cells[j])]
        whole |= {j for j in points if not all("." in cell for cell in cells[j])}
        if not codes and not points:
            break
    if found := found | whole.intersection(points):
        written = _read(table, dialect, dtype=str, usecols=sorted(found))
        for j in found:
            frame[j] = written[j]
    return frame


def _uneven(name: str, row: int, saw: int, expected: int) -> NadeError:
    return NadeError(
        "The rows of {name} have different numbers of columns: row {row} has {saw}, those above it {expected}.",
        name=name,
        row=row,
        saw=saw,
        expected=expected,
    )


def _no_blank_lines(table: str, name: str, skipped: int) -> None:
    """In a table of one column an empty line is an empty cell."""
    for i, line in enumerate(table.rstrip().split("\n")):
        if not line.strip():
            raise hole(name, i + 1 + skipped, 1, "")


def _line(table: str, i: int) -> int:
    """The number, from 1, of the line that holds row ``i``: pandas passes over empty ones."""
    places = (number for number, line in enumerate(table.split("\n"), 1) if line.strip())
    return next((number for k, number in enumerate(places) if k == i), i + 1)


def grid_of_parquet(path: Path, how: How) -> Grid:
    """The grid of a table as pandas and others write it with Arrow."""
    from pyarrow import parquet

    with path.open("rb") as source:
        file = parquet.ParquetFile(source)
        groups = range(file.num_row_groups) if how.groups is None else how.groups
        cells = sum(file.metadata.row_group(i).num_rows for i in groups) * file.metadata.num_columns
        check_width(path.name, file.metadata.num_columns)
        check_cells(path.name, cells)
        check_unpacked(path.name, 8 * cells, path.stat().st_size)
        frame = file.read_row_groups(list(groups)).to_pandas(ignore_metadata=True)
        index = (file.schema_arrow.pandas_metadata or {}).get("index_columns", [])
    grid = grid_of_frame(frame, path.name)
    places = (j for j, name in enumerate(grid.names or ()) if name in index or headings.LEVEL.fullmatch(name))
    return replace(grid, index=tuple(places), decimal=how.decimal or ".")


def grid_of_frame(frame: "pandas.DataFrame", name: str) -> Grid:
    """The grid of a table whose columns have types."""
    names = [str(column) for column in frame.columns]
    frame, typed = frame.set_axis(range(frame.shape[1]), axis=1), set[int]()
    for j in range(len(names)):
        kind = getattr(frame[j].dtype, "kind", "O")
        if kind in "mM":
            raise NadeError("The column {column} of {name} holds dates, not numbers.", column=names[j], name=name)
        cells = [] if kind in "biuf" else frame[j].tolist()
        typed |= set() if any(isinstance(cell, str) for cell in cells) else {j}
        if cells:
            frame[j] = [_cell(cell, names[j], name) for cell in cells]
    return Grid(frame, names, lambda i: i + 1, Understood(header=True), typed=frozenset(typed))


def _cell(cell: Any, column: str, name: str) -> str:
    """A cell as a text, empty where there is none. NadeError where it holds several values."""
    if hasattr(cell, "__len__") and not isinstance(cell, str | bytes):
        raise NadeError("The column {column} of {name} holds several values in one cell.", column=column, name=name)
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    return "" if cell is None or cell != cell else str(cell)


def hole(name: str, row: int, column: int, cell: str) -> NadeError:
    """The refusal of an empty cell."""
    if not cell:
        return NadeError("{name}: row {row}, column {column} is empty.", name=name, row=row, column=column)
    return NadeError("{name}: row {row}, column {column} is {cell}.", name=name, row=row, column=column, cell=cell)
