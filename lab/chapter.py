"""A chapter: one file in lab/chapters that says what it is and draws itself. Nothing else has to know it."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from nade_core.messages import N_

GROUPS = {"lesson": N_("The lesson"), "lab": N_("The lab")}  # in this order in the navigation


@dataclass(frozen=True)
class Chapter:
    """What a chapter says of itself. The words are messages; ``place`` orders it within its group.

    ``id`` is its address, except for the chapter that opens the app (``home``), which stands at "/"; ``aliases`` are
    addresses that it had before. A chapter of the lab has a ``lead``, the sentence under its title. One of the lesson
    has a question as its title, a ``short`` name, ``steps`` that a lecturer walks through, and the ``sentence`` to keep.
    """

    id: str
    group: str
    place: int
    icon: str
    title: str
    lead: str = ""
    short: str = ""
    steps: tuple[str, ...] = ()
    sentence: str = ""
    home: bool = False
    aliases: tuple[str, ...] = ()


@lru_cache
def chapters() -> dict[str, tuple[Chapter, Callable[[], None]]]:
    """Every chapter with the function that draws it, by id, in the order of the navigation."""
    import lab.chapters

    found = [importlib.import_module(f"lab.chapters.{m.name}") for m in pkgutil.iter_modules(lab.chapters.__path__)]
    order = list(GROUPS)
    found.sort(key=lambda module: (order.index(module.CHAPTER.group), module.CHAPTER.place))
    return {module.CHAPTER.id: (module.CHAPTER, module.render) for module in found}


def lesson() -> list[Chapter]:
    """The chapters of the lesson, in their order."""
    return [chapter for chapter, _render in chapters().values() if chapter.group == "lesson"]
