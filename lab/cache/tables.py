"""What models of tables are asked: every row of the table, the columns that make it strange, any columns given others."""

import csv
import io
from pathlib import Path

import numpy as np
import streamlit as st

from nade_core import ModelCard, runs, scoring
from nade_core.data import load_dataset
from nade_core.data.layout import Layout
from nade_core.data.reading import read_table
from nade_core.messages import NadeError

from ..words import _
from . import Key, key_of, loaded

ROWS = 5000  # of a table that are scored for the page


def layout(card: ModelCard) -> Layout:
    """The columns of the model's table; without names where they are not known."""
    return card.layout or Layout(whole=() if card.values == "real" else tuple(range(card.dims)))


def names(card: ModelCard) -> list[str]:
    """What the columns are called, in the reader's language where the table comes with the project."""
    found = layout(card).columns(card.dims)
    if card.embedded:
        return [_(name) for name in found]
    return list(found) if layout(card).names else [_("column {n}", n=j + 1) for j in range(card.dims)]


def rows(card: ModelCard) -> np.ndarray | None:
    """The rows of the model's table as its file has them, at most ROWS: of one that comes with the project those that it
    never saw. None where the table is not here."""
    if card.embedded:
        return load_dataset(card.embedded, card.values).test[:ROWS]
    config = card.path.parent / "config.json"
    return _rows(config, config.stat().st_mtime, card.values, card.layout) if config.is_file() else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows(path: Path, changed: float, values: str, _layout: Layout | None) -> np.ndarray | None:
    folder = path.parent
    try:
        config = runs.read_config(folder)
        return read_table(folder / config.data, config.key, values, config.how, _layout).rows[:ROWS]
    except (NadeError, OSError):
        return None


def terms(card: ModelCard, x: np.ndarray) -> np.ndarray:
    """log p(x_i | x_<i) of rows (N, D), in nats: (N, D), whose sums are log p(x)."""
    x = np.ascontiguousarray(x)
    return _terms(key_of(card), x.tobytes(), x.shape, x.dtype.str)


@st.cache_data(max_entries=8, show_spinner=False)
def _terms(key: Key, x: bytes, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return scoring.log_conditionals(loaded(key), np.frombuffer(x, dtype).reshape(shape))


def surprises(card: ModelCard, terms: np.ndarray) -> np.ndarray:
    """-log p(x_i | x_<i) from those terms (N, D), as of standardised values."""
    return scoring.surprises(loaded(key_of(card)), terms)


def given(card: ModelCard, known: dict[int, float], d: int, values: np.ndarray) -> np.ndarray:
    """p(x_d = v | x_known) for every v of values (N,), by a model that can be asked for any columns given others: (N,)."""
    return _given(key_of(card), tuple(sorted(known.items())), d, np.asarray(values, np.float64).tobytes())


@st.cache_data(max_entries=256, show_spinner=False)
def _given(key: Key, known: tuple[tuple[int, float], ...], d: int, values: bytes) -> np.ndarray:
    return scoring.given_curve(loaded(key), dict(known), d, np.frombuffer(values))


def as_csv(columns: dict[str, np.ndarray]) -> bytes:
    """Columns (N,) by name as a text, UTF-8 with a mark, which spreadsheets know Korean by."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return text.getvalue().encode("utf-8-sig")
