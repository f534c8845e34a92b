"""What a model's rows are to the eye: images, points of the plane, colours. A module here is a kind.

The chapters Generate, Density and Rank ask the kind of the chosen model, and know nothing of what its rows show.
"""

import importlib
import pkgutil
from functools import lru_cache
from typing import Protocol

from nade_core import ModelCard

from ..cache import Gallery


class Kind(Protocol):
    """What every kind offers. A *sort* is a group of rows in Rank: real ones, samples, damaged ones; by id."""

    ID: str
    PLACE: int  # in lists, the first kind first
    HOW_MANY: tuple[list[int], int]  # how many rows Generate may draw, and how many at first

    def holds(self, card: ModelCard) -> bool:
        """Whether the rows of that model are of this kind."""

    def samples(self, card: ModelCard, n: int, seed: int, label: int | None, temperature: float) -> None:
        """The body of Generate."""

    def sketch(self, card: ModelCard, n: int, key: str) -> None:
        """n rows that the model draws as it is now, small and with nothing to choose: what stands beside a run."""

    def report(self, card: ModelCard) -> None:
        """The body of Density."""

    def gallery(self, card: ModelCard, n: int, seed: int) -> Gallery | None:
        """n rows of every sort, scored; None where the data are not here."""

    def sort_name(self, sort: str) -> str:
        """A sort in the reader's words."""

    def show(self, card: ModelCard, shown: Gallery, looks: dict[str, dict]) -> list[str]:
        """The rows of Rank, each sort in its look (colour and symbol); returns the sorts that the viewer chose."""


@lru_cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by id."""
    found = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    return {kind.ID: kind for kind in sorted(found, key=lambda kind: kind.PLACE)}


def kind_of(card: ModelCard) -> Kind:
    """The kind of the rows of a model that has one."""
    return next(kind for kind in all_kinds().values() if kind.holds(card))


def of(card: ModelCard) -> str | None:
    """The id of a model's kind of rows; None for rows that no kind shows."""
    return next((kind.ID for kind in all_kinds().values() if kind.holds(card)), None)
