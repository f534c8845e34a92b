"""Each rule computed both ways is equal, for every table that can be edited together."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesson import counting, rules
from lesson.independence import kl
from nade_core.messages import NadeError

CASES = list(itertools.product((0, 1), repeat=3))
tables = (
    st.lists(st.integers(0, 9), min_size=8, max_size=8)
    .filter(any)
    .map(lambda w: np.reshape(np.array(w) / sum(w), (2, 2, 2)))
)


def same(two):
    return (math.isnan(two.direct) and math.isnan(two.by_rule)) or two.direct == pytest.approx(two.by_rule, abs=1e-12)


@given(tables)
def test_chain_rule_and_bayes_rule_hold(p):
    assert all(same(rules.chain_rule(p, case)[1]) for case in CASES)
    for cause, effect in itertools.permutations((1, 2, 3), 2):
        assert all(same(rules.bayes(p, {cause: a}, {effect: b})) for a in (0, 1) for b in (0, 1))


@given(tables)
def test_the_price_of_the_assumption_is_the_conditional_information(p):
    price, q = rules.price(p), rules.projection(p)
    assert price.direct == pytest.approx(price.by_rule, abs=1e-12) and price.direct >= 0
    assert q.sum() == pytest.approx(1) and rules.price(q).direct == pytest.approx(0, abs=1e-12)
    assert rules.marginal(q, 1, 2) == pytest.approx(rules.marginal(p, 1, 2))
    assert rules.marginal(q, 2, 3) == pytest.approx(rules.marginal(p, 2, 3))


def test_no_chain_is_nearer_than_the_projection():
    p = np.random.default_rng(0).dirichlet(np.ones(8)).reshape(2, 2, 2)
    best, rng = rules.price(p).direct, np.random.default_rng(1)
    assert all(kl(p, rules.chain(rng.random(), rng.random(2), rng.random(2))) > best for _ in range(300))


def test_the_price_is_0_if_and_only_if_the_assumption_is_true():
    prices = {name: rules.price(p).direct for name, p in rules.PRESETS.items()}
    for name, p in rules.PRESETS.items():
        rows = rules.conditionals_of_last(p)
        equal = all(math.isnan(a) or math.isnan(b) or abs(a - b) < 1e-12 for a, b in rows.T)
        assert (prices[name] < 1e-12) == equal
        assert p.sum() == pytest.approx(1)
    assert prices["xor"] == pytest.approx(math.log(2)) and prices["common-effect"] > 0.1
    assert max(prices[name] for name in ("uniform", "independent", "chain", "copy")) < 1e-12


def test_an_edited_table_sums_to_1_and_holds_the_entry():
    p = rules.edit(rules.PRESETS["chain"], (1, 0, 1), 0.5)
    assert p[1, 0, 1] == 0.5 and p.sum() == pytest.approx(1, abs=1e-15)
    before = rules.PRESETS["chain"]
    assert p[0, 0, 0] / p[1, 1, 1] == pytest.approx(before[0, 0, 0] / before[1, 1, 1])


def test_marginals_and_conditionals_of_a_chain_are_what_it_was_made_of():
    p = rules.chain(0.4, [0.2, 0.9], [0.3, 0.8])
    assert rules.probability(p, {1: 1}) == pytest.approx(0.4) == rules.marginal(p, 1)[1]
    assert rules.conditional(p, {2: 1}, {1: 0}) == pytest.approx(0.2)
    assert rules.conditionals_of_last(p) == pytest.approx(np.array([[0.3, 0.8], [0.3, 0.8]]))
    factors, both = rules.chain_rule(p, (1, 1, 0))
    assert factors == pytest.approx((0.4, 0.9, 0.2)) and both.direct == pytest.approx(0.072)


def test_seven_five_three_and_from_there_to_n():
    assert [count.parameters for count in rules.parameters().values()] == [7, 7, 5, 3]
    numbers = rules.parameters(20)
    assert numbers["full-joint"].parameters == 2**20 - 1 and numbers["markov"].parameters == 2 * 20 - 1
    assert numbers["independent"] == counting.independent(20)


def test_another_shape_is_refused():
    with pytest.raises(NadeError, match="2 x 2 x 2"):
        rules.price(np.full((4, 2), 1 / 8))
