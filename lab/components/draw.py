"""Draws that appear pixel by pixel in the browser, one seed after the other."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ..numbers import as_power
from ..words import _
from . import component

_draw = component("draw")


def packed(row: np.ndarray) -> str:
    """A binary row as hexadecimal digits, four pixels each."""
    return np.packbits(np.asarray(row, np.uint8)).tobytes().hex()


def draw(
    rows: np.ndarray,
    log_p: np.ndarray,
    first: int,
    seed: int,
    ordering: np.ndarray,
    name: str,
    another: str,
    on_seed: Callable[[int], None],
) -> None:
    """The draw of a seed, among rows (n, D) of the seeds from ``first`` on, with their log p(x | y) (n,) in nats.

    ``name`` says y, and ``another`` is the button's text; ``on_seed`` hears of the seed that is drawn next.
    """
    data = {
        "of": name,
        "images": [packed(row) for row in rows],
        "said": [{"nats": f"{value:.1f}".replace("-", "−"), "power": as_power(value)} for value in log_p],
        "first": first,
        "seed": seed,
        "ordering": ordering.tolist(),
        "words": _words(name, another),
    }
    _draw(key="draw", data=data, on_seed_change=lambda: on_seed(int(st.session_state["draw"]["seed"])))


def _words(name: str, another: str) -> dict[str, str]:
    """What the component says; {gaps} that are left are filled in the browser."""
    return {
        "another": another,
        "drawing": _("seed {seed} · pixel {drawn} of {n}"),
        "done": _("seed {seed} · log p(x | y) = {nats} nats ≈ {power}"),
        "waiting": _("Drawing…"),
        "again": _("seed {seed}: watch it again"),
        "play": _("Play"),
        "pause": _("Pause"),
        "speed": _("speed"),
        "slow": _("slow"),
        "normal": _("normal"),
        "atonce": _("at once"),
    }
