"""NADE opened: what it computes for one pixel, and which earlier pixels have moved it. All of it in the browser."""

import streamlit as st

from nade_core import ModelCard

from .. import drawing, stage
from ..words import _
from . import component
from .canvas import KEY, drawn, on_paper, put_on_paper
from .engine import engine

LOOK, GENERATE = "look", "generate"
BETS = "on", "off"
ASIDE = -1  # no pixel chosen: the browser takes one that may come out on or off
_inside = component("inside")


def inside(card: ModelCard, mode: str, label: int | None) -> None:
    """The drawing (LOOK), or a picture drawn from a seed (GENERATE), pixel by pixel under class ``label``."""
    at, bet = stage.kept("at", ASIDE, ASIDE, card.dims - 1), stage.kept("bet", "")
    text = drawing.encode(drawn(card))
    data = {
        **engine(card),
        "mode": mode,
        "drawing": text,
        "start": on_paper(text),
        "seed": stage.kept("seed", 0, 0, 10**6),
        "at": None if at == ASIDE else at,
        "bet": bet if bet in BETS else "",
        "label": label,
        "classes": [_(name) for name in card.classes],
        "words": _words(),
    }
    _inside(key="inside", data=data, on_moved_change=_moved)


def _moved() -> None:
    moved = st.session_state["inside"]["moved"]
    if KEY in moved:
        put_on_paper(moved[KEY])
    if "seed" in moved:
        stage.keep("seed", moved["seed"], 0)
    stage.keep("at", moved.get("at", ASIDE), ASIDE)
    stage.keep("bet", moved.get("bet", ""), "")


def _words() -> dict[str, str]:
    """What the component says; {gaps} are filled in the browser."""
    return {
        "context": _("known before pixel i"),
        "picture": _("The picture. Arrow keys choose pixel i."),
        "views": _("What the map shows"),
        "effect": _("effect on p"),
        "part": _("weights W"),
        "change": _("change of p(xᵢ = 1) if xⱼ is flipped"),
        "along": _("Vᵢ · Wⱼ xⱼ: what xⱼ adds along Vᵢ, before σ"),
        "unit": _("Wⱼₖ xⱼ: what xⱼ adds to unit {unit}, before σ"),
        "mapped": _("Map of the earlier pixels. Arrow keys point at one, space flips it."),
        "start": _("to the start"),
        "back": _("one pixel back"),
        "step": _("one pixel on"),
        "play": _("Play"),
        "pause": _("Pause"),
        "unsure": _("next unsure pixel"),
        "another": _("another picture"),
        "speed": _("speed"),
        "slow": _("slow"),
        "normal": _("normal"),
        "fast": _("fast"),
        "ask": _("Is pixel i on?"),
        "on": _("on"),
        "off": _("off"),
        "answer": _("You said {said}. The model: p = {p}. Drawn: {came}."),
        "before": _("{on} of the {t} before are on"),
        "h": _("the {n} hidden units"),
        "V": _("the {n} weights of row V of this pixel"),
        "Vh": _("the {n} products of both"),
        "units": _("The hidden units that count most here, by number: h × V"),
        "pixel": _("row {row}, column {column}"),
        "here": _("pixel i: {pixel}, number {t} of {n}"),
        "flips": _("{pixel} is {value}; flipped, p(x_i = 1) changes by {effect}"),
        "adds": _("{pixel} is {value} and adds {part}"),
    }
