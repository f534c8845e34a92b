"""One closing question a chapter. What is asked stands in the texts, under the id; the answer is computed here.

``answer(question_id, **state)`` takes the values that the chapter shows at that moment, by the names of the
question's function; ``is_right`` compares a guess with it.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nade_core.messages import NadeError

from . import coin, counting, coverage, independence, mixture, orders, reveal, rules

CHOICE, INTEGER, NUMBER = "choice", "integer", "number"


@dataclass(frozen=True)
class Question:
    """The chapter that asks and in which of its steps, the kind of answer, and its function.

    A step that asks has told what the question is about, and does not show its answer elsewhere. ``digits`` are the
    decimals that a number is asked for.
    """

    chapter: str
    steps: tuple[str, ...]
    kind: str
    solve: Callable
    digits: int = 0

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the values that the answer is computed from."""
        return tuple(inspect.signature(self.solve).parameters)


def most_probable(log_p: dict[str, float]) -> str:
    """Which of the images, by id, has the highest log p (nats)?"""
    return max(log_p, key=lambda name: log_p[name])


def top_of_the_curve(heads: int, throws: int) -> float:
    """At which p is the likelihood of so many heads in so many throws highest?"""
    return coin.estimate(heads, throws).value


def colours_without_a_pixel(levels: int, pixels: int) -> int:
    """How many of the L^3 colours stay unseen at least, in a photo of so many pixels?"""
    return max(0, counting.rgb_pixel(levels).parameters + 1 - pixels)


def half_covered(shares) -> int | None:
    """From how many pixels on is less than half of the new patches known? ``shares`` (K,) are those of ``coverage``."""
    return coverage.first_below(shares)


def both_on(p1: float, p2: float) -> float:
    """What is p(1, 1) of two independent coins?"""
    return float(independence.two_coins(p1, p2)[1, 1])


def first_given_last(joint) -> float:
    """What is p(x1 = 1 | x3 = 1) of the table (2, 2, 2) on the page?"""
    return rules.bayes(joint, {1: 1}, {3: 1}).by_rule


def ensemble_of_two(one: float, other: float) -> float:
    """What is log p of the ensemble of two orderings, given log p along each (nats)?"""
    return float(orders.log_mean_exp([one, other]))


def nade_parameters(n: int, hidden: int) -> int:
    """How many parameters has a NADE of n pixels and so many hidden units?"""
    return counting.nade(n, hidden).parameters


def highest_density(sigma: float) -> float:
    """How high is a Gaussian of this width at its top, per unit of x?"""
    return mixture.peak(sigma)


def winner(conditionals) -> int:
    """Which class has the highest p(y | x), given log p(x_i | x_<i, y) (K, D) and classes alike in number?"""
    return int(reveal.posterior(conditionals)[-1].argmax())


QUESTIONS = {
    "most-probable": Question("home", ("typical",), CHOICE, most_probable),
    "top-of-the-curve": Question("coin", ("die", "never"), NUMBER, top_of_the_curve, 2),
    "colours-without-a-pixel": Question("pixel", ("cube", "full"), INTEGER, colours_without_a_pixel),
    "half-covered": Question("cases", ("race",), INTEGER, half_covered),
    "both-on": Question("independence", ("fog", "price"), NUMBER, both_on, 2),
    "first-given-last": Question("rules", ("assume",), NUMBER, first_given_last, 2),
    "ensemble-of-two": Question("ordering", ("ensemble",), NUMBER, ensemble_of_two, 1),
    "nade-parameters": Question("nade", ("count",), INTEGER, nade_parameters),
    "highest-density": Question("continuous", ("units", "collapse"), NUMBER, highest_density, 2),
    "winner": Question("conditional", ("calibration", "next"), CHOICE, winner),
}
"""By id, in the order of the chapters, one each. The chapter's id is its address; that of ``/`` is home."""


def answer(question: str, **state):
    """The right answer: an id or a class, an integer (None: never), or a number that may be nan where there is none."""
    if question not in QUESTIONS:
        raise NadeError(
            "Unknown question {name!r}: expected one of {names}.", name=question, names=", ".join(QUESTIONS)
        )
    return QUESTIONS[question].solve(**state)


def is_right(question: str, guess, **state) -> bool:
    """Whether the guess is the answer; a number is right within one unit of the last decimal asked for."""
    truth = answer(question, **state)
    if QUESTIONS[question].kind == CHOICE:
        return str(guess) == str(truth)  # a class is chosen by its number, written as an id
    if QUESTIONS[question].kind == INTEGER:
        return guess == truth
    if math.isnan(truth):
        return guess is None
    return guess is not None and bool(
        np.isclose(guess, truth, rtol=0, atol=1.0000001 * 10.0 ** -QUESTIONS[question].digits)
    )
