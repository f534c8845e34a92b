"""A source by its name, or people's own file, as rows: what ``nade train`` and ``nade evaluate`` read.

What the rows are is said by ``values``: "binary" (0 and 1), "real" (finite numbers), "levels" (whole numbers
from 0). The last two may be the red, green and blue of each pixel of one picture. What is understood of a file goes
with what is read: nothing is changed, dropped or set aside in silence.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..messages import N_, NadeError
from .dataset import Dataset
from .filetypes import read_file
from .grids import hole
from .layout import Layout, layout_of, matched
from .packed import PARTS
from .remarks import PIXELS, remarks, sideways, total
from .rows import Scale, check_table, has_holes, is_binary, rows_of, scale_of, split
from .sources import IMAGE, SOURCES, load_dataset
from .tables import DROPPED, FILLED, filled
from .understood import BINARISE, Content, How, Note, Understood

GIVEN = {"binary": N_("binary as given"), "real": N_("real values as given"), "levels": N_("levels as given")}
MADE = {
    "threshold": N_("on where above the middle of the greys"),
    "bernoulli": N_("one Bernoulli draw a value, with its share of the greys as probability"),
}
OFFER = N_(
    "These are numbers from {low:g} to {high:g}, not only 0 and 1: for a model of binary rows, choose whether they become "
    "so by a threshold or by one Bernoulli draw each."
)
PACKED = N_("The bytes are packed bits, eight values each, as the file says.")
FIRST = 5  # rows that are shown


@dataclass(frozen=True, eq=False)
class Table:
    """Rows (N, D) of a model's kind, the names of their labels (N,) or None, and what was understood of them all."""

    rows: np.ndarray
    labels: np.ndarray | None
    understood: Understood


def read_data(
    source: str | Path,
    key: str | None = None,
    seed: int = 0,
    valid_fraction: float = 0.1,
    values: str = "binary",
    how: How | None = None,
) -> Dataset:
    """A name in SOURCES, or a file, as a data set with at least ``train`` and ``valid``.

    An .npz with arrays called as parts are ("train", "x_test", "val_images") is taken so; any other file is one
    table. Without a part to validate with, that to train on is shuffled and split by the seed. See ``rows_of`` for what
    a table may be, and ``How`` for what may be said of it. NadeError says what is wrong.
    """
    if str(source) in SOURCES:
        data = load_dataset(str(source), values)
        if not SOURCES[str(source)].trains:
            raise NadeError(
                "The data set {name!r} has only a test part, so nothing can be trained on it.", name=str(source)
            )
        return data
    how = replace(how or How(), key=key, values=values)
    content = _content(source, how)
    if "train" not in content.arrays and len(content.arrays) > 1:
        known = ", ".join(sorted(content.arrays))
        raise NadeError("{source} holds the arrays {known}: choose one of them.", source=Path(source).name, known=known)
    parts, labels, class_names = _parts(content, how, seed, valid_fraction)
    width = parts["train"].shape[1]
    train, valid, test = (parts.get(part, parts["train"][:0]) for part in PARTS)
    name = _stem(Path(source))
    return Dataset(
        name,
        name,
        train,
        valid,
        test,
        labels.get("train"),
        labels.get("valid"),
        labels.get("test"),
        class_names=class_names,
        shape=IMAGE if width == PIXELS and values == "binary" else None,
        binarisation=MADE[how.binarise] if how.binarise and values == "binary" else GIVEN[values],
        source=Path(source).name,
        understood=_understood(content, how),
        layout=layout_of(content, how, _scale(content, how)),
    )


