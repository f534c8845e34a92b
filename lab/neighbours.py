"""The training image that is nearest to another one: 64 pixels a word, so that 50,000 of them are compared in a moment."""

import numpy as np
import streamlit as st

from nade_core import measures
from nade_core.data import Dataset

from .cache import Key

TYPICAL_OF = 300


@st.cache_resource(max_entries=8, show_spinner=False)
def _packed(key: Key, _data: Dataset) -> np.ndarray:
    return measures.packed(_data.train)


@st.cache_data(max_entries=8, show_spinner=False)
def typical_distance(key: Key, _data: Dataset) -> float:
    """The median distance, in pixels, from a real image (of TYPICAL_OF) it never saw to its nearest training image."""
    return float(np.median(measures.nearest_packed(_data.test[:TYPICAL_OF], _packed(key, _data))[1]))


@st.cache_data(max_entries=256, show_spinner=False)
def nearest(key: Key, row: bytes, _data: Dataset) -> tuple[np.ndarray, int]:
    """The training image nearest to an image (784,) of uint8, and the number of pixels between them."""
    index, distance = measures.nearest_packed(np.frombuffer(row, np.uint8)[None], _packed(key, _data))
    return _data.train[index[0, 0]], int(distance[0, 0])
