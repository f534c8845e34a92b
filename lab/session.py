"""What all chapters share with one viewer: the model that is chosen, what takes long, and errors as sentences."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from nade_core import ModelCard
from nade_core.data.filetypes import IMAGE_SUFFIXES
from nade_core.messages import N_, NadeError

from . import cache, kinds, link
from .words import _, plain, tell

PICTURES = [suffix[1:] for suffix in IMAGE_SUFFIXES]  # what may be dropped as a picture
REACHED = {"test": N_("{nats:.1f} nats on test"), "valid": N_("{nats:.1f} nats on validation")}


def describe(card: ModelCard) -> str:
    """One line on a model, what tells it from others first: title, what it reaches, size, and what it is."""
    split = next((split for split in REACHED if split in card.nats), None)
    facts = [_(REACHED[split], nats=card.nats[split])] if split else []
    facts += [_("{n:,} parameters", n=card.parameters), _(cache.model_class(card).description)]
    return " · ".join([_(card.title), *facts])


GROUPS = {
    "animals": N_("Dogs and other animals"),
    "mnist": N_("Digits"),
    "points": N_("Points"),
    "colours": N_("Colours"),
    "tables": N_("Tables"),
    "own": N_("Own data"),
}


def group_of(card: ModelCard) -> str:
    """What a model is of, as an id of GROUPS."""
    if not card.embedded:
        return "own"
    return card.embedded if card.embedded in GROUPS else kinds.of(card) or "own"


def choose_model(*offered: str, fits: Callable[[ModelCard], bool] = lambda card: True) -> ModelCard:
    """The model in use, among those of the offered kinds of rows that fit. It follows from chapter to chapter."""
    found = {name: card for name, card in cache.cards().items() if kinds.of(card) in offered and fits(card)}
    wanted = link.arriving("model")
    if wanted is not None:
        st.session_state["model"] = wanted
    if wanted and wanted not in cache.cards():
        st.warning(_("There is no model {name} here any more; another one stands in for it.", name=plain(wanted)))
    if st.session_state["model"] not in found:
        st.session_state["model"] = next(iter(found))
    chosen = found[st.session_state["model"]]
    hidden = link.MODEL in link.listed(link.HIDE)
    name = chosen.name if hidden else _choose(found, group_of(chosen))
    link.controls()[link.MODEL] = _("Model")
    link.say(link.MODEL, name)
    st.sidebar.caption(_("Runs on {device}", device=device()))
    return found[name]


def _choose(found: dict[str, ModelCard], group: str) -> str:
    """What the model is of, and which one of those."""
    of = {name: group_of(card) for name, card in found.items()}
    groups = [id for id in GROUPS if id in of.values()]
    st.session_state["group"] = group
    with st.container(key="knobs-model"):
        left, right = st.columns([2, 3])
    left.selectbox(
        _("A model of"),
        groups,
        key="group",
        index=groups.index(group),
        format_func=lambda id: _(GROUPS[id]),
        label_visibility="collapsed",
        disabled=link.fixed(link.MODEL),
        on_change=_first_of,
        args=({id: next(name for name in of if of[name] == id) for id in groups},),
    )
    inside = [name for name in found if of[name] == group]
    return right.selectbox(
        _("Model"),
        inside,
        format_func=lambda name: describe(found[name]),
        key="model",
        index=inside.index(st.session_state["model"]),
        label_visibility="collapsed",
        disabled=link.fixed(link.MODEL),
    )


def _first_of(first: dict[str, str]) -> None:
    """Another group was chosen: its first model."""
    st.session_state["model"] = first[st.session_state["group"]]


ANY = N_("any")


def choose_class(card: ModelCard, where, label: str, key: str, default: str, about: str) -> int | None:
    """A class of the model, dogs first; None for any of them."""
    names = by_dog(card.classes)
    name = link.linked(where.selectbox, label, [*names, ANY], key=key, default=default, format_func=_, help=about)
    return None if name == ANY else card.classes.index(name)


def by_dog(classes: tuple[str, ...]) -> list[str]:
    """The names of classes, dogs first."""
    return sorted(classes, key=lambda name: name != "dog")


def device() -> str:
    """Where models run, in words."""
    kind, what = cache.device()
    return _("CPU, {n} cores", n=what) if kind == "cpu" else _("GPU: {name}", name=what)


@contextmanager
def friendly_errors() -> Iterator[None]:
    """What goes wrong with a viewer's input is told as a sentence."""
    try:
        yield
    except NadeError as error:
        st.error(plain(tell(error)), icon=":material/info:")
    except FileNotFoundError as error:  # of a run that another viewer deleted meanwhile
        gone = Path(error.filename or str(error))
        words = _(
            "{file} was deleted while this page was using it: choose another model.",
            file=plain(f"{gone.parent.name}/{gone.name}"),
        )
        st.error(words, icon=":material/info:")
