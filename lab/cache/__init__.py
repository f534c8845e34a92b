"""Every question to a model, and its cached answer. The only room of the app that asks models.

Answers hold numbers and ids, never words, so that they serve viewers of every language. Models are read-only and
shared by all viewers. Rows travel as bytes: they are what the answer is cached by.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st
import torch
from torch.distributions import Bernoulli

from lesson import corruptions
from nade_core import ModelCard, checkpoint, list_models, load_model, runs, scoring, traits
from nade_core.data import Dataset, load_dataset, other_data
from nade_core.data.reading import read_rows
from nade_core.messages import N_, NadeError
from nade_core.models import MODELS, DensityModel

from .. import visitor
from ..answers import Gallery, Terms, joined

RUNS = Path(os.environ.get("NADE_RUNS", "runs"))
TEST_IMAGES = 2000  # enough for a smooth histogram and a percentile
NOISE_IMAGES = 500
FEWER = 4  # a slow model scores a fourth as many, so that nobody waits long
TAKEN = N_("A model that comes with the project has the same name: rename the folder of this run.")
Key = tuple[str, float]


def key_of(card: ModelCard) -> Key:
    """What identifies the weights of a card in a cache: their file, and when it was written."""
    return str(card.path), card.path.stat().st_mtime


@st.cache_resource(max_entries=8, show_spinner=False)
def loaded(key: Key):
    """The model of a key, read-only: for this room and lab/classes.py, which ask models."""
    return load_model(key[0])


def cards() -> dict[str, ModelCard]:
    """Every model that the viewer sees, by name: those that come with the project first, then those trained here."""
    found: dict[str, ModelCard] = {}
    for card in list_models((RUNS,)):
        if card.path.parent.parent != RUNS or visitor.sees(card.path.parent):
            found.setdefault(card.name, card)  # a run that is called like one of the project's does not take its place
    return found


def model_faults() -> list[tuple[Path, NadeError]]:
    """The model files that are left out, and why: they cannot be read, or their name is taken."""
    known = cards()
    taken = [card.path for card in list_models((RUNS,)) if card.name in known and known[card.name].path != card.path]
    faults = checkpoint.model_faults((RUNS,)) + [(path, NadeError(TAKEN)) for path in taken]
    return [(path, why) for path, why in faults if path.parent.parent != RUNS or visitor.sees(path.parent)]


def model_class(card: ModelCard) -> type[DensityModel]:
    """What a model's class says of it: values, description, completes, many_orderings, slow, in_browser."""
    return MODELS[card.model][0]


def affordable(card: ModelCard, n: int) -> int:
    """n images, or fewer for a model that is slow to score them."""
    return n // FEWER if model_class(card).slow else n


def ordering(card: ModelCard) -> np.ndarray:
    """The model's own ordering: (D,)."""
    return loaded(key_of(card)).ordering.cpu().numpy()


def device() -> tuple[str, str]:
    """Where models run: "cuda", "mps" or "cpu", and the name of the GPU or the number of cores."""
    if torch.cuda.is_available():
        return "cuda", torch.cuda.get_device_name()
    return ("mps", "Apple") if torch.backends.mps.is_available() else ("cpu", str(os.cpu_count()))


def data_of(card: ModelCard) -> Dataset | None:
    """The data that a model was trained on, embedded or its run's own; None where they are not here.

    ``test`` holds what it never saw: where people's own data have no test part, the rows that chose its weights.
    """
    if card.embedded:
        return load_dataset(card.embedded, model_class(card).values)
    config = card.path.parent / "config.json"
    return _own_data(str(card.path.parent), config.stat().st_mtime) if config.is_file() else None


def same_data(one: ModelCard, other: ModelCard) -> bool:
    """Whether two models learned from the same rows, by content: an embedded data set, or equal fingerprints."""
    if one.embedded or other.embedded:
        return one.embedded == other.embedded
    prints = one.header.get("fingerprint"), other.header.get("fingerprint")
    return prints[0] is not None and prints[0] == prints[1]


