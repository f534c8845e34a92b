"""Draws by seed stand alone, and what is known stays."""

import numpy as np
import pytest
import torch

from lesson import drawing
from nade_core import NADE, NADEConfig, scoring

torch.manual_seed(0)
MODEL = NADE(NADEConfig(9, 4, classes=3))


def test_a_draw_depends_on_its_seed_alone():
    rows, log_p = drawing.draw_scored(MODEL, 1, range(20))
    assert (rows[7:9] == drawing.draw(MODEL, 1, [7, 8])).all() and len(np.unique(rows, axis=0)) > 5
    assert log_p == pytest.approx(scoring.log_probs(MODEL, rows, 1))


@pytest.mark.parametrize("label", [None, 2])
def test_what_is_known_stays(label):
    known = np.array([1, 0, 1, 1], np.uint8)
    rows = drawing.draw_given(MODEL, 30, 0, label, known)
    assert rows.shape == (30, 9) and (rows[:, :4] == known).all() and len(np.unique(rows, axis=0)) > 5
    assert (rows == drawing.draw_given(MODEL, 30, 0, label, known)).all()
    assert len(np.unique(drawing.draw_given(MODEL, 30, 0, label, known[:0])[:, :4], axis=0)) > 2
