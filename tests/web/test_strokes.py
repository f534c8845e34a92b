"""Drawing without a canvas: brush, moves and links, in Node and in Chromium; numpy says what is right."""

import base64

import numpy as np
import pytest

BLANK = np.zeros((28, 28), int)
CHARACTERS = "This link holds no drawing: expected {expected} letters, digits, - or _; got {length}."


@pytest.fixture
def draw(engine):
    """draw(step, ...): what the last of the steps gives, cells as (28, 28)."""

    def run(*steps):
        answer = engine([(None, list(steps))])[0]
        return np.array(answer).reshape(28, 28) if isinstance(answer, list) and len(answer) == 784 else answer

    return run


def squares(*parts):
    """A picture that is on in those parts: (rows, columns), each a slice or a number."""
    picture = BLANK.copy()
    for rows, columns in parts:
        picture[rows, columns] = 1
    return picture


def test_a_brush_of_one_to_three_cells_stays_inside(draw):
    assert (draw(("dab", BLANK.ravel(), [5, 7], 1, 1)) == squares((5, 7))).all()
    assert (draw(("dab", BLANK.ravel(), [5, 7], 2, 1)) == squares((slice(4, 6), slice(6, 8)))).all()
    assert (draw(("dab", BLANK.ravel(), [5, 7], 3, 1)) == squares((slice(4, 7), slice(6, 9)))).all()
    assert (draw(("dab", BLANK.ravel(), [0, 27], 3, 1)) == squares((slice(0, 2), slice(26, 28)))).all()
    assert (draw(("dab", BLANK.ravel(), [40, -9], 3, 1)) == BLANK).all()


def test_a_line_has_no_gaps_and_the_eraser_takes_it_away(draw):
    line = draw(("stroke", BLANK.ravel(), [2, 3], [12, 25], 1, 1))
    assert line[2, 3] == line[12, 25] == 1 and line.sum() == 23 and (line.sum(0)[3:26] == 1).all()
    rows = line.argmax(0)[3:26]
    assert (np.diff(rows) >= 0).all() and np.diff(rows).max() == 1
    assert draw(("stroke", line.ravel(), [12, 25], [2, 3], 3, 0)).sum() == 0
    assert (draw(("stroke", BLANK.ravel(), [2, 3], [2, 3], 1, 1)) == squares((2, 3))).all()


def test_shift_invert_and_toggle(draw):
    picture = (np.random.default_rng(0).random((28, 28)) < 0.4).astype(int)
    moved = BLANK.copy()
    moved[3:, :-5] = picture[:-3, 5:]
    assert (draw(("shift", picture.ravel(), 3, -5)) == moved).all()
    assert draw(("shift", picture.ravel(), -28, 0)).sum() == 0
    assert (draw(("invert", picture.ravel())) == 1 - picture).all()
    toggled = draw(("toggle", picture.ravel(), [9, 4]))
    assert np.argwhere(toggled != picture).tolist() == [[9, 4]]


def test_keys_move_within_the_picture(draw):
    keys = [
        ("ArrowUp", [0, 5], [0, 5]),
        ("ArrowDown", [0, 5], [1, 5]),
        ("ArrowLeft", [3, 0], [3, 0]),
        ("ArrowRight", [3, 0], [3, 1]),
        ("Home", [3, 9], [3, 0]),
        ("End", [3, 9], [3, 27]),
        ("q", [3, 9], [3, 9]),
    ]
    for key, place, wanted in keys:
        assert draw(("move", place, key)) == wanted, key


def test_undo_and_redo_walk_through_the_past(draw):
    one, two = squares((1, 1)), squares((1, 1), (2, 2))
    acts = [["commit", one], ["commit", one], ["commit", two]]
    assert draw(("remember", [*acts])) == {"on": 2, "canUndo": True, "canRedo": False}
    assert draw(("remember", [*acts, ["undo"]])) == {"on": 1, "canUndo": True, "canRedo": True}
    assert draw(("remember", [*acts, ["undo"], ["undo"], ["undo"]])) == {"on": 0, "canUndo": False, "canRedo": True}
    assert draw(("remember", [*acts, ["undo"], ["undo"], ["redo"]])) == {"on": 1, "canUndo": True, "canRedo": True}
    assert draw(("remember", [*acts, ["undo"], ["commit", BLANK]])) == {"on": 0, "canUndo": True, "canRedo": False}
    many = [["commit", (one, two)[k % 2]] for k in range(30)]
    assert draw(("remember", [*many, *[["undo"]] * 25], 20)) == {"on": 2, "canUndo": False, "canRedo": True}


def test_a_link_carries_the_drawing(draw):
    rng = np.random.default_rng(1)
    for picture in (BLANK, 1 - BLANK, *(rng.random((4, 28, 28)) < 0.5)):
        picture = np.array(picture, int)
        text = base64.urlsafe_b64encode(np.packbits(picture).tobytes()).decode().rstrip("=")
        assert draw(("encode", picture.ravel())) == text and len(text) == 131
        assert (draw(("decode", text)) == picture).all()


@pytest.mark.parametrize(
    "text", ["", "A", "A" * 130, "A" * 132, "A" * 130 + "=", "A" * 130 + "B", "+" * 131, "ㄱ" * 131, None]
)
def test_a_link_that_does_not_decode_is_refused(draw, text):
    answer = draw(("decode", text))
    assert answer["fault"] == CHARACTERS and answer["facts"]["expected"] == 131
