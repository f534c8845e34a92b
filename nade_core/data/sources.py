"""The data that come with the project, one row each. A new row is offered by everything that offers data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..images import OUTLINE, Fit
from ..messages import N_, NadeError
from .dataset import Dataset
from .invented import people
from .packed import packed
from .photo import photo
from .shapes import points

IMAGE = (28, 28)


@dataclass(frozen=True)
class Source:
    """A source of rows: its name, what people call it, what its rows can be, and how they are read.

    ``values`` maps each kind of rows ("binary", "real", "levels") that it can give to how they were made; the first
    is what is read where nothing else is asked for. ``read(name, kind)`` gives the fields of a Dataset. ``short`` is
    the one word of it in a legend. ``trains`` is False where there is only a test part. ``fit`` is how the drawings
    stand in its images, for pictures of one's own to be prepared alike.
    """

    name: str
    title: str
    short: str
    values: dict[str, str]
    read: Callable[[str, str], dict[str, Any]] = field(repr=False)
    credit: str
    shape: tuple[int, int] | None = None
    trains: bool = True
    fit: Fit = Fit()

    def load(self, values: str) -> Dataset:
        """The data set, of that kind of rows."""
        return Dataset(
            self.name,
            self.title,
            shape=self.shape,
            binarisation=self.values[values],
            source=self.credit,
            embedded=self.name,
            **self.read(self.name, values),
        )


POINTS_FROM = "drawn from a seed"
REAL = N_("real values")
ROWS = (
    Source(
        "mnist",
        N_("MNIST digits"),
        N_("digits"),
        {"binary": N_("static: one Bernoulli draw a pixel with probability grey/255, seeds 0 and 1")},
        packed,
        "MNIST, Y. LeCun, C. Cortes, C. Burges, CC BY-SA 3.0",
        IMAGE,
    ),
    Source(
        "animals",
        N_("Animal silhouettes"),
        N_("animals"),
        {"binary": N_("on where grey >= 96; no duplicates; 80/10/10 % a class, seed 0")},
        packed,
        "animal-mnist, S. Mohammadi, MIT",
        IMAGE,
        fit=Fit(26, OUTLINE),
    ),
    Source(
        "fashion",
        N_("Fashion-MNIST (2,000 test images)"),
        N_("fashion"),
        {"binary": N_("on where grey >= 128")},
        packed,
        "Fashion-MNIST, Zalando SE, MIT",
        IMAGE,
        trains=False,
        fit=Fit(27, OUTLINE),
    ),
    Source("rings", N_("rings"), N_("rings"), {"real": REAL}, points, POINTS_FROM),
    Source("moons", N_("moons"), N_("moons"), {"real": REAL}, points, POINTS_FROM),
    Source("spirals", N_("spirals"), N_("spirals"), {"real": REAL}, points, POINTS_FROM),
    Source("dog", N_("dog"), N_("dog"), {"real": REAL}, points, POINTS_FROM),
    Source("people", N_("a table of invented people"), N_("people"), {"real": REAL}, people, POINTS_FROM),
    Source(
        "cat",
        N_("the pixels of a photo"),
        N_("photo"),
        {
            "levels": N_("levels 0 to 255"),
            "real": N_("levels 0 to 255, each with a uniform number in [0, 1)"),
        },
        photo,
        "Chelsea the cat, photo by Stefan van der Walt, CC0, from scikit-image",
    ),
)
SOURCES = {row.name: row for row in ROWS}


@lru_cache
def load_dataset(name: str, values: str | None = None) -> Dataset:
    """The embedded data set of that name, shared by all callers. NadeError for a name that is not in SOURCES.

    ``values`` is the kind of rows, "binary", "real" or "levels"; None: the first that the source has.
    """
    if name not in SOURCES:
        raise NadeError("Unknown data set {name!r}: expected one of {known}.", name=name, known=", ".join(SOURCES))
    source = SOURCES[name]
    values = values or next(iter(source.values))
    if values not in source.values:
        if values == "binary":
            raise NadeError("The data set {name!r} has no rows of 0 and 1, which this model takes.", name=name)
        if values == "real":
            raise NadeError("The data set {name!r} has no rows of real numbers, which this model takes.", name=name)
        raise NadeError("The data set {name!r} has no rows of whole numbers, which this model takes.", name=name)
    return source.load(values)


def other_data(name: str) -> tuple[Source, ...]:
    """The sources of images beside which a model of the source of that name ("" for people's own) is ranked."""
    return tuple(row for row in SOURCES.values() if row.shape == IMAGE and row.name != name)