def read_table(
    source: str | Path,
    key: str | None = None,
    values: str = "binary",
    how: How | None = None,
    layout: Layout | None = None,
    dims: int | None = None,
) -> Table:
    """One table of rows to evaluate: the ``test`` part of a name in SOURCES, or of a file, else its ``valid`` part,
    else its only table; with a key, that array. With the layout of the table that a model was trained on, its columns are
    found by their names. NadeError says what is wrong; also that it is not one of ``dims`` columns, where so many are
    expected."""
    if str(source) in SOURCES:
        return Table(_part(load_dataset(str(source), values), key or "test"), None, Understood())
    how = replace(how or How(), key=key, values=values, known=layout.names if layout else ())
    content = _content(source, how)
    if layout:
        if content.understood.labels in layout.names:  # what looks like labels here is a value there
            content = _content(source, replace(how, labels=""))
        content = matched(content, layout, Path(source).name)
    part = next((part for part in ("test", "valid") if part in content.arrays), next(iter(content.arrays)))
    how, scale = replace(how, packed=how.packed or content.packed), _scale(content, how)
    scale = layout.scale if layout and layout.scale else scale
    rows = rows_of(content.arrays[part], part, 0, values, how, scale, exact=True)
    if dims is not None and rows.shape[1] != dims:
        raise NadeError(
            "{data} has {width} columns; the model is one of {dims} values.",
            data=Path(source).name,
            width=rows.shape[1],
            dims=dims,
        )
    return Table(rows, content.labels.get(part), _understood(content, how))


def read_rows(source: str | Path, key: str | None = None, values: str = "binary", how: How | None = None) -> np.ndarray:
    """The rows (N, D) of ``read_table``."""
    return read_table(source, key, values, how).rows


def understand(source: str | Path, how: How | None = None) -> Understood:
    """What a file would be taken for: what can be told before anything is learned from it.

    Without ``how.values``, rows of 0 and 1 are binary and others real. Greys are no fault here: that they need a
    threshold or a draw, for a model of binary rows, is one of the warnings.
    """
    how = how or How()
    content = _content(source, how)
    about = _understood(content, how)
    if about.offers:
        return about
    values, scale, how = _looks(content, how), _scale(content, how), replace(how, packed=how.packed or content.packed)
    for part, array in content.arrays.items():
        rows_of(array, part, 0, values, how, scale)
    return about


def looks_like(source: str | Path, how: How) -> str:
    """The kind of rows that a source gives where nothing is asked: "binary" where they are, or can become so, 0 and 1."""
    if str(source) in SOURCES:
        return next(iter(SOURCES[str(source)].values))
    return _looks(_content(source, replace(how, values=None)), replace(how, values=None))


def _content(source: str | Path, how: How) -> Content:
    """The tables of a file, numbers alone, of one width, without holes."""
    if str(source) in SOURCES:
        data = load_dataset(str(source), how.values)
        return Content({part: rows for part in PARTS if len(rows := getattr(data, part))})
    content = read_file(source, how)
    for part, array in content.arrays.items():
        check_table(array, part)
        if part in content.labels and len(content.labels[part]) != len(array):
            raise NadeError(
                "{name!r} has {rows} rows, and {labels} labels.",
                name=part,
                rows=len(array),
                labels=len(content.labels[part]),
            )
    content = _without_holes(content, how)
    widths = {part: int(np.prod(array.shape[1:])) for part, array in content.arrays.items()}
    if len(set(widths.values())) > 1:
        name = Path(source).name
        told = ", ".join(f"{part} {width}" for part, width in widths.items())
        raise NadeError("The parts of {source} have different widths: {widths}.", source=name, widths=told)
    return content


def _without_holes(content: Content, how: How) -> Content:
    """Arrays whose nan are refused, dropped with their rows, or filled; those of texts have none any more."""
    arrays, labels, notes = dict(content.arrays), dict(content.labels), list(content.understood.warnings)
    for part, array in content.arrays.items():
        if how.holes == "keep" or not has_holes(array):
            continue
        flat = array.reshape(len(array), -1)
        holes = np.isnan(flat)
        empty = holes.any(1)
        if how.holes == "drop" and not empty.all():
            arrays[part] = array[~empty]
            labels |= {part: labels[part][~empty]} if part in labels else {}
            notes.append(Note(DROPPED, {"n": int(empty.sum())}))
        elif how.holes == "fill" and not holes.all(0).any():
            columns = [filled(flat[:, j], holes[:, j]) for j in range(flat.shape[1])]
            arrays[part] = np.stack(columns, 1).reshape(array.shape)
            notes.append(Note(FILLED, {"n": int(holes.sum())}))
        else:
            row, column = map(int, np.argwhere(holes)[0])
            raise hole(part, row + 1, column + 1, "nan")
    return replace(content, arrays=arrays, labels=labels, understood=replace(content.understood, warnings=tuple(notes)))


