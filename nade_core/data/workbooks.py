"""From an Excel workbook to a grid of cells: the first sheet that shows something, and what Excel shows otherwise."""

import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..messages import N_, NadeError
from . import headings, text
from .bounds import MAX_SHEET, check_cells, check_unpacked
from .grids import ABOVE, Grid
from .understood import How, Note, Understood

SHEETS = N_("Only the first sheet that shows something, {name}, was read.")
HIDDEN = N_(
    "Hidden in the sheet are {rows} rows and {columns} columns: they were read as the others were. Delete those that should "
    "not be learned from."
)
PERCENT = N_("The column {name!r} shows percents: {before} is read as {after}.")
PIECE = 1 << 20  # bytes of a sheet that are looked at together
CONCEALED = re.compile(rb'<(?:\w+:)?(row|col)\s(?=[^>]*\bhidden="(?:1|true)")[^>]*>')
PLACE = re.compile(rb'\s(?:r|min|max)="(\d+)"')
ZEROS = re.compile("0{2,}")  # a format of numbers that are codes: 123 is shown as 00123


@dataclass(frozen=True)
class Sheet:
    """The cells of a sheet as texts, from its first row on; how the numbers of each column are shown; the columns whose
    numbers are no texts; and a word on what it hides and on other sheets."""

    cells: list[list[str]]
    formats: dict[int, str]
    typed: frozenset[int]
    notes: list[Note]


def grid_of_excel(path: Path, how: How) -> Grid:
    """The grid of the first sheet of a workbook that is not hidden or empty."""
    import pandas

    with zipfile.ZipFile(path) as archive:
        check_unpacked(path.name, sum(item.file_size for item in archive.infolist()), path.stat().st_size)
    sheet = _first_sheet(path)
    above = next((i for i, row in enumerate(sheet.cells) if any(row)), 0)
    width = max((len(row) for row in sheet.cells), default=0)
    check_cells(path.name, width * len(sheet.cells), MAX_SHEET)
    cells = [row + [""] * (width - len(row)) for row in sheet.cells[above:]]
    if not cells:
        raise NadeError("{name} holds no rows.", name=path.name)
    header, notes = headings.header_of(cells[0], cells[1 : ABOVE + 1]) if how.header is None else (how.header, [])
    notes += sheet.notes + _percents(cells, header, sheet.formats)
    frame, names = pandas.DataFrame(cells[header:], dtype=object), cells[0] if header else None
    about = Understood(header=header, warnings=tuple(notes))
    return Grid(frame, names, lambda i: i + 1 + above + header, about, how.decimal or ".", typed=sheet.typed)


def _first_sheet(path: Path) -> Sheet:
    """The first sheet with a cell that is not empty, best one that is not hidden; none where all are empty."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is no table: styles, charts, checks of what is typed
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible"):
                sheet.reset_dimensions()  # the size that the file states may be smaller than what it holds
                formats = _formats(sheet)
                cells, typed = _cells(sheet.iter_rows(values_only=True), formats, path.name)
                if cells:
                    more = [Note(SHEETS, {"name": sheet.title})] if len(book.worksheets) > 1 else []
                    return Sheet(cells, formats, typed, more + _hidden(sheet, len(cells), max(map(len, cells))))
        finally:
            book.close()
    return Sheet([], {}, frozenset(), [])


def _formats(sheet: Any) -> dict[int, str]:
    """How the first numbers of each column are shown, by the place of the column."""
    found: dict[int, str] = {}
    for row in sheet.iter_rows(max_row=ABOVE):
        for j, cell in enumerate(row):
            if isinstance(cell.value, int | float) and j not in found:
                found[j] = cell.number_format
    return found


def _cells(rows: Iterator[tuple], formats: dict[int, str], name: str) -> tuple[list[list[str]], frozenset[int]]:
    """The rows of a sheet as texts, as many as may be read, without empty ones at the end; codes as they are shown; and
    the columns that hold numbers with fractions, which are no texts."""
    zeros = {j: len(format) for j, format in formats.items() if ZEROS.fullmatch(format)}
    count, cells, typed = 0, [], set[int]()
    for row in rows:
        count += len(row) + 1
        check_cells(name, count, MAX_SHEET)
        cells.append(["" if cell is None else str(cell) for cell in row])
        typed.update(j for j, cell in enumerate(row) if type(cell) is float)
        for j in [j for j in zeros if j < len(row) and type(row[j]) is int]:
            cells[-1][j] = cells[-1][j].zfill(zeros[j])
    while cells and not any(cells[-1]):
        cells.pop()
    return cells, frozenset(typed)


def _hidden(sheet: Any, rows: int, columns: int) -> list[Note]:
    """A word on rows and columns of a table of this size that Excel does not show."""
    found, last = {b"row": set[int](), b"col": set[int]()}, {b"row": rows, b"col": columns}
    with sheet._get_source() as file:
        rest = b""
        while piece := file.read(PIECE):
            piece = rest + piece
            rest = piece[piece.rfind(b"<") :]
            for match in CONCEALED.finditer(piece):
                places = [int(place) for place in PLACE.findall(match[0])] or [1]
                found[match[1]].update(range(places[0], min(places[-1], last[match[1]]) + 1))
    counts = {"rows": len(found[b"row"]), "columns": len(found[b"col"])}
    return [Note(HIDDEN, counts)] if any(counts.values()) else []


def _percents(cells: list[list[str]], header: bool, formats: dict[int, str]) -> list[Note]:
    """A word on columns of percents, of which Excel keeps a hundredth."""
    notes = []
    for j in [j for j, format in formats.items() if "%" in format]:
        name = cells[0][j] if header else f"column {j + 1}"
        value = next((row[j] for row in cells[header:] if text.NUMBER.fullmatch(row[j])), "")
        notes += [Note(PERCENT, {"name": name, "before": f"{100 * float(value):g}%", "after": value})] if value else []
    return notes
