"""The sheet of the first page is what the model says: its draws, the images to rank, and every log p."""

from dataclasses import replace

import numpy as np
import pytest

from lesson import sheet
from nade_core import load_pretrained, scoring
from nade_core.data import load_dataset

SHEET, DATA = sheet.load(), load_dataset("animals")


@pytest.fixture(scope="module")
def model():
    return load_pretrained(sheet.MODEL, "cpu")


def test_each_draw_is_what_its_seed_gives(model):
    assert tuple(SHEET.classes) == DATA.class_names and SHEET.draws.shape == (10, sheet.SEEDS, 784)
    assert (SHEET.ordering == model.ordering.numpy()).all()
    for label in range(10):
        seeds = range(sheet.SEEDS) if SHEET.classes[label] == sheet.SHOWN else (0, 57, 99)
        same = (sheet.draw(model, label, seeds) == SHEET.draws[label, list(seeds)]).all(1)
        assert (~same).sum() <= 1  # another machine's float may fall on the other side of a uniform number


def test_every_log_p_is_the_librarys(model):
    dog = SHEET.classes.tolist().index(sheet.SHOWN)
    assert SHEET.given[dog] == pytest.approx(scoring.log_probs(model, SHEET.draws[dog], dog), abs=1e-2)
    few = SHEET.draws[:, 3]
    assert SHEET.log_p[:, 3] == pytest.approx(scoring.log_probs(model, few), abs=1e-2)
    four = SHEET.four.reshape(-1, 784)
    assert SHEET.four_log_p.ravel() == pytest.approx(scoring.log_probs(model, four), abs=1e-2)
    assert SHEET.asked_log_p == pytest.approx(scoring.log_probs(model, SHEET.asked), abs=1e-2)
    some = slice(None, None, 24)
    assert SHEET.test_log_p[some] == pytest.approx(scoring.log_probs(model, DATA.test[some]), abs=1e-2)
    assert len(SHEET.test_log_p) == len(DATA.test) and SHEET.off == pytest.approx(1 - DATA.test.mean())


def test_four_are_a_real_dog_from_the_test_part_and_what_was_made_of_it():
    dogs = DATA.test[DATA.test_labels == DATA.class_names.index("dog")]
    for real, damaged, noise, blank in SHEET.four:
        assert (dogs == real).all(1).any()
        assert (real != damaged).sum() == round(0.1 * 784)
        assert 300 < noise.sum() < 484 and blank.sum() == 0
    assert len(np.unique(SHEET.four[:, 0], axis=0)) == sheet.LOTS


def test_the_blank_one_wins_each_time():
    assert (SHEET.four_log_p.argmax(1) == sheet.FOUR.index("blank")).all()
    assert SHEET.asked[0].sum() == 1 and SHEET.asked[1].all()


def test_what_is_saved_comes_back_read_only(tmp_path):
    small = replace(SHEET, draws=SHEET.draws[:, :2], four=SHEET.four[:1])
    sheet.save(small, tmp_path / "sheet.npz")
    back = sheet.load(tmp_path / "sheet.npz")
    assert (back.draws == small.draws).all() and (back.four == small.four).all()
    assert (back.test_log_p == SHEET.test_log_p).all() and back.entropy == SHEET.entropy
    with pytest.raises(ValueError, match="read-only"):
        back.draws[0, 0, 0] = 1
