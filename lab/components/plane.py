"""A density over the plane with a point that the viewer drags, and the two curves that it is made of."""

import numpy as np
import streamlit as st

from .. import link
from ..words import _
from . import component

_plane = component("plane")


def kept_point(key: str, default: np.ndarray, x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """The point (2,) that the viewer chose, at the middle of a cell of the axes (N,) each; it stands in the link."""
    text, first = link.arriving(key), _round(_snap(default, x1, x2))
    if text is not None:
        st.session_state[key] = _read(text, first)
    point = st.session_state[key] = st.session_state[key]
    link.say(key, None if point == first else link.write(point))
    return _snap(point, x1, x2)


def _snap(point, x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    return np.array([axis[np.abs(axis - v).argmin()] for axis, v in zip((x1, x2), point, strict=True)], np.float32)


def _round(point) -> list[float]:
    return [round(float(value), 3) for value in point]


def plane(
    key: str,
    point: np.ndarray,
    density: np.ndarray,
    first: np.ndarray,
    x1: np.ndarray,
    x2: np.ndarray,
    points: np.ndarray,
    tall: str,
) -> None:
    """p(x) by rows of x2 (N, N), p(x1) (N,), the middles of the cells (N,) each, and points (M, 2) over it."""
    data = {
        "density": density.round(4).tolist(),
        "first": first.round(4).tolist(),
        "x1": x1.round(5).tolist(),
        "x2": x2.round(5).tolist(),
        "points": points.round(3).tolist(),
        "point": point.tolist(),
        "tall": tall,
        "words": {
            "label": _("Map of p(x₁, x₂). Drag the point, or move it by the arrow keys."),
            "first": _("below: p(x₁) = {p}"),
            "second": _("right: p(x₂ | x₁) = {p}"),
            "both": _("product: p(x) = {p}"),
        },
    }
    _plane(key=f"{key}-plane", data=data, on_point_change=lambda: _move(key))


def _move(key: str) -> None:
    st.session_state[key] = _round(st.session_state[f"{key}-plane"]["point"])
    link.say(key, link.write(st.session_state[key]))


def _read(text: str, default: list[float]) -> list[float]:
    """The point of a link; the default where it says none."""
    try:
        point = [float(part) for part in text.split(",")]
    except ValueError:
        return default
    return point if len(point) == 2 and np.isfinite(point).all() else default
