"""The two pieces that need a browser: a grid of images to click, and the pixel-by-pixel player."""

from pathlib import Path

import numpy as np
import streamlit as st

HERE = Path(__file__).parent
TINT = (86, 180, 233), (0, 40, 66)  # red, green, blue of a marked pixel that is on, and of one that is off


def _component(name: str):
    html, css, js = ((HERE / f"{name}.{kind}").read_text() for kind in ("html", "css", "js"))
    return st.components.v2.component(f"nade_{name}", html=html, css=css, js=js)


_grid, _player = _component("grid"), _component("player")


def _bits(row: np.ndarray) -> str:
    return "".join(map(str, np.asarray(row, dtype=int).tolist()))


def image_grid(
    images: np.ndarray,
    captions: list[list[str]],
    key: str,
    label: str,
    cell: str = "5.2rem",
    marked: np.ndarray | None = None,
) -> int:
    """Images (N, 784) to click, with lines of caption under each; the index of the one clicked, 0 at first.

    Pixels that are ``marked`` (784,) stand in TINT.
    """
    selected = min(int(st.session_state.get(key, {}).get("selected") or 0), max(0, len(images) - 1))
    data = {
        "images": [_bits(row) for row in images],
        "captions": captions,
        "selected": selected,
        "side": 28,
        "label": label,
        "cell": cell,
        "marked": "" if marked is None else _bits(marked),
        "tint": TINT,
    }
    result = _grid(key=key, data=data, default={"selected": 0}, on_selected_change=lambda: None)
    return min(int(result.selected or 0), max(0, len(images) - 1))


def player(image: np.ndarray, probs: np.ndarray, ordering: np.ndarray, key: str) -> None:
    """Draws one image (784,) pixel by pixel in the browser. probs (784,): p(x_i = 1 | x_<i), by pixel."""
    rounded = [round(float(p), 5) for p in np.asarray(probs)[ordering]]
    data = {"bits": _bits(np.asarray(image)[ordering]), "probs": rounded, "ordering": ordering.tolist(), "side": 28}
    _player(key=key, data=data)
