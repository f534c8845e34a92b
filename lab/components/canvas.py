"""The canvas: a drawing that stands in the link, scored at every stroke in the browser, and by the library after it."""

import numpy as np
import streamlit as st

from nade_core import ModelCard, measures
from nade_core.messages import NadeError

from .. import cache, drawing, served, stage
from ..words import _, plain, tell
from . import component
from .engine import engine

KEY = "drawing"
FIRST = 2  # the test image that is on the paper as long as nobody has drawn; a sample where there is none
_canvas = component("canvas")


def drawn(card: ModelCard) -> np.ndarray:
    """The drawing as the link says it: (784,) of uint8. What does not decode is told, and the first one stands there."""
    text = stage.kept(KEY, "")
    try:
        return drawing.decode(text) if text else _first(card)
    except NadeError as error:
        st.warning(plain(tell(error)), icon=":material/broken_image:")
        return _first(card)


def start_from(row: np.ndarray) -> None:
    """Put an image (784,) on the paper, from a button."""
    stage.keep(KEY, drawing.encode(row), "")


def canvas(card: ModelCard, compact: bool = False) -> np.ndarray:
    """The canvas, with what the model says of the drawing on it; ``compact``: the canvas, the map and log p alone.

    Returns the drawing (784,).
    """
    row = drawn(card)
    text, reference = drawing.encode(row), cache.test_log_probs(card)
    data = {
        **engine(card),
        "reference": None if reference is None else served.numbers(np.sort(reference.astype(float)).tobytes()),
        "drawing": text,
        "start": on_paper(text),
        "compact": compact,
        "confirmed": {"drawing": text, **_says(card, row, reference)},
        "classes": [_(name) for name in card.classes],
        "words": _words(),
    }
    _canvas(key="canvas", data=data, on_drawn_change=_drawn)
    return row


def _drawn() -> None:
    put_on_paper(st.session_state["canvas"]["drawn"])


def put_on_paper(text: str) -> None:
    """Keep what the browser has drawn: it has that on its paper already."""
    st.session_state["on-paper"] = text
    stage.keep(KEY, text, "")


def on_paper(text: str) -> int:
    """How many drawings the server has put on the paper: what the browser itself has drawn, it does not take back."""
    if st.session_state.get("on-paper") != text:
        st.session_state["on-paper"] = text
        st.session_state["papers"] = st.session_state.get("papers", 0) + 1
    return st.session_state["papers"]


def _first(card: ModelCard) -> np.ndarray:
    data = cache.data_of(card)
    return cache.samples(card, 1, 0)[0][0] if data is None else data.test[FIRST % len(data.test)]


def _says(card: ModelCard, row: np.ndarray, reference: np.ndarray | None) -> dict:
    """The library's own numbers: log p in nats, its terms by pixel, the percentile, and p(y | x)."""
    log_p = float(cache.log_prob(card, row[None])[0])
    return {
        "logP": log_p,
        "terms": cache.terms(card, row).log_p.round(4).tolist(),
        "percentile": None if reference is None else measures.percentile(log_p, reference),
        "classes": cache.class_probs(card, row).tolist() if card.classes else [],
    }


def _words() -> dict[str, str]:
    """What the canvas says; {gaps} are filled in the browser."""
    return {
        "tools": _("Drawing tools"),
        "paper": _("Drawing, 28 by 28 cells. Arrow keys move, space turns a cell on or off."),
        "size1": _("brush of 1 pixel"),
        "size2": _("brush of 2 pixels"),
        "size3": _("brush of 3 pixels"),
        "erase": _("eraser"),
        "undo": _("undo"),
        "redo": _("redo"),
        "clear": _("clear"),
        "invert": _("invert"),
        "left": _("shift left"),
        "right": _("shift right"),
        "up": _("shift up"),
        "down": _("shift down"),
        "place": _("row {row}, column {column}: {value}"),
        "on": _("on"),
        "off": _("off"),
        "map": _("surprise of each pixel"),
        "mapped": _("Surprise map of the drawing; its pixels sum to {value} nats."),
        "nats": _("nats"),
        "bits": _("bits/dim"),
        "percentile": _("percentile"),
        "among": _("log p of real test images"),
        "stands": _("More probable than {percentile} % of {n} real test images."),
        "likelier": _("Make it likelier"),
        "typical": _("Make it typical"),
        "pause": _("Pause"),
        "ended": _(
            "After {flips} flips no single pixel makes it likelier: {on} pixels are on, log p = {value} nats. A blank image "
            "has {blank} nats."
        ),
        "crossed": _(
            "After {flips} flips no single pixel makes it likelier, at {top} nats. Erasing {erased} pixels one by one, "
            "through {lowest} nats, leads higher: {on} pixels are on, log p = {value} nats. A blank image has {blank} nats."
        ),
        "alone": _("log p(x) = {there} nats"),
        "same": _("The library says {there} nats: the same."),
        "wrong": _("The browser says {here} nats, the library {there}. They should agree: trust the library."),
    }
