"""What models with classes are asked: draws of a class, p(y | x_<=i), what is given. Cached as in __init__.py."""

import numpy as np
import streamlit as st

from lesson import drawing, reveal
from nade_core import ModelCard
from nade_core.data import Dataset, load_dataset

from . import Key, affordable, key_of, loaded

JUDGED = 300  # test images that a quick classifier is judged by while they are revealed
SIDE = 28


def draws(card: ModelCard, label: int, first: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n draws (n, D), each from its own seed, ``first`` and those after it, and their log p(x | y) in nats (n,)."""
    return _draws(key_of(card), label, first, n)


@st.cache_data(max_entries=64, show_spinner=False)
def _draws(key: Key, label: int, first: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    return drawing.draw_scored(loaded(key), label, range(first, first + n))


def given(card: ModelCard, n: int, seed: int, label: int | None, known: np.ndarray) -> np.ndarray:
    """n draws (n, D) given a class (None: none) and the values ``known`` (k,) of the first k pixels of the ordering."""
    return _given(key_of(card), n, seed, label, known.astype(np.uint8).tobytes())


@st.cache_data(max_entries=64, show_spinner=False)
def _given(key: Key, n: int, seed: int, label: int | None, known: bytes) -> np.ndarray:
    return drawing.draw_given(loaded(key), n, seed, label, np.frombuffer(known, np.uint8))


def terms(card: ModelCard, rows: np.ndarray) -> np.ndarray:
    """log p(x_i | x_<i, y) of rows (N, D) under every class, in nats: (N, K, D), the pixels as they are generated."""
    rows = np.ascontiguousarray(rows, np.uint8)
    return _terms(key_of(card), rows.tobytes(), len(rows))


@st.cache_data(max_entries=32, show_spinner=False)
def _terms(key: Key, rows: bytes, n: int) -> np.ndarray:
    return reveal.class_conditionals(loaded(key), np.frombuffer(rows, np.uint8).reshape(n, -1))


def test_rows(data: str) -> np.ndarray:
    """The indices of a data set's test images in an order that mixes the classes, the same each time."""
    return np.random.default_rng(0).permutation(len(load_dataset(data).test))


def test_image(card: ModelCard, number: int) -> tuple[np.ndarray, int]:
    """The test image of that number, in the order of ``test_rows``, and its class: (D,) and a label."""
    data, at = load_dataset(card.embedded), test_rows(card.embedded)[number]
    return data.test[at], int(_labels(data)[at])


def _labels(data: Dataset) -> np.ndarray:
    """Those of the test images: (N,)."""
    assert data.test_labels is not None, "a model with classes learned from labels"
    return data.test_labels


@st.cache_data(max_entries=4, show_spinner=False)
def _paths(key: Key, data: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    found, rows = load_dataset(data), test_rows(data)[:n]
    paths = [
        reveal.posterior(reveal.class_conditionals(loaded(key), found.test[part]))[:, ::SIDE]
        for part in np.array_split(rows, max(1, n // 50))
    ]
    return np.concatenate(paths), _labels(found)[rows]


def judged(card: ModelCard) -> int:
    """By how many test images the classifier is judged while they are revealed."""
    return affordable(card, JUDGED)


def paths(card: ModelCard) -> tuple[np.ndarray, np.ndarray]:
    """p(y | x_<=i) of ``judged`` test images, i = 0, 28 .. 784: (N, 29, K), and their labels (N,)."""
    return _paths(key_of(card), card.embedded, judged(card))
