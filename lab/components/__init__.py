"""The pieces that need a browser: a grid of images to click, the pixel-by-pixel player, and the frame of a page."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from .. import borrowed, link
from ..theme import is_dark
from ..words import _, language

HERE = Path(__file__).parent
TINT = (86, 180, 233), (0, 40, 66)  # red, green, blue of a marked pixel that is on, and of one that is off

First = TypeVar("First", int, None)  # what is chosen at first: an id, or none


@lru_cache
def _source(name: str) -> dict[str, str]:
    files = {kind: HERE / f"{name}.{kind}" for kind in ("html", "css", "js")}
    return {kind: path.read_text("utf-8") for kind, path in files.items() if path.exists()}


def component(name: str) -> Any:
    """The component whose html, css and js stand beside this file."""
    source = _source(name)
    return st.components.v2.component(
        f"nade_{name}", html=source.get("html"), css=source.get("css"), js=source.get("js")
    )


_grid, _player, _frame = component("grid"), component("player"), component("frame")
_rail, _charts = component("rail"), component("charts")


def bits(row: np.ndarray) -> str:
    """A binary row as a string of 0 and 1."""
    return "".join(map(str, np.asarray(row, dtype=int).tolist()))


def frame(presenting: bool) -> None:
    """Tells the browser the page's language, and Streamlit's own words in it; gives each chart what it is taken along
    by. Before a hall, the browser says how large its type is (``frame["em"]``, pixels)."""
    em = st.session_state.get("frame", {}).get("em", 0) if presenting else None
    data = {"language": language(), "words": borrowed.words(language()), "em": em}
    _frame(key="frame", data=data, on_em_change=lambda: None)
    about = {"label": _("Download the chart as {kind}"), "dark": is_dark()}
    _charts(key="charts", data=about, on_dark_change=lambda: None)


def rail(data: dict[str, Any], on_go: Callable[[], None]) -> None:
    """The chapters as dots with back and next, and a lecturer's keys; where to go, and when that
    was asked (milliseconds), arrives as ``rail["go"]``."""
    _rail(key="rail", data=data, on_go_change=on_go)


def image_grid(
    images: np.ndarray,
    captions: list[list[str]],
    key: str,
    label: str,
    cell: str = "5.2rem",
    marked: np.ndarray | None = None,
    ids: list[int] | None = None,
    below: bool = True,
    *,
    default: First,
) -> int | First:
    """Images (N, 784) to click, with lines of caption under each; the id of the one clicked, which stands in the URL.

    ``below`` says that what a click shows stands below: a phone then goes there. The ids are 0 to N - 1 unless given. Pixels that are ``marked`` (784,) stand in TINT.
    """
    ids, component = list(range(len(images))) if ids is None else ids, f"{key}-grid"
    chosen = chosen_id(key, ids, default)
    data = {
        "images": [bits(row) for row in images],
        "captions": captions,
        "names": [_("image {n}: {caption}", n=i + 1, caption=", ".join(c)) for i, c in enumerate(captions)],
        "selected": ids.index(chosen) if chosen in ids else -1,
        "side": 28,
        "label": label,
        "cell": cell,
        "below": below,
        "marked": "" if marked is None else bits(marked),
        "tint": TINT,
    }

    def choose() -> None:
        st.session_state[key] = ids[int(st.session_state[component]["clicked"])]

    _grid(key=component, data=data, on_clicked_change=choose)
    link.say(key, None if chosen == default else str(chosen))
    return chosen


def chosen_id(key: str, ids: list[int], default: First) -> int | First:
    """The id that the URL or the last click says, if it is one of the ids; else the default."""
    text = link.arriving(key)
    if text is not None:
        st.session_state[key] = int(text) if text.isdecimal() else default
    if st.session_state[key] not in ids:
        st.session_state[key] = default
    return st.session_state[key]


def player(image: np.ndarray, log_p: np.ndarray, p_on: np.ndarray, ordering: np.ndarray, key: str) -> None:
    """Draws one image (784,) pixel by pixel in the browser.

    ``log_p`` (784,) is log p(x_i | x_<i) in nats, by pixel, which the player adds up; ``p_on`` (784,) is
    p(x_i = 1 | x_<i), which it shows.
    """
    data = {
        "bits": bits(np.asarray(image)[ordering]),
        "logP": log_p[ordering].tolist(),
        "pOn": p_on[ordering].round(4).tolist(),
        "ordering": ordering.tolist(),
        "side": 28,
        "words": _player_words(),
    }
    _player(key=key, data=data)


def _player_words() -> dict[str, str]:
    """What the player says; {gaps} are filled in the browser."""
    return {
        "image": _("the image so far"),
        "heat": _("p(x_i = 1 | x_<i) as heat"),
        "start": _("to the start"),
        "back": _("one pixel back"),
        "play": _("Play"),
        "pause": _("Pause"),
        "step": _("one pixel on"),
        "end": _("to the end"),
        "speed": _("speed"),
        "slow": _("slow"),
        "normal": _("normal"),
        "fast": _("fast"),
        "drawn": _("pixels drawn"),
        "sofar": _("{drawn} of {n} pixels · log p so far {sum} nats · {next}"),
        "next": _("next: p(x = 1 | the {drawn} before) = {p}"),
        "complete": _("complete"),
    }
