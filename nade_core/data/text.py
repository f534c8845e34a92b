"""From the bytes of a text to its lines: which encoding, which separator, which decimal mark."""

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from ..messages import NadeError
from .encodings import SOME, encoding_of

SEPARATORS = (",", ";", "\t", "|", " ")  # of several that fit equally, the first
LOOK = 60  # lines that are looked at to find the separator
LONGEST = 1 << 17  # letters of a cell
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.IGNORECASE)
COMMAS = re.compile(r"^.*,.*$", re.MULTILINE)  # lines with one
PART = r"(1\d\d|2[0-4]\d|25[0-5])"  # of an address in a network, where it has three figures
MANY = re.compile(rf"(?!\d+(\.{PART}){{3}}$)[+-]?[1-9]\d{{0,2}}(\.\d{{3}}){{2,}}", re.ASCII)
POINTS = re.compile(r"\.\d{3}\.\d{3}.*$", re.MULTILINE)  # from a second point on, what a line may hold of 1.234.567
WITH_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
GROUPS = (
    (",", r"\."),
    (r"\.", ","),
    ("[ \u00a0\u202f'\u2019]", "[.,]"),
)  # what parts thousands, and the decimal mark with it
GROUPED = tuple(
    re.compile(
        rf"[+-]?([1-9]\d{{0,2}}((?:{group}\d{{3}})+|(?:{group}\d\d)+{group}\d{{3}})|\d+)(?:{mark}\d+)?", re.ASCII
    )
    for group, mark in GROUPS  # 1,234,567, and as in India 12,34,567
)
BEGINS = re.compile(
    r"[€$£¥₩(]?\s?[+\-−–]?\d|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s", re.IGNORECASE
)
DRESSED = re.compile(
    r"[€$£¥₩(]?\s?[+\-−–]?\d[\d.,:/'\-\sT]*(\s?[%°€$£¥₩)]|\s[^\W\d_]{1,3}|k|K|[kmµ]?g|[kmc]?m|m?l|[°℃]C?|[천만억점세살명])?"
    r"|0[xXbBoO][\da-fA-F]+|[+-]?\d+(\.\d*)?[dD][+-]?\d+"
)
PARTING = re.compile(r'[".]|[^\W\d_],|,[^\W\d_]')  # beside commas that part cells, names among them
MINUS = re.compile(r"(?:(?<=[\s,;|\"])|^)[\u2212\u2013](?=[\d.,])", re.MULTILINE)  # of print, before a number
SEVEN_BITS = re.compile(  # letters as HZ and UTF-7 write them; +380-44-... and wins+attempts-losses are none
    r"~\{(?:[!-}]{2})+~\}|\+(?!\d+-|[a-z]+-|[A-Z]+-)[A-Za-z\d+/]{3,}-"
)
UNSEEN = " \t\n\u00a0\u3000\u200b\u2060\ufeff"  # at the ends of a name
WORDS = {"true": 1.0, "false": 0.0}
HOLES = {"", "na", "n/a", "<na>", "nan", "-nan", "null", "none", "?"} | {
    f"#{error}" for error in ("n/a", "div/0!", "value!", "ref!", "name?", "num!", "null!")
}  # what Excel writes into a cell that it cannot compute is as good as empty
SIGNS = {
    "-",
    "--",
    "\u2013",
    "\u2014",
    ".",
    "..",
    "...",
    "*",
    "\\n",
    "x",
    "missing",
    "결측",
}  # so are these, among numbers


@dataclass(frozen=True)
class Dialect:
    """How a text is a table: what stands between two cells (" ": any blanks), the decimal mark, and how many lines
    stand above the table. ``doubtful`` is a number whose decimal comma may be none."""

    separator: str
    decimal: str
    above: int
    doubtful: str = ""


def composed(name: str) -> str:
    """A name whose letters are composed, as most programs write them; files from a Mac may take 키 apart into ㅋ and ㅣ.
    Blanks, and what has no width, at its ends are no part of it."""
    return unicodedata.normalize("NFC", name).strip(UNSEEN)


