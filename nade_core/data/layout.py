"""What the columns of a table are called and made of: so that others like it are read alike, and rows given back alike."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..messages import N_, NadeError
from .headings import apart
from .remarks import listed
from .rows import Scale, is_whole
from .text import composed
from .understood import Content, How, Note

UNKNOWN = N_("Columns that the model does not know were left out: {names}.")
NAMED = 4096  # columns, of which the names are kept


@dataclass(frozen=True)
class Layout:
    """The columns of a table, in their order.

    ``names`` are those of its header, none if it has none. ``whole`` are the places of the columns that hold whole numbers
    alone. ``scale`` is what stood for 0 and for 1 in a table that was made binary, None for any other. ``labels`` is the
    column that was set aside. ``reading`` holds the fields of ``How`` that were asked for.
    """

    names: tuple[str, ...] = ()
    whole: tuple[int, ...] = ()
    scale: Scale | None = None
    labels: str | None = None
    reading: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, values: dict) -> "Layout":
        """What ``asdict`` wrote. ValueError or TypeError for anything else."""
        how = How(**values["reading"])
        names, whole, scale = values["names"], values["whole"], values["scale"]
        right = all(isinstance(name, str) for name in names) and all(type(place) is int for place in whole)
        numbers = scale is None or (len(scale) == 2 and all(type(end) in (int, float) for end in scale))
        if not (right and numbers and isinstance(values["labels"], str | None) and how):
            raise ValueError("a layout of a table has names, places of whole columns and a scale")
        called = tuple(apart([composed(name) for name in names]))
        return cls(called, tuple(whole), scale and tuple(scale), values["labels"], values["reading"])

    def columns(self, dims: int) -> tuple[str, ...]:
        """A name for each of so many columns."""
        return self.names or tuple(f"column {j + 1}" for j in range(dims))

    def restored(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Rows (N, D) of a model as columns (N,) in the units of the table, whole numbers where it had them."""
        found = {}
        for j, name in enumerate(self.columns(rows.shape[1])):
            column = rows[:, j]
            if self.scale is not None:
                column = np.where(column > 0.5, self.scale[1], self.scale[0])
            is_whole = j in self.whole and bool(np.isfinite(column).all())
            found[name] = np.rint(column).astype(np.int64) if is_whole else column
        return found


def layout_of(content: Content, how: How, scale: Scale | None) -> Layout | None:
    """The layout of a table that was read so, None where its rows are pictures or packed bits."""
    arrays = [array.reshape(len(array), -1) for array in content.arrays.values()]
    about, width = content.understood, arrays[0].shape[1]
    if about.kind != "table" or how.packed or width > NAMED:
        return None
    whole = tuple(j for j in range(width) if all(is_whole(array[:, j]) for array in arrays))
    asked = {
        name: value
        for name, value in vars(how).items()
        if name in ("binarise", "labels", "header", "decimal") and value is not None
    }
    binary = how.values == "binary" and how.binarise is not None
    return Layout(about.names, whole, scale if binary else None, about.labels, asked)


def matched(content: Content, layout: Layout, name: str) -> Content:
    """The columns of a table in the order in which a model knows them, found by their names where both have some.

    NadeError for one that is missing; what the model does not know is left out, and told.
    """
    names = content.understood.names
    if not (names and layout.names):
        return content
    if missing := [known for known in layout.names if known not in names]:
        raise NadeError(
            "{name} has no column {missing}, which the model was trained on.", name=name, missing=listed(missing)
        )
    places = [names.index(known) for known in layout.names]
    arrays = {part: array.reshape(len(array), -1)[:, places] for part, array in content.arrays.items()}
    left = [other for other in names if other not in layout.names]
    notes = [*content.understood.warnings, *([Note(UNKNOWN, {"names": listed(left)})] if left else [])]
    return replace(
        content, arrays=arrays, understood=replace(content.understood, names=layout.names, warnings=tuple(notes))
    )
