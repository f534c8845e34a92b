"""A joint table of three binary variables, and the rules that turn it about: each thing computed two ways.

``joint`` is (2, 2, 2): ``joint[a, b, c]`` is p(x1 = a, x2 = b, x3 = c). Variables are named 1, 2, 3. A conditional
on something of probability 0 is nan, and whatever it is multiplied with has probability 0.
"""

from dataclasses import dataclass

import numpy as np

from nade_core.messages import NadeError

from . import counting, simplex
from .independence import kl

_XOR = [[[0.25, 0], [0, 0.25]], [[0, 0.25], [0.25, 0]]]
_COPY = [[[0.5, 0], [0, 0]], [[0, 0], [0, 0.5]]]
_COMMON_EFFECT = [[[0.25, 0], [0, 0.25]], [[0, 0.25], [0, 0.25]]]


@dataclass(frozen=True)
class TwoWays:
    """One number computed straight from the table and by a rule."""

    direct: float
    by_rule: float


def chain(first: float, second, third) -> np.ndarray:
    """p(x1) p(x2 | x1) p(x3 | x2) from 1 + 2 + 2 numbers: p(x1 = 1), p(x2 = 1 | x1) and p(x3 = 1 | x2) for 0 and 1."""
    p1, p2, p3 = (np.stack([1 - np.asarray(p, float), np.asarray(p, float)], -1) for p in (first, second, third))
    return p1[:, None, None] * p2[:, :, None] * p3[None, :, :]


PRESETS = {
    "uniform": np.full((2, 2, 2), 1 / 8),
    "independent": chain(0.3, [0.6, 0.6], [0.2, 0.2]),
    "chain": chain(0.4, [0.2, 0.9], [0.3, 0.8]),
    "copy": np.array(_COPY),
    "xor": np.array(_XOR),
    "common-effect": np.array(_COMMON_EFFECT),
}
"""``chain``: x3 depends on x1 through x2 alone. ``xor``: any two are independent, the third is their sum modulo 2.
``common-effect``: x3 = x1 or x2, of two fair coins."""


def edit(joint, case: tuple[int, int, int], value: float) -> np.ndarray:
    """The table with one of its eight entries changed; the other seven keep their proportions: (2, 2, 2)."""
    place = int(np.ravel_multi_index(case, (2, 2, 2)))
    return simplex.set_one(_table(joint).ravel(), place, value).reshape(2, 2, 2)


def marginal(joint, *variables: int) -> np.ndarray:
    """The table over these variables alone, in the order 1, 2, 3: the others are summed over."""
    return _table(joint).sum(axis=tuple(v - 1 for v in (1, 2, 3) if v not in variables))


def probability(joint, event: dict[int, int]) -> float:
    """p(x_v = a for all v: a of the event)."""
    return float(_table(joint)[tuple(event.get(v, slice(None)) for v in (1, 2, 3))].sum())


def conditional(joint, event: dict[int, int], given: dict[int, int]) -> float:
    """p(event | given) = p(event, given) / p(given); nan where p(given) = 0."""
    below = probability(joint, given)
    return probability(joint, event | given) / below if below > 0 else float("nan")


def chain_rule(joint, case: tuple[int, int, int]) -> tuple[tuple[float, float, float], TwoWays]:
    """The factors p(x1), p(x2 | x1), p(x3 | x1, x2) of a case, and p(case) directly and as their product."""
    events = [{v: case[v - 1]} for v in (1, 2, 3)]
    factors = (
        probability(joint, events[0]),
        conditional(joint, events[1], events[0]),
        conditional(joint, events[2], events[0] | events[1]),
    )
    product = 0.0 if 0 in factors else float(np.prod(factors))
    return factors, TwoWays(float(_table(joint)[tuple(case)]), product)


def bayes(joint, cause: dict[int, int], effect: dict[int, int]) -> TwoWays:
    """p(cause | effect), directly and as p(effect | cause) p(cause) / p(effect); both nan where p(effect) = 0."""
    prior, evidence = probability(joint, cause), probability(joint, effect)
    likelihood = conditional(joint, effect, cause) if prior > 0 else 0.0
    by_rule = likelihood * prior / evidence if evidence > 0 else float("nan")
    return TwoWays(conditional(joint, cause, effect), by_rule)


def conditionals_of_last(joint) -> np.ndarray:
    """p(x3 = 1 | x1 = a, x2 = b), (2, 2). The assumption x3 _|_ x1 | x2 says that its two rows are equal."""
    return np.array([[conditional(joint, {3: 1}, {1: a, 2: b}) for b in (0, 1)] for a in (0, 1)])


def projection(joint) -> np.ndarray:
    """The nearest table in which x3 _|_ x1 | x2: q = p(x1, x2) p(x3 | x2), which minimises KL(p || q), (2, 2, 2)."""
    p12, p23, p2 = marginal(joint, 1, 2), marginal(joint, 2, 3), marginal(joint, 2)
    given = np.divide(p23, p2[:, None], out=np.zeros((2, 2)), where=p2[:, None] > 0)
    return p12[:, :, None] * given[None]


def price(joint) -> TwoWays:
    """What assuming x3 _|_ x1 | x2 costs, in nats: KL(p || projection), and I(x1; x3 | x2) by entropies.

    I(x1; x3 | x2) = H(x1, x2) + H(x2, x3) - H(x2) - H(x1, x2, x3). It is 0 if and only if the assumption is true.
    """
    entropies = entropy(marginal(joint, 1, 2)) + entropy(marginal(joint, 2, 3)) - entropy(marginal(joint, 2))
    return TwoWays(kl(_table(joint), projection(joint)), entropies - entropy(_table(joint)))


def entropy(p) -> float:
    """H = -sum p log p in nats."""
    p = np.asarray(p, float)
    return -float((p[p > 0] * np.log(p[p > 0])).sum())


def parameters(n: int = 3) -> dict[str, counting.Count]:
    """Free numbers of n binary variables: the table and the chain rule alike, a Markov chain, independence."""
    found = (counting.full_joint(n), counting.chain_tables(n), counting.markov(n), counting.independent(n))
    return {count.id: count for count in found}


def _table(joint) -> np.ndarray:
    if np.shape(joint) != (2, 2, 2):
        raise NadeError("Expected a table of 2 x 2 x 2 probabilities; got {shape}.", shape=np.shape(joint))
    return simplex.probabilities(np.ravel(joint)).reshape(2, 2, 2)
