"""An image that is revealed pixel by pixel, with p(y | x_<=i) of every class, in the browser."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ..words import _
from . import bits, component

_reveal = component("reveal")


def reveal(
    image: str,
    row: np.ndarray,
    ordering: np.ndarray,
    path: np.ndarray,
    names: list[str],
    truth: int,
    i: int,
    guess: int,
    on_at: Callable[[int], None],
    on_guess: Callable[[int, int], None],
) -> None:
    """An image of that id, a row (D,), with i of its pixels known, and p(y | x_<=i) (D + 1, K).

    ``guess`` is the class that the viewer said it is, or -1: until then the probabilities are not shown. ``on_at``
    hears of the i at which the slider stops, ``on_guess`` of the class that is tapped and the i at that moment.
    """
    data = {
        "image": image,
        "bits": bits(row),
        "ordering": ordering.tolist(),
        "path": path.round(4).tolist(),
        "names": names,
        "truth": truth,
        "i": i,
        "guess": guess,
        "words": _words(),
    }

    def guessed() -> None:
        said = st.session_state["reveal"]["guess"]
        on_guess(int(said["k"]), int(said["i"]))

    _reveal(
        key="reveal",
        data=data,
        on_at_change=lambda: on_at(int(st.session_state["reveal"]["at"])),
        on_guess_change=guessed,
    )


def _words() -> dict[str, str]:
    """What the component says; {gaps} are filled in the browser."""
    return {
        "ask": _("Reveal pixels, and tap the class as soon as you know it."),
        "legend": _("◆ your guess · ✓ what it is · lines: p(y | x≤i) over i"),
        "classes": _("the classes"),
        "choose": _("tap to guess"),
        "you": _("your guess"),
        "truth": _("what it is"),
        "known": _("{i} of {n} pixels known"),
        "slider": _("i, the pixels that are known"),
        "lines": _("p(y | x≤i) of every class over i; in the end {name} leads"),
        "play": _("Play"),
        "pause": _("Pause"),
    }
