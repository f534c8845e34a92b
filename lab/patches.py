"""Patches of real digits: where they lie, which of new digits occurred among those for training, and how often."""

import numpy as np
import streamlit as st

from lesson import coverage
from nade_core.data import load_dataset
from nade_core.data.dataset import Dataset
from nade_core.messages import N_

from .link import linked
from .words import _

SHAPE, PIXELS = (28, 28), 784
SMALL = 6  # pixels of which all cases can be seen at once
SHOWN = 10  # new digits that are looked at one by one
QUIET = 0.01  # the share of digits in which a place is on that tells little
WIDEST, REACH = 10, 120  # the side of the largest block; the most pixels of a patch at random places
PLACES = {"block": N_("a block in the middle"), "random": N_("random places")}


def digits() -> Dataset:
    """The digits that are counted (train), and the new ones (test)."""
    return load_dataset("mnist")


def choose() -> str:
    """The kind of patch, one of PLACES."""
    return linked(
        st.segmented_control,
        _("The patch is"),
        list(PLACES),
        key="where",
        default="block",
        format_func=lambda place: _(PLACES[place]),
        required=True,
        label_visibility="collapsed",
    )


def where(seed: int, place: str) -> np.ndarray:
    """Pixels in the order in which a patch grows: a block around the middle, or one place after another."""
    if place == "random":
        return coverage.scattered(REACH, PIXELS, seed)
    return coverage.block(SHAPE[0] // 2, SHAPE[1] // 2, WIDEST, SHAPE)


@st.cache_data(max_entries=64, show_spinner=False)
def shares(seed: int, place: str) -> np.ndarray:
    """For k = 1 .. K: the share of new digits whose patch occurred in training (K,)."""
    data = digits()
    return coverage.coverage(data.train, data.test, where(seed, place))


@st.cache_data(max_entries=64, show_spinner=False)
def known(seed: int, place: str) -> tuple[np.ndarray, np.ndarray]:
    """SHOWN test images (SHOWN, D), and how many training images agree with each at the first k places (SHOWN, K)."""
    data = digits()
    rows = data.test[np.random.default_rng(seed).choice(len(data.test), SHOWN, replace=False)]
    return rows, np.array([coverage.occurrences(data.train, row, where(seed, place)) for row in rows])


@st.cache_data(show_spinner=False)
def quiet() -> float:
    """The share of an image's places that are on in fewer than QUIET of the training digits."""
    return float((digits().train.mean(0) < QUIET).mean())


def all_cases(n: int) -> np.ndarray:
    """Every image of n pixels, white on black in grey frames: (H, W) uint8."""
    tall, across = (2 if n in (4, 6) else 1), (16 if n == SMALL else min(2**n, 8))
    bits = np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1
    cases = (bits.reshape(-1, tall, n // tall) * 255).astype(np.uint8).repeat(12, 1).repeat(12, 2)
    for width, grey in ((2, 128), (4, 235)):
        cases = np.pad(cases, ((0, 0), (width, width), (width, width)), constant_values=grey)
    return np.block([list(cases[row : row + across]) for row in range(0, 2**n, across)])
