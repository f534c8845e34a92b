"""An image that unfolds along an ordering of its pixels, and an ordering that the viewer draws by hand."""

import numpy as np
import streamlit as st

from .. import link
from ..words import _
from . import bits, component

SIDE = 28
DIGITS = "0123456789abcdefghijklmnopqr"  # 28 of them: two a pixel, its row and its column
_unfold = component("unfold")


def stroke(key: str) -> list[int]:
    """The pixels that the viewer touched, in that order; they stand in the link under the key."""
    text = link.arriving(key)
    if text is not None:
        st.session_state[key] = text if read_stroke(text) is not None else ""
    text = st.session_state[key] = st.session_state[key]
    link.say(key, text or None)
    return read_stroke(text) or []


def read_stroke(text: str) -> list[int] | None:
    """The pixels of a stroke as it stands in a link; None if it is none."""
    if len(text) % 2 or set(text) - set(DIGITS):
        return None
    pixels = [DIGITS.index(y) * SIDE + DIGITS.index(x) for y, x in zip(text[::2], text[1::2], strict=True)]
    return pixels if len(set(pixels)) == len(pixels) else None


def unfold(
    key: str, image: np.ndarray, log_p: np.ndarray, ordering: np.ndarray, tall: str, touched: list[int] | None
) -> None:
    """Play and scrub an image (784,) along an ordering (784,).

    ``log_p`` (784,) is log p(x_i | x_<i) in nats, by pixel. Where ``touched`` is a stroke, be it empty, the viewer can
    draw another, which stands under ``stroke(key)``.
    """
    data = {
        "bits": bits(np.asarray(image)[ordering]),
        "logP": log_p[ordering].round(5).tolist(),
        "ordering": ordering.tolist(),
        "side": SIDE,
        "draws": touched is not None,
        "stroke": touched or [],
        "tall": tall,
        "words": _words(),
    }
    _unfold(
        key=f"{key}-unfold", data=data, on_stroke_change=lambda: _keep(key, st.session_state[f"{key}-unfold"]["stroke"])
    )


def clear(key: str) -> None:
    """Forget the stroke."""
    _keep(key, "")


def _keep(key: str, text: str) -> None:
    st.session_state[key] = text
    link.say(key, text or None)


def _words() -> dict[str, str]:
    return {
        "image": _("what is known so far"),
        "order": _("dark first, yellow last"),
        "draw": _("drag here: your ordering"),
        "keys": _("Arrows move, space sets the pen down and lifts it."),
        "known": _("pixels known"),
        "play": _("Play"),
        "pause": _("Pause"),
        "sofar": _("{known} of {n} pixels · log p so far {sum} nats"),
    }
