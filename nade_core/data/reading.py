"""A source by its name, or people's own file, as rows: what ``nade train`` and ``nade evaluate`` read.

What the rows are is said by ``values``: "binary" (0 and 1), "real" (finite numbers), "levels" (whole numbers
from 0). The last two may be the red, green and blue of each pixel of one picture.
"""

from pathlib import Path

import numpy as np

from ..messages import N_, NadeError
from .dataset import Dataset
from .filetypes import read_arrays
from .packed import PARTS
from .rows import rows_of, split
from .sources import IMAGE, SOURCES, load_dataset

GIVEN = {"binary": N_("binary as given"), "real": N_("real values as given"), "levels": N_("levels as given")}


def read_data(
    source: str | Path, key: str | None = None, seed: int = 0, valid_fraction: float = 0.1, values: str = "binary"
) -> Dataset:
    """A name in SOURCES, or a file, as a data set with at least ``train`` and ``valid``.

    An .npz with arrays ``train`` and ``valid`` (and ``test``) is taken as it is; any other file is one table,
    shuffled and split by the seed. See ``rows_of`` for what a table may be. NadeError says what is wrong.
    """
    if str(source) in SOURCES:
        data = load_dataset(str(source), values)
        if not SOURCES[str(source)].trains:
            raise NadeError(
                "The data set {name!r} has only a test part, so nothing can be trained on it.", name=str(source)
            )
        return data
    arrays = read_arrays(source, values)
    if key is None and {"train", "valid"} <= arrays.keys():
        parts = {part: rows_of(arrays[part], part, seed, values) for part in PARTS if part in arrays}
    else:
        parts = split(rows_of(*_choose(arrays, key, source), seed, values), seed, valid_fraction)
    widths = {part: rows.shape[1] for part, rows in parts.items()}
    if len(set(widths.values())) > 1:
        raise NadeError("The parts of {source} have different widths: {widths}.", source=source, widths=widths)
    parts.setdefault("test", parts["train"][:0])
    path, shape = Path(source), IMAGE if widths["train"] == 784 and values == "binary" else None
    train, valid, test = (parts[part] for part in PARTS)
    return Dataset(path.stem, path.stem, train, valid, test, shape=shape, binarisation=GIVEN[values], source=path.name)


def read_rows(source: str | Path, key: str | None = None, values: str = "binary") -> np.ndarray:
    """One table of rows (N, D) to evaluate: the ``test`` part of a name in SOURCES, or an array of a file.

    Without a key, a file's ``test``, else ``valid``, else its only array is taken.
    """
    if str(source) in SOURCES:
        return _part(load_dataset(str(source), values), key or "test")
    arrays = read_arrays(source, values)
    key = key or next((part for part in ("test", "valid") if part in arrays), None)
    return rows_of(*_choose(arrays, key, source), values=values)


def _part(data: Dataset, part: str) -> np.ndarray:
    if part not in PARTS:
        raise NadeError(
            "The data set {name!r} has the parts {known}; got {part!r}.",
            name=data.name,
            known=", ".join(PARTS),
            part=part,
        )
    rows = getattr(data, part)
    if not len(rows):
        raise NadeError("The part {part!r} of {name!r} is empty.", part=part, name=data.name)
    return rows


def _choose(arrays: dict[str, np.ndarray], key: str | None, source: str | Path) -> tuple[np.ndarray, str]:
    known = ", ".join(sorted(arrays))
    if key is None:
        if len(arrays) > 1:
            raise NadeError("{source} holds the arrays {known}: name one of them.", source=source, known=known)
        key = next(iter(arrays))
    if key not in arrays:
        raise NadeError("{source} holds the arrays {known}: there is no {key!r}.", source=source, known=known, key=key)
    return arrays[key], key
