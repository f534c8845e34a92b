"""Ten chapters, a question each, answered by what the chapter computes."""

import math

import numpy as np
import pytest

from lesson import questions, rules
from nade_core.messages import NadeError

STATES = {
    "most-probable": ({"log_p": {"dog": -80.0, "blank": -20.0, "noise": -900.0}}, "blank"),
    "top-of-the-curve": ({"heads": 7, "throws": 20}, 0.35),
    "colours-without-a-pixel": ({"levels": 256, "pixels": 9600}, 256**3 - 9600),
    "half-covered": ({"shares": [1.0, 0.7, 0.49]}, 3),
    "both-on": ({"p1": 0.3, "p2": 0.8}, 0.24),
    "first-given-last": ({"joint": rules.PRESETS["common-effect"]}, 2 / 3),
    "ensemble-of-two": ({"one": -100.0, "other": -90.0}, -90 + math.log((1 + math.exp(-10)) / 2)),
    "nade-parameters": ({"n": 784, "hidden": 500}, 785_284),
    "highest-density": ({"sigma": 0.1}, 3.98942),
    "winner": ({"conditionals": np.log([[0.5, 0.5], [0.9, 0.2], [0.6, 0.6]])}, 2),
}


def test_ten_chapters_ask_one_question_each():
    assert list(STATES) == list(questions.QUESTIONS)
    assert len({question.chapter for question in questions.QUESTIONS.values()}) == 10


@pytest.mark.parametrize("question", STATES)
def test_the_answer_is_computed_from_the_state_and_a_wrong_one_is_not_right(question):
    state, truth = STATES[question]
    assert tuple(state) == questions.QUESTIONS[question].needs
    assert questions.answer(question, **state) == (truth if isinstance(truth, str) else pytest.approx(truth, abs=1e-5))
    assert questions.is_right(question, truth, **state)
    assert not questions.is_right(question, "noise" if isinstance(truth, str) else truth + 1, **state)


def test_a_number_may_be_a_unit_of_its_last_decimal_away():
    assert questions.is_right("top-of-the-curve", 0.34, heads=7, throws=20)
    assert not questions.is_right("top-of-the-curve", 0.33, heads=7, throws=20)


def test_where_there_is_no_answer_none_is_right():
    assert questions.is_right("half-covered", None, shares=[1.0, 0.9])
    assert questions.is_right("top-of-the-curve", None, heads=0, throws=0)
    assert not questions.is_right("top-of-the-curve", None, heads=7, throws=20)


def test_another_id_is_refused():
    with pytest.raises(NadeError, match="Unknown question 'why'"):
        questions.answer("why")
