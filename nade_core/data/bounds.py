"""How much is unpacked: asked before memory is taken."""

from ..messages import NadeError

MAX_FILE_BYTES = 1 << 30
MAX_UNPACKED = 1 << 30
MAX_COLUMNS = 1 << 16
MAX_CELLS = 1 << 26  # of a table that is written out as text
MAX_SHEET = 1 << 23  # of a workbook, which is read cell by cell
SMALL, RATIO = 1 << 25, 200  # what is small may unpack to anything; what is larger, to so many times its size


def unpacked_limit(packed: int) -> int:
    """How many bytes a file of so many may unpack to."""
    return min(MAX_UNPACKED, max(SMALL, RATIO * packed))


def check_unpacked(name: str, unpacked: int, packed: int) -> None:
    """NadeError where ``packed`` bytes claim to hold more than a file of honest data does."""
    limit = unpacked_limit(packed)
    if unpacked > limit:
        raise NadeError("{name} would unpack to more than {limit} MB.", name=name, limit=limit >> 20)


def check_width(name: str, columns: int) -> None:
    """NadeError for a table of so many columns that to look at each takes long."""
    if columns > MAX_COLUMNS:
        raise NadeError("{name} has more than {limit:,} columns.", name=name, limit=MAX_COLUMNS)


def check_cells(name: str, cells: int, limit: int = MAX_CELLS) -> None:
    """NadeError for a table that is too large to be read."""
    if cells > limit:
        raise NadeError("{name} holds more than {limit:,} cells.", name=name, limit=limit)
