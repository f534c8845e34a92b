"""What all chapters share: cached models and figures, the model picker, and errors as sentences."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from nade_core import ModelCard, list_models, load_model, scoring
from nade_core.data import SOURCES, Dataset, load_dataset
from nade_core.data.filetypes import IMAGE_SUFFIXES
from nade_core.data.reading import read_rows

RUNS = Path(os.environ.get("NADE_RUNS", "runs"))
TEST_IMAGES = 2000  # enough for a smooth histogram and a percentile
NOISE_IMAGES = 500
IMAGES, POINTS, COLOURS = ALL = ("images", "points", "colours")
SLOW, FEWER = ("OrderAgnosticNADE", "PixelCNN"), 4  # networks that score a fourth as many, so that nobody waits long
PICTURES = [suffix[1:] for suffix in IMAGE_SUFFIXES]  # what may be dropped as a picture


@st.cache_resource(max_entries=8, show_spinner="Loading the model…")
def _load(path: str, changed: float):
    return load_model(path)


def get_model(card: ModelCard):
    """The model of a card: read-only and shared by all viewers; loaded again when its file has changed."""
    return _load(str(card.path), card.path.stat().st_mtime)


def model_key(card: ModelCard) -> tuple[str, float]:
    """What identifies the weights of a card in a cache."""
    return str(card.path), card.path.stat().st_mtime


def data_of(card: ModelCard) -> Dataset:
    """The embedded data set that a model is shown beside: its own, or digits where it has none here."""
    return load_dataset(card.embedded or "mnist")


def affordable(card: ModelCard, n: int) -> int:
    """n images, or fewer for a model that is slow to score them."""
    return n // FEWER if card.model in SLOW else n


@st.cache_data(max_entries=16, show_spinner="Scoring real test rows…")
def _test_log_probs(key: tuple[str, float], data: str, values: str, n: int) -> np.ndarray:
    return scoring.log_probs(_load(*key), read_rows(data, values=values)[:n])


def test_log_probs(card: ModelCard) -> np.ndarray | None:
    """log p of the first real test rows, at most TEST_IMAGES of them, in nats; None where the data are not here."""
    data = data_of(card).name if kind(card) == IMAGES else card.embedded
    if not data:
        return None
    return _test_log_probs(model_key(card), data, values(card), affordable(card, TEST_IMAGES))


@st.cache_data(max_entries=16, show_spinner="Scoring noise…")
def _noise_log_probs(key: tuple[str, float], n: int) -> np.ndarray:
    model = _load(*key)
    return scoring.log_probs(model, np.random.default_rng(0).integers(0, 2, (n, model.config.dims), np.uint8))


def noise_log_probs(card: ModelCard) -> np.ndarray:
    """log p of coin-flip images, at most NOISE_IMAGES of them, in nats."""
    return _noise_log_probs(model_key(card), affordable(card, NOISE_IMAGES))


def device_label() -> str:
    """Where models run, in words."""
    if torch.cuda.is_available():
        return f"GPU: {torch.cuda.get_device_name()}"
    return "GPU: Apple MPS" if torch.backends.mps.is_available() else f"CPU, {os.cpu_count()} cores"


def values(card: ModelCard) -> str:
    """What a model's rows are made of: "binary", "real" or "levels"."""
    return card.values


def kind(card: ModelCard) -> str:
    """What a model's rows are to the eye: 28 x 28 images, points of the plane, colours, or a table."""
    if card.shape == (28, 28):
        return IMAGES
    if values(card) == "real" and card.dims == 2:
        return POINTS
    return COLOURS if card.embedded and card.dims == 3 else "table"


def models(kinds: tuple[str, ...] = (IMAGES,)) -> dict[str, ModelCard]:
    """Every model of those kinds, pretrained first, then those trained in the Train chapter."""
    return {card.name: card for card in list_models((RUNS,)) if kind(card) in kinds}


@st.cache_data(max_entries=8)
def held_out(data: str, values: str) -> np.ndarray | None:
    """The first rows of an embedded data set's test part, at most TEST_IMAGES; None for data that are not here."""
    return read_rows(data, values=values)[:TEST_IMAGES] if data in SOURCES else None


def describe(card: ModelCard) -> str:
    """One line on a model: title, what it is, size, and what it reaches."""
    split = "test" if "test" in card.nats else "valid"
    nats = f" · {card.nats[split]:.1f} nats on {split}" if split in card.nats else ""
    return f"{card.title} · {card.description} · {card.parameters:,} parameters{nats}"


def model_picker(kinds: tuple[str, ...] = (IMAGES,)) -> ModelCard:
    """The model all chapters use. The choice stands in the URL by name, and survives chapters without a picker."""
    cards, session = models(kinds), st.session_state
    chosen = session.get("model")
    if chosen not in cards:  # a first visit, another chapter, or a run that was deleted
        wanted = st.query_params.get("model", session.get("last_model"))
        chosen = wanted if wanted in cards else next(iter(cards))
    session["model"] = chosen  # said anew in each run: the picker of another chapter is another widget
    name = st.selectbox(
        "Model",
        list(cards),
        format_func=lambda name: describe(cards[name]),
        key="model",
        help="The density p(x) in use. Models that you train in the Train chapter appear here.",
    )
    session["last_model"] = name
    if st.query_params.get("model") != name:
        st.query_params["model"] = name
    st.sidebar.caption(f"Runs on {device_label()}")
    return cards[name]


@contextmanager
def friendly_errors() -> Iterator[None]:
    """What goes wrong with a viewer's input is told as a sentence."""
    try:
        yield
    except (ValueError, OSError) as error:
        st.error(str(error), icon=":material/info:")
