"""Probabilities that one drags: bars that always sum to 1, by the rule of lesson.simplex."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from lesson import simplex

from .. import link
from ..theme import on_page
from . import component

_bars = component("bars")


def bars(
    key: str,
    default: list[float],
    names: list[str],
    label: str,
    free: int | None = None,
    colours: tuple[str, ...] = ("#0072B2",),
    marks: tuple[dict, ...] = (),
    top: float = 1.0,
    tall: str = "min(15rem, 40vh)",
) -> np.ndarray:
    """Probabilities (m,) that the viewer drags; they stand in the link under the key.

    The first ``free`` bars can be dragged and the last one follows; with all m free, the others keep their
    proportions. ``marks`` are lines across the bars: {"values", "colour", "title"}.
    """
    text = link.arriving(key)
    if text is not None:
        st.session_state[key] = _read(text, default)
    values = st.session_state[key] = st.session_state[key]
    locked = link.offer(key, label)
    rule = simplex.set_one if free is None else simplex.drag_free
    data = {
        "values": values,
        "names": names,
        "free": len(values) if free is None else free,
        "marks": list(marks),
        "top": top,
        "colours": on_page(colours),
        "label": label,
        "tall": tall,
        "decimals": 3,
        "locked": bool(locked),
    }
    if locked is not None:
        _bars(key=f"{key}-bars", data=data, on_drag_change=lambda: _drag(key, default, rule))
    _say(key, values, default)
    return np.array(values)


def _drag(key: str, default: list[float], rule: Callable[..., np.ndarray]) -> None:
    if link.fixed(key):
        return
    drag = st.session_state[f"{key}-bars"]["drag"]
    st.session_state[key] = simplex.shown(rule(st.session_state[key], drag["i"], drag["value"])).tolist()
    _say(key, st.session_state[key], default)


def _say(key: str, values: list[float], default: list[float]) -> None:
    link.say(key, None if values == default else link.write(values))


def _read(text: str, default: list[float]) -> list[float]:
    """The probabilities of a link; the default where it says none of as many."""
    try:
        values = simplex.probabilities([float(part) for part in text.split(",")])
    except ValueError:
        return default
    return values.tolist() if len(values) == len(default) else default
