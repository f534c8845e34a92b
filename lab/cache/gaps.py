"""What models are asked of an image with a region erased. Cached as in __init__.py."""

import numpy as np
import streamlit as st

from nade_core import ModelCard, scoring

from ..answers import Completions
from . import Key, chance, key_of, loaded, model_class

ORDERINGS = 8  # over which a model of any ordering averages the probability of a completion
DRAWN = 64  # draws of a model of scans, whose shares are the probabilities of its pixels


def can(card: ModelCard) -> bool:
    """Whether a model can be asked for pixels given others, wherever they stand."""
    return model_class(card).completes or model_class(card).fills


def complete(card: ModelCard, image: np.ndarray, known: np.ndarray, n: int, seed: int) -> Completions:
    """n completions, at most DRAWN, of an image (D,) of uint8 whose ``known`` pixels (D,) stay."""
    by = _in_any_order if model_class(card).completes else _along_a_scan
    return by(key_of(card), image.tobytes(), known.astype(np.uint8).tobytes(), n, seed)


def _given(image: bytes, known: bytes) -> tuple[np.ndarray, np.ndarray]:
    return np.frombuffer(image, np.uint8).copy(), np.frombuffer(known, np.uint8).astype(bool)


@st.cache_data(max_entries=32, show_spinner=False)
def _in_any_order(key: Key, image: bytes, known: bytes, n: int, seed: int) -> Completions:
    model, generator, (x, mask) = loaded(key), chance(seed), _given(image, known)
    rows = model.complete(x, mask, n, generator).cpu().numpy().astype(np.uint8)
    log_p = model.log_prob_missing(np.concatenate([rows, x[None]]), mask, generator, ORDERINGS).cpu().numpy()
    marginals = model.marginals(x[None], mask[None])[0].detach().double().cpu().numpy()
    return Completions(rows, log_p[:-1], float(log_p[-1]), marginals, "any", orderings=ORDERINGS)


@st.cache_data(max_entries=32, show_spinner=False)
def _filled(key: Key, image: bytes, known: bytes, seed: int):
    """DRAWN draws (DRAWN, D), and what the model says of them."""
    found = loaded(key).fill(*_given(image, known), DRAWN, chance(seed))
    return found.rows.cpu().numpy().astype(np.uint8), found


@st.cache_data(max_entries=32, show_spinner=False)
def _along_a_scan(key: Key, image: bytes, known: bytes, n: int, seed: int) -> Completions:
    """log p(missing | known) = log p(x) - log p(known), along the scan."""
    rows, found = _filled(key, image, known, seed)
    some = rows[np.arange(n) * DRAWN // n]  # particles that stand side by side have a past in common
    scored = np.concatenate([some, np.frombuffer(image, np.uint8)[None]])
    log_p = scoring.log_probs(loaded(key), scored, ordering=found.ordering) - found.log_p_known
    how = "scan" if found.exact else "particles"
    about = {"drawn": DRAWN, "particles": found.particles, "effective": found.effective}
    return Completions(some, log_p[:-1], float(log_p[-1]), rows.mean(0), how, **about)