@st.cache_resource(max_entries=4, show_spinner=False)
def _own_data(folder: str, changed: float) -> Dataset | None:
    try:
        data = runs.read_run_data(Path(folder), runs.read_config(Path(folder)))
    except (NadeError, OSError):
        return None
    return data if len(data.test) else replace(data, test=data.valid)


@st.cache_data(max_entries=8, show_spinner=False)
def held_out(data: str, values: str) -> np.ndarray:
    """The first rows of an embedded data set's test part, at most TEST_IMAGES."""
    return read_rows(data, values=values)[:TEST_IMAGES]


@st.cache_data(max_entries=8, show_spinner=False)
def _usual(key: Key, _rows: np.ndarray) -> dict[str, tuple[float, float]]:
    return traits.usual(_rows.reshape(-1, 28, 28))


def usual(card: ModelCard) -> dict[str, tuple[float, float]] | None:
    """Between which values the traits of nearly all images lie that a model learned from; None without its data."""
    data = data_of(card)
    return None if data is None else _usual(key_of(card), data.train[:TEST_IMAGES])


# Scoring


def log_prob(
    card: ModelCard, rows: np.ndarray, label: int | None = None, ordering: np.ndarray | None = None
) -> np.ndarray:
    """log p of every row, or log p(x | label), in nats: (N,) float64. ``ordering`` (D,) for a model that knows many."""
    rows = np.ascontiguousarray(rows)
    return _log_prob(key_of(card), rows.tobytes(), rows.shape, rows.dtype.str, label, _as_bytes(ordering))


@st.cache_data(max_entries=64, show_spinner=False)
def _log_prob(key: Key, rows: bytes, shape: tuple[int, ...], dtype: str, label: int | None, order: bytes) -> np.ndarray:
    x = np.frombuffer(rows, dtype).reshape(shape)
    return scoring.log_probs(loaded(key), x, label, _as_ordering(order))


def _as_bytes(ordering: np.ndarray | None) -> bytes:
    """An ordering as a cache keys it: one value instead of D, each of which Streamlit would look at."""
    return b"" if ordering is None else np.asarray(ordering, np.int64).tobytes()


def _as_ordering(order: bytes) -> list[int] | None:
    return np.frombuffer(order, np.int64).tolist() if order else None


def terms(card: ModelCard, row: np.ndarray, label: int | None = None, ordering: np.ndarray | None = None) -> Terms:
    """The conditionals of one row (D,), whose log_p sum to log p(x). ``ordering`` (D,) as in ``log_prob``."""
    row = np.ascontiguousarray(row)
    return _terms(key_of(card), row.tobytes(), row.dtype.str, label, _as_bytes(ordering))


@st.cache_data(max_entries=128, show_spinner=False)
def _terms(key: Key, row: bytes, dtype: str, label: int | None, ordering: bytes) -> Terms:
    x, model, order = np.frombuffer(row, dtype)[None], loaded(key), _as_ordering(ordering)
    with torch.no_grad():
        if model.values != "binary":
            return Terms(model.log_conditionals(x, label, order)[0].cpu().numpy(), None)
        on = Bernoulli(logits=model.conditionals(x, label, order).logits[0].double())  # one pass gives both
        return Terms(on.log_prob(model.as_rows(x)[0].double()).cpu().numpy(), on.probs.cpu().numpy())


@st.cache_data(max_entries=16, show_spinner=False)
def _test_log_probs(key: Key, n: int, _rows: np.ndarray) -> np.ndarray:
    return scoring.log_probs(loaded(key), _rows[:n])


def test_log_probs(card: ModelCard) -> np.ndarray | None:
    """log p of the first real rows that the model never saw, at most TEST_IMAGES, in nats; None without its data."""
    data = data_of(card)
    return None if data is None else _test_log_probs(key_of(card), affordable(card, TEST_IMAGES), data.test)


@st.cache_data(max_entries=16, show_spinner=False)
def _noise_log_probs(key: Key, n: int) -> np.ndarray:
    model = loaded(key)
    return scoring.log_probs(model, np.random.default_rng(0).integers(0, 2, (n, model.config.dims), np.uint8))


