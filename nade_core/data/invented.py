"""A table of people who do not exist: columns that know of each other, some skewed, one of whole years."""

import numpy as np

from ..messages import N_
from .layout import Layout

COLUMNS = (
    N_("age (years)"),
    N_("height (cm)"),
    N_("weight (kg)"),
    N_("pulse at rest (bpm)"),
    N_("5 km run (min)"),
)
ROWS = {"train": 1500, "valid": 300, "test": 500}


def people(name: str, values: str) -> dict:
    """The parts of the table, always the same rows, (N, 5) float32, and the layout of its columns."""
    rng = np.random.default_rng(0)
    parts = {part: _drawn(n, rng).astype(np.float32) for part, n in ROWS.items()}
    return {**parts, "layout": Layout(COLUMNS, whole=(0, 3))}


def _drawn(n: int, rng: np.random.Generator) -> np.ndarray:
    """n rows, column after column: the taller half, older people heavier, the trained ones with a slow pulse."""
    tall, trained = rng.random(n) < 0.5, rng.beta(1.5, 2.5, n)
    age = np.floor(18 + 62 * rng.beta(1.3, 1.8, n))
    height = np.where(tall, 177, 164) + rng.normal(0, 6, n)
    mass_index = 20.5 + 0.06 * (age - 18) - 2 * trained + rng.gamma(2, 1.4, n)
    weight = mass_index * (height / 100) ** 2
    pulse = np.rint(76 - 26 * trained + rng.normal(0, 4, n))
    late = 0.012 * np.maximum(age - 30, 0) ** 1.5
    run = 27 - 11 * trained + late + 0.5 * (mass_index - 23) - tall + rng.normal(0, 1, n)
    return np.stack([age, height.round(1), weight.round(1), pulse, run.round(2)], 1)
