"""What the verbs that score, rank, fill and draw rows share: a model, a table read as it wants it, a file to write."""

from pathlib import Path

from ..messages import NadeError
from .options import reading_of, tell

SUFFIXES = (".csv", ".parquet")


def read_for(args, card, holes: str | None = None):
    """The table of ``args.data`` as rows of the model's kind, and told what was understood of it.

    It is read as the model's own table was; ``holes`` is what becomes of empty cells where nothing is asked.
    """
    from ..data.reading import read_table

    table = read_table(args.data, args.key, card.values, how_for(args, card, holes), card.layout, card.dims)
    tell(table.understood)
    return table


def how_for(args, card, holes: str | None = None):
    """How a table is read for a model: as was asked, and else as its own was."""
    from ..data.understood import How

    own = {name: value for name, value in layout_for(card).reading.items() if name in ("binarise", "decimal")}
    usual = {"holes": holes} if holes else {}
    return How(key=args.key, **{**usual, **own, **reading_of(args)})


def layout_for(card):
    """The layout of the model's table; where it is not known, columns without names of the model's values."""
    from ..data.layout import Layout

    return card.layout or Layout(whole=() if card.values == "real" else tuple(range(card.dims)))


def write_columns(path: Path, columns: dict) -> None:
    """Columns (N,) by name as a table, text or Parquet, as the name of the file says."""
    import io

    import pandas

    from ..files import write_atomic

    frame, content = pandas.DataFrame(columns), io.BytesIO()
    if path.suffix.lower() == ".parquet":
        frame.to_parquet(content, index=False)
    else:
        frame.to_csv(content, index=False, lineterminator="\n")
    write_atomic(path, content.getvalue())


def check_out(path: Path | None, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """NadeError for a file of another kind than those that can be written."""
    if path is not None and path.suffix.lower() not in suffixes:
        raise NadeError("Expected --out to end in {known}; got {name}.", known=" or ".join(suffixes), name=path.name)
