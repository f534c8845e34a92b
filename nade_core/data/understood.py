"""How a file is to be read, where somebody says so, and what was understood of it: nothing is changed in silence."""

from dataclasses import dataclass, field

import numpy as np

from ..messages import NadeError, Note

HOLES = ("refuse", "drop", "fill", "keep")
DECIMALS = (".", ",")
BINARISE = ("threshold", "bernoulli")


@dataclass(frozen=True)
class How:
    """How a file is read; what is None is decided by how the file looks, and told.

    ``values`` is the kind of rows ("binary", "real", "levels"), ``key`` one of several arrays. ``header``: whether the
    first row is one of names. ``decimal`` is the mark of numbers that are texts, "." or ",": the other parts thousands.
    ``labels``: the column to set aside, "" for none. ``holes``: whether a row with an empty cell is refused, dropped,
    filled with the column's median, or kept, nan where it is empty. ``binarise``: how numbers that are not 0 and 1 become
    so, by a threshold or by one Bernoulli draw each. ``packed``: eight binary values a byte, as numpy.packbits does.
    ``groups``: which groups of rows of a Parquet file are read, None for all. ``known``: the names of a model's columns, if
    others are to be left out.
    """

    values: str | None = None
    key: str | None = None
    header: bool | None = None
    decimal: str | None = None
    labels: str | None = None
    holes: str = "refuse"
    binarise: str | None = None
    packed: bool = False
    groups: tuple[int, ...] | None = None
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.holes not in HOLES:
            raise NadeError("Expected holes to be one of {known}; got {value!r}.", known=HOLES, value=self.holes)
        if self.decimal not in (None, *DECIMALS):
            raise NadeError("Expected decimal to be one of {known}; got {value!r}.", known=DECIMALS, value=self.decimal)
        if self.binarise not in (None, *BINARISE):
            raise NadeError(
                "Expected binarise to be one of {known}; got {value!r}.", known=BINARISE, value=self.binarise
            )


@dataclass(frozen=True)
class Skipped:
    """A file of an archive or a folder that was left out, and why."""

    name: str
    why: NadeError


@dataclass(frozen=True)
class Understood:
    """What a file was taken for. ``kind`` is "table" or "pictures" (a row each).

    ``rows`` and ``columns`` are those that are learned from; ``names`` are the columns', ``dropped`` those that were
    left out, ``labels`` the column or array set aside as classes. ``offers`` are the ways to make rows of 0 and 1, one of
    which must be chosen. ``separator`` and ``encoding`` are of a text.
    """

    kind: str = "table"
    rows: int = 0
    columns: int = 0
    names: tuple[str, ...] = ()
    header: bool = False
    separator: str = ""
    encoding: str = ""
    dropped: tuple[str, ...] = ()
    labels: str | None = None
    first_rows: tuple[tuple[float, ...], ...] = ()
    skipped: tuple[Skipped, ...] = ()
    offers: tuple[str, ...] = ()
    warnings: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class Content:
    """What a reader found: tables (N, ...) by name, the labels (N,) of some of them, and what was understood.

    The names "train", "valid" and "test" are parts. ``packed``: the file says that its bytes are packed bits.
    """

    arrays: dict[str, np.ndarray]
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    understood: Understood = Understood()
    packed: bool = False