def kind(cell: str) -> str:
    """What a cell holds: a "number" (also True and False), a "hole", or "text"."""
    cell = cell.strip()
    if cell.lower() in HOLES:
        return "hole"
    return "number" if NUMBER.fullmatch(cell) or cell.lower() in WORDS else "text"


def kinds(cells: list[str]) -> list[str]:
    """What the different cells of a column hold: True and False are no numbers among others than 0 and 1."""
    found = [kind(cell) for cell in cells]
    truths = [cell.lower() in WORDS for cell in cells]
    if any(truths) and any(
        what == "number" and number(cell) not in (0, 1) for cell, what in zip(cells, found, strict=True)
    ):
        return ["text" if truth else what for truth, what in zip(truths, found, strict=True)]
    return found


def without_signs(cells: list[str]) -> list[str]:
    """The different cells of a column, those empty that hold a sign for what is missing among numbers."""
    signs = [cell.lower() in SIGNS for cell in cells]
    others = [cell for cell, sign in zip(cells, signs, strict=True) if not sign]
    if not any(signs) or all(kind(cell) == "hole" for cell in others) or not all(map(_is_like_number, others)):
        return cells
    return ["" if sign else cell for cell, sign in zip(cells, signs, strict=True)]


def number(cell: str) -> float:
    """The value of a cell that is a number."""
    cell = cell.strip()
    return WORDS[cell.lower()] if cell.lower() in WORDS else float(cell)


def ungrouped(cells: list[str], decimal: str = ".") -> list[str] | None:
    """The cells without what parts thousands ("1,234.5", "1.234,5", "1 234"), all in one way; None where they are other
    texts, or where nothing parts any. A decimal comma parts no thousands."""
    for (group, mark), pattern in zip(GROUPS, GROUPED, strict=True):
        if group == decimal:
            continue
        found = [pattern.fullmatch(cell.strip()) for cell in cells]
        if all(found) and any(match[2] for match in found if match):
            return [re.sub(mark, ".", re.sub(group, "", cell.strip())) for cell in cells]
    return None


def is_dressed(cell: str) -> bool:
    """Whether this is a number or a date in a dress that is not read: "$1.5", "10 %", "2020-01-02", "12:30", "1500원"."""
    cell = cell.strip().lstrip("'=\"").rstrip('"')
    figures, letters = sum(map(str.isdigit, cell)), sum(map(str.isalpha, cell))
    mostly = bool(BEGINS.match(cell)) and figures > max(2, letters)
    return mostly or kind(cell) == "number" or bool(DRESSED.fullmatch(cell))


def with_point(cell: str, dialect: Dialect) -> str:
    """The cell, with a decimal point if it is a number with another decimal mark, without what parts thousands."""
    grouped = ungrouped([cell])
    if grouped and not (dialect.decimal == "," and WITH_COMMA.fullmatch(cell.strip())):
        return grouped[0]
    return cell.replace(",", ".") if dialect.decimal == "," and WITH_COMMA.fullmatch(cell.strip()) else cell


def with_points(cells: list[str]) -> list[str]:
    """The cells of a column with decimal points, where they are numbers with decimal commas; else as they are."""
    known = all(WITH_COMMA.fullmatch(cell) or (kind(cell) != "text" and "." not in cell) for cell in cells)
    return [cell.replace(",", ".") for cell in cells] if known else cells


def decoded(content: bytes, name: str) -> tuple[str, str, bool]:
    """The text with "\\n" at the ends of its lines, its encoding, and whether that is a guess. NadeError for what is no
    text."""
    encoding, guessed = encoding_of(content)
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise NadeError(
            "{name} is no text in {encoding}, though it begins as one.", name=name, encoding=encoding
        ) from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise NadeError("{name} is no text: it holds bytes of zero.", name=name)
    if "\x1b" in text or _is_of_seven_bits(text[:SOME]):  # as mail does in Japan and Korea
        raise NadeError("{name} is in an encoding that is not read here: save it as UTF-8.", name=name)
    return text if text.isascii() else MINUS.sub("-", text), encoding, guessed


