"""Names beside marks do not cover each other, and long ones are broken evenly."""

import itertools
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import costs, labels
from lab.chapters.leaderboard import TABLE


@given(st.lists(st.text("abc가나 ", min_size=1, max_size=12), min_size=1, max_size=6).map(" ".join))
@settings(max_examples=60, deadline=None)
def test_a_name_keeps_its_words_in_lines_of_the_longest_length(name):
    lines = labels.wrapped(name).split(labels.BREAK)
    assert " ".join(lines).split() == name.split()
    assert all(labels.letters(line) <= labels.LONGEST or " " not in line for line in lines)


def test_lines_are_evenly_long_and_hangul_is_twice_as_wide():
    assert labels.wrapped("Order-agnostic NADE taught by PixelCNN", 26) == "Order-agnostic NADE<br>taught by PixelCNN"
    assert labels.wrapped("Markov chain of order 8") == "Markov chain<br>of order 8"
    assert labels.letters("초류") == labels.letters("abcd")


def test_neighbours_take_sides_that_do_not_collide():
    x, y, names = [0.4, 0.42, 0.44], [0.5, 0.51, 0.5], ["one name", "another name", "a third one"]
    sides = labels.beside(x, y, names)
    boxes = [
        labels._box(labels.PLOT[0] * a, labels.PLOT[1] * b, name, side)
        for a, b, name, side in zip(x, y, names, sides, strict=True)
    ]
    assert all(labels._shared(a, b) == 0 for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("y", [0.2, 0.8])
def test_a_name_beside_a_lone_mark_stands_at_its_level(y):
    assert labels.beside([0.5], [y], ["name"]) == ["middle right"]


def test_the_best_models_name_covers_no_mark_among_the_parameters(monkeypatch):
    drawn = []
    monkeypatch.setattr(costs, "chart", lambda fig, alt, key: drawn.append(fig))
    costs.by_parameters(json.loads(TABLE.read_text(encoding="utf-8"))["rows"], near=False)
    published, ours = drawn[0].data
    (left, right), (low, high) = drawn[0].layout.xaxis.range, drawn[0].layout.yaxis.range
    marks = [
        (labels.PLOT[0] * (math.log10(x) - left) / (right - left), labels.PLOT[1] * (y - low) / (high - low))
        for trace in (ours, published)
        for x, y in zip(trace.x, trace.y, strict=True)
    ]
    name = labels._box(*marks[0], ours.text[0], ours.textposition[0])
    discs = [(x - 6, y - 6, x + 6, y + 6) for x, y in marks]
    assert ours.text[0] and not any(labels._shared(name, disc) for disc in discs)
