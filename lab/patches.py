"""Patches of real digits: where they lie, which of new digits occurred among those for training, and how often."""

import numpy as np
import streamlit as st

from lesson import coverage
from nade_core.data import load_dataset
from nade_core.data.dataset import Dataset
from nade_core.messages import N_

SHAPE, PIXELS = (28, 28), 784
SHOWN = 12  # new digits that are looked at one by one
WIDEST, REACH = 10, 120  # the side of the largest block; the most pixels of a patch at random places
PLACES = {"block": N_("a block in the middle"), "random": N_("random places")}


def digits() -> Dataset:
    """The digits that are counted (train), and the new ones (test)."""
    return load_dataset("mnist")


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