def _is_of_seven_bits(text: str) -> bool:
    """Whether letters are written as ASCII: ~{VPND~}, or +AMDsAQQ-."""
    for found in SEVEN_BITS.finditer(text) if text.isascii() else ():
        try:
            letters = found[0].encode().decode("hz" if found[0][0] == "~" else "utf-7")
        except UnicodeDecodeError:
            continue
        if letters.isalpha() and not letters.isascii():
            return True
    return False


def dialect(text: str, decimal: str | None = None) -> Dialect:
    """How the text is a table: as a first line ``sep=;`` says, else the separator by which its cells are numbers; with the
    decimal mark that somebody says, else as it looks."""
    start = text[: 1 << 20].split("\n")
    above = next((i for i, line in enumerate(start) if line.strip()), 0)
    told = re.fullmatch(r'"?sep=(.)"?[ ,;\t]*', start[above], re.IGNORECASE) if start else None
    above += bool(told)
    lines = [line for line in start[above : above + LOOK] if line.strip()]
    bare = decimal == "," and not PARTING.search(text)  # then no comma parts cells
    separator = told[1] if told else max(SEPARATORS[bare:], key=lambda separator: _fit(lines, separator))
    lines += [found[0] for found in islice(COMMAS.finditer(text), LOOK)]
    commas, doubtful = _decimal_commas({cell.strip() for line in lines for cell in cells_of(line, separator)})
    if decimal or (not commas and _has_many_points(text, separator)):
        return Dialect(separator, decimal or ",", above)
    if not commas or (separator == "," and doubtful):
        return Dialect(separator, ".", above)
    return Dialect(separator, ",", above, commas[0] if separator == "," or doubtful else "")


def _has_many_points(text: str, separator: str) -> bool:
    """Whether a number of the first that have several points is 1.234.567: these part thousands, and so do others."""
    lines = (
        text[text.rfind("\n", 0, found.start()) + 1 : found.end()] for found in islice(POINTS.finditer(text), LOOK)
    )
    return any(MANY.fullmatch(cell.strip()) for line in lines for cell in cells_of(line, separator))


def _decimal_commas(cells: set[str]) -> tuple[list[str], bool]:
    """The numbers with a decimal comma, and whether the commas of all may part thousands as well: then there are none
    where other numbers have a point, or commas that can only part thousands."""
    commas = sorted(cell for cell in cells if WITH_COMMA.fullmatch(cell))
    doubtful = all(_in_groups(cell, 0) for cell in commas)
    points = any((NUMBER.fullmatch(cell) and "." in cell) or _in_groups(cell, 0) for cell in cells.difference(commas))
    return ([], False) if doubtful and points else (commas, doubtful)


def _in_groups(cell: str, way: int) -> bool:
    """Whether a number has groups of three figures, parted in this one of the ways."""
    found = GROUPED[way].fullmatch(cell)
    return bool(found and found[2])


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    csv.field_size_limit(LONGEST)
    try:
        line = " ".join(line.split()) if separator == " " else line
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return [line]


def _fit(lines: list[str], separator: str) -> tuple[bool, float]:
    """How well a separator fits: whether it separates at all; cells that are numbers, in lines of equal width."""
    rows = [cells_of(line, separator) for line in lines]
    widths = Counter(map(len, rows))
    cells = [cell.strip() for row in rows[len(rows) > 1 :] for cell in row]
    numbers = sum(_is_like_number(cell) for cell in cells)
    alike = max(widths.values(), default=0) / max(len(rows), 1)
    return max(widths, default=0) > 1, alike * numbers / max(len(cells), 1)


def _is_like_number(cell: str) -> bool:
    """Whether a cell is none of text, its decimal mark and what parts its thousands whatever they are."""
    return kind(cell) != "text" or bool(WITH_COMMA.fullmatch(cell)) or ungrouped([cell]) is not None


def rows_of(text: str, separator: str, most: int) -> list[list[str]]:
    """The cells of the first rows, without empty ones: a quoted cell may hold ends of lines."""
    if separator == " ":
        return [cells_of(line, " ") for line in text.split("\n")[:most] if line.strip()]
    csv.field_size_limit(LONGEST)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True):
            rows += [row] if any(cell.strip() for cell in row) else []
            if len(rows) == most:
                break
    except csv.Error:
        pass
    return rows
