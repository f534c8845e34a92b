"""Parameter counts against small explicit enumeration, known integers, and the parameters of real models."""

from itertools import product

import pytest
import torch

from nade_core import NADE, NADEConfig, counting


def _rows(dims: int, order: int) -> int:
    """Rows of all conditional tables, found by listing every distinct context (x_{i-k}, ..., x_{i-1})."""
    return sum(len({x[max(0, i - order) : i] for x in product((0, 1), repeat=dims)}) for i in range(dims))


@pytest.mark.parametrize("dims", range(1, 8))
def test_tables_agree_with_enumeration(dims):
    assert counting.full_joint(dims).parameters == len(list(product((0, 1), repeat=dims))) - 1
    assert counting.chain_tables(dims).parameters == _rows(dims, dims)
    assert counting.independent(dims).parameters == _rows(dims, 0)
    for order in range(dims + 2):
        assert counting.markov(dims, order).parameters == _rows(dims, order)


@pytest.mark.parametrize("dims", [1, 2, 5, 784])
def test_factorisations_meet_at_their_ends(dims):
    full = counting.full_joint(dims).parameters
    assert counting.chain_tables(dims).parameters == full  # the chain rule alone saves nothing
    assert counting.markov(dims, dims - 1).parameters == full
    assert counting.markov(dims, 0).parameters == counting.independent(dims).parameters == dims
    assert counting.markov(dims, 1).parameters == 2 * dims - 1


@pytest.mark.parametrize("dims", [1, 2, 7, 30])
def test_fvsbn_is_a_logistic_regression_a_conditional(dims):
    models = [torch.nn.Linear(i, 1) for i in range(1, dims)]
    entries = sum(parameter.numel() for model in models for parameter in model.parameters())
    assert counting.fvsbn(dims).parameters == 1 + entries  # the first pixel has only a bias


@pytest.mark.parametrize(("dims", "hidden"), [(1, 1), (6, 5), (784, 500)])
def test_nade_counts_the_real_model(dims, hidden):
    real = sum(parameter.numel() for parameter in NADE(NADEConfig(dims, hidden)).parameters())
    assert counting.nade(dims, hidden).parameters == real


@pytest.mark.parametrize(("dims", "hidden"), [(1, 1), (6, 5), (784, 500)])
def test_made_counts_its_two_stored_layers(dims, hidden):
    layers = (torch.nn.Linear(dims, hidden), torch.nn.Linear(hidden, dims))
    real = sum(parameter.numel() for layer in layers for parameter in layer.parameters())
    assert counting.made(dims, hidden).parameters == real


def test_numbers_of_the_lecture():
    digit = counting.full_joint(784).parameters
    assert digit == 2**784 - 1
    assert len(str(digit)) == 237
    assert counting.rgb_pixel().parameters == 16_777_215
    assert counting.rgb_independent().parameters == 765
    assert counting.categorical(6).parameters == 5


@pytest.mark.parametrize("levels", [1, 2, 3, 5])
def test_rgb_agrees_with_enumeration(levels):
    colours = list(product(range(levels), repeat=3))
    contexts = sum(len({colour[:i] for colour in colours}) for i in range(3))
    assert counting.rgb_pixel(levels).parameters == len(colours) - 1
    assert counting.rgb_chain(levels).parameters == contexts * (levels - 1) == len(colours) - 1


@pytest.mark.parametrize(
    ("formula", "arguments", "expected"),
    [
        (counting.full_joint, (0,), "dims"),
        (counting.independent, (2.0,), "dims"),
        (counting.chain_tables, (True,), "dims"),
        (counting.markov, (3, -1), "order"),
        (counting.nade, (3, 0), "hidden"),
        (counting.made, (3, None), "hidden"),
        (counting.categorical, ("6",), "sides"),
        (counting.rgb_pixel, (0,), "levels"),
    ],
)
def test_bad_sizes_are_named(formula, arguments, expected):
    with pytest.raises(ValueError, match=f"Expected {expected} to be an integer"):
        formula(*arguments)


def test_every_count_carries_its_formula():
    counts = [counting.categorical(6), counting.rgb_pixel(), counting.full_joint(3), counting.independent(3),
              counting.chain_tables(3), counting.markov(3, 1), counting.fvsbn(3), counting.nade(3, 2),
              counting.made(3, 2)]  # fmt: skip
    assert all(count.name and count.formula and count.latex and type(count.parameters) is int for count in counts)
