"""Shared by the tests of training: a table to learn from."""

import numpy as np
import pytest


@pytest.fixture
def people(tmp_path):
    """A table with structure: the second half of each row repeats the first, with some noise."""
    rng = np.random.default_rng(0)
    half = rng.integers(0, 2, (1200, 12), np.uint8)
    np.save(tmp_path / "people.npy", np.hstack([half, half ^ (rng.random(half.shape) < 0.05)]).astype(np.uint8))
    return tmp_path / "people.npy"