def noise_log_probs(card: ModelCard) -> np.ndarray:
    """log p of coin-flip images, at most NOISE_IMAGES of them, in nats."""
    return _noise_log_probs(key_of(card), affordable(card, NOISE_IMAGES))


def class_probs(card: ModelCard, row: np.ndarray) -> np.ndarray:
    """p(y | x) of every class by Bayes' rule, for one row (D,): (K,)."""
    return scoring.classify(loaded(key_of(card)), np.asarray(row)[None])[0]


# Drawing


def chance(seed: int) -> torch.Generator:
    """The random numbers of a seed."""
    return torch.Generator().manual_seed(seed)


@st.cache_data(max_entries=256, show_spinner=False)
def _samples(key: Key, n: int, seed: int, label: int | None, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    model = loaded(key)
    x = model.sample(n, label, chance(seed), temperature)
    log_p = scoring.log_probs(model, x, label)
    x = x.cpu().numpy()
    return (x.astype(np.uint8) if model.values == "binary" else x), log_p


def samples(
    card: ModelCard, n: int, seed: int, label: int | None = None, temperature: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """n samples (n, D) and their log p(x), or log p(x | label), at temperature 1: (n,) in nats."""
    return _samples(key_of(card), n, seed, label, temperature)


# Ranking


def together(card: ModelCard, parts: dict[str, np.ndarray], scored: np.ndarray | None = None) -> Gallery:
    """A gallery of parts by sort; ``scored`` are the rows as the model takes them, where they are not those shown."""
    rows, sorts = joined(parts)
    return Gallery(rows, sorts, log_prob(card, rows if scored is None else scored))


def gallery(card: ModelCard, n: int, seed: int) -> Gallery | None:
    """n images of every sort: real, samples, damaged ones, other data and noise, scored; None without its data."""
    data = data_of(card)
    return None if data is None else _gallery(key_of(card), n, seed, data)


@st.cache_data(max_entries=8, show_spinner=False)
def _gallery(key: Key, n: int, seed: int, _data: Dataset) -> Gallery:
    model, images, rng = loaded(key), _data, np.random.default_rng(seed)
    real = images.test[rng.choice(len(images.test), min(n, len(images.test)), replace=False)]
    drawn = model.sample(n, generator=chance(seed)).cpu().numpy().astype(np.uint8)
    parts = {"real": real, "samples": drawn}
    means = images.train.mean(0)
    parts |= {sort: corruptions.corrupt(sort, real, (28, 28), means, seed) for sort in corruptions.KINDS}
    for other in other_data(images.embedded):
        test = load_dataset(other.name).test
        parts[f"data-{other.name}"] = test[rng.choice(len(test), n, replace=False)]
    rows, sorts = joined(parts)
    return Gallery(rows, sorts, scoring.log_probs(model, rows))


def rescored(card: ModelCard, shown: Gallery) -> Gallery:
    """The same rows with the log p of another model."""
    return replace(shown, log_p=log_prob(card, shown.rows))


# Real values


def curve(card: ModelCard, row: np.ndarray, d: int, values: np.ndarray) -> np.ndarray:
    """p(x_d = v | what comes before d) for every v of values (N,), the rest as in the row (D,): (N,)."""
    return scoring.conditional_curve(loaded(key_of(card)), row, d, values)


def location(card: ModelCard) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the standard deviation of the training rows that a real-valued model keeps: (D,) each."""
    model = loaded(key_of(card))
    return model.mean.double().cpu().numpy(), model.scale.double().cpu().numpy()


@st.cache_data(max_entries=16, show_spinner=False)
def _density(key: Key, rows: bytes, dims: int) -> np.ndarray:
    return np.exp(scoring.log_probs(loaded(key), np.frombuffer(rows, np.float32).reshape(-1, dims)))


def density(card: ModelCard, rows: np.ndarray) -> np.ndarray:
    """p(x) of real-valued rows (N, D): (N,)."""
    rows = np.ascontiguousarray(rows, np.float32)
    return _density(key_of(card), rows.tobytes(), rows.shape[1])