def _looks(content: Content, how: How) -> str:
    """The kind of rows: as asked, else as they look; packed bits are bits, and so is what is to be made binary."""
    if how.values is not None:
        return how.values
    if how.packed or content.packed or how.binarise:
        return "binary"
    arrays = content.arrays.values()
    scale = scale_of(arrays)
    images = all(np.prod(array.shape[1:]) == PIXELS for array in arrays)
    grey = scale is not None and (images or scale not in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)) or _two(arrays, scale))
    return "binary" if grey else "real"


def _two(arrays, scale: Scale) -> bool:
    return all(np.isin(array, scale).all() for array in arrays)


def _scale(content: Content, how: How) -> Scale | None:
    """What stands for 0 and for 1 in all tables of the file."""
    return None if content.packed or how.packed else scale_of(content.arrays.values())


def _understood(content: Content, how: How) -> Understood:
    """What was understood, with the size, the first rows, and what is to be said of the columns."""
    about, arrays = content.understood, [array.reshape(len(array), -1) for array in content.arrays.values()]
    values, notes = _looks(content, how), list(about.warnings)
    packed = how.packed or content.packed
    if content.packed:
        notes.append(Note(PACKED))
    elif values == "binary" and not packed and not all(map(is_binary, arrays)):
        scale = _scale(content, how)
        if scale and not how.binarise:
            notes.append(Note(OFFER, {"low": scale[0], "high": scale[1]}))
            about = replace(about, offers=BINARISE)
    if about.kind == "table" and not packed and arrays[0].shape[1] != PIXELS:
        notes += sideways(next(iter(content.arrays.values())))
        notes += remarks(arrays[0], about.names, values)
        notes += total(arrays[0], next(iter(content.labels.values()), None))
    first = arrays[0][:FIRST]
    first = np.unpackbits(first, axis=1) if packed and first.dtype == np.uint8 else first
    shown, rows = tuple(tuple(row) for row in first.tolist()), sum(map(len, arrays))
    return replace(about, rows=rows, columns=first.shape[1], first_rows=shown, warnings=tuple(notes))


def _parts(
    content: Content, how: How, seed: int, valid_fraction: float
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], tuple[str, ...]]:
    """Rows by part, the classes (N,) of each, and the names of the classes."""
    how, scale = replace(how, packed=how.packed or content.packed), _scale(content, how)
    values = how.values or "binary"
    parts = {part: rows_of(array, part, seed, values, how, scale) for part, array in content.arrays.items()}
    labels, class_names = _numbered(content.labels)
    whole = "train" if "train" in parts else next(iter(parts))
    if "valid" not in parts or whole != "train":
        places = split(len(parts[whole]), seed, valid_fraction)
        rows, of = parts.pop(whole), labels.pop(whole, None)
        parts |= {part: rows[at] for part, at in places.items()}
        labels |= {part: of[at] for part, at in places.items()} if of is not None else {}
    complete = "train" in labels and "valid" in labels
    return parts, labels if complete else {}, class_names if complete else ()


def _numbered(labels: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Labels as numbers from 0, in the order of their names."""
    if not labels:
        return {}, ()
    found, numbers = np.unique(np.concatenate(list(labels.values())), return_inverse=True)
    ends = np.cumsum([len(part) for part in labels.values()])[:-1]
    names = tuple(f"{name:g}" if isinstance(name, float) else str(name) for name in found.tolist())
    return dict(zip(labels, np.split(numbers.astype(np.int64), ends), strict=True)), names


def _stem(path: Path) -> str:
    """What a file is called without its end, ".csv.gz" too."""
    stem = path.stem
    return Path(stem).stem if path.suffix.lower() == ".gz" else stem


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
