"""A mixture of Gaussians over a histogram of real measurements, whose bumps the viewer drags."""

import math
from collections.abc import Callable

import numpy as np
import streamlit as st

from lesson import mixture
from lesson.mixture import Mixture

from .. import link
from ..words import _
from . import component

LEAST = 1.0  # the least width by hand, in units of x
_bumps = component("bumps")


def kept_mixture(key: str, default: Mixture) -> Mixture:
    """The mixture that the viewer made, which stands in the link under the key as w, m, s of one bump after another."""
    text = link.arriving(key)
    if text is not None:
        st.session_state[key] = _read(text, default)
    values = st.session_state[key] = st.session_state[key]
    link.say(key, None if values == _flat(default) else link.write(values))
    return Mixture(*np.array(values).reshape(-1, 3).T)


def keep_mixture(key: str, made: Mixture) -> None:
    """Set it, from a control."""
    st.session_state[key] = _flat(mixture.shown(made))
    link.say(key, link.write(st.session_state[key]))


def bumps(
    key: str,
    now: Mixture,
    x: np.ndarray,
    counts: np.ndarray,
    axis: str,
    tall: str,
    on_drag: Callable[[Mixture], None] | None = None,
) -> None:
    """The measurements x (M,), whole numbers, with their counts (M,), and the mixture over them.

    ``on_drag`` takes the mixture with the bump where the viewer left it; without it nothing can be dragged.
    """
    low, high = math.floor(x.min() / 10) * 10, math.ceil(x.max() / 10) * 10
    parts = zip(now.weights, now.means, now.sigmas, strict=True)
    data = {
        "x": x.tolist(),
        "counts": counts.tolist(),
        "mixture": [{"weight": w, "mean": m, "sigma": s} for w, m, s in parts],
        "low": low,
        "high": high,
        "step": LEAST,
        "ticks": list(range(math.ceil(low / 50) * 50, high + 1, 50)),
        "movable": on_drag is not None,
        "names": [_("bump {k}", k=k + 1) for k in range(len(now.means))],
        "tall": tall,
        "words": {
            "label": _("The measurements as a histogram, and the density of the mixture"),
            "axis": axis,
            "level": _("p(x) = {p} per unit of x"),
            "whole": _("mean by left and right, weight by up and down"),
            "sigma": _("width"),
            "height": _("log L = {sum} nats · mean {mean}"),
        },
    }

    def dragged() -> None:
        drag = st.session_state[key]["drag"]
        if on_drag is not None:
            on_drag(mixture.moved(now, drag["k"], drag["weight"], drag["mean"], drag["sigma"]))

    _bumps(key=key, data=data, on_drag_change=dragged)


def _flat(made: Mixture) -> list[float]:
    return np.stack([made.weights, made.means, made.sigmas], 1).ravel().tolist()


def _read(text: str, default: Mixture) -> list[float]:
    """The numbers of a link; those of the default where it says no mixture of as many bumps."""
    try:
        values = np.array([float(part) for part in text.split(",")]).reshape(-1, 3)
    except ValueError:
        return _flat(default)
    good = np.isfinite(values).all() and (values[:, 0] >= 0).all() and (values[:, 2] > 0).all()
    if not good or len(values) != len(default.means) or abs(values[:, 0].sum() - 1) > 1e-6:
        return _flat(default)
    return values.ravel().tolist()
