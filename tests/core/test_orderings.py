"""Orderings are permutations, and coarse to fine means what it says."""

import pytest
import torch

from nade_core.orderings import ORDERINGS, coarse_to_fine, make_ordering, raster, reverse, which_ordering, with_turns


@pytest.mark.parametrize("name", ORDERINGS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 13), (3, 5), (28, 28)])
def test_an_ordering_visits_every_pixel_once(name, shape):
    assert sorted(make_ordering(name, *shape, seed=3).tolist()) == list(range(shape[0] * shape[1]))


@pytest.mark.parametrize("shape, steps", [((1, 13), ()), ((3, 5), (2,)), ((8, 8), (2, 4)), ((28, 28), (2, 4, 8, 16))])
@pytest.mark.parametrize("seed", range(5))
def test_coarse_grids_come_before_finer_ones(shape, steps, seed):
    order = coarse_to_fine(*shape, torch.Generator().manual_seed(seed))
    assert sorted(order.tolist()) == list(range(shape[0] * shape[1]))
    assert torch.equal(order, coarse_to_fine(*shape, torch.Generator().manual_seed(seed)))
    y, x = order // shape[1], order % shape[1]
    for step in steps:  # the first pixels are those of one grid of that step, all of them
        on_grid = [((y - i) % step == 0) & ((x - j) % step == 0) for i in range(step) for j in range(step)]
        assert any(grid[: int(grid.sum())].all() for grid in on_grid)


def test_coarse_orderings_differ_with_the_seed_in_the_grid_and_within_it():
    orders = [coarse_to_fine(8, 8, torch.Generator().manual_seed(seed)) for seed in range(30)]
    assert len({int(order[0]) for order in orders}) > 10
    assert len({tuple(order.tolist()) for order in orders}) == 30


def test_turns_are_the_eight_symmetries_of_the_square_and_then_random():
    orders = with_turns(raster(3, 3), 12)
    assert len({tuple(order.tolist()) for order in orders}) == 12
    assert (orders.sort(1).values == torch.arange(9)).all() and torch.equal(orders[0], raster(3, 3))
    steps = orders[:8].view(8, 3, 3).diff(dim=2).abs()  # a turned raster goes along its rows, or along its columns
    assert sorted(int(step.unique()) for step in steps) == [1, 1, 1, 1, 3, 3, 3, 3]
    assert {int(order[0]) for order in orders[:8]} == {0, 2, 6, 8}
    assert with_turns(torch.tensor([1, 0, 2]), 2).shape == (2, 3)


def test_an_ordering_is_found_among_the_known_ones():
    known = with_turns(reverse(2, 2), 8)
    assert [which_ordering(order, known) for order in known] == list(range(8))
    with pytest.raises(ValueError, match="trained with"):
        which_ordering(torch.tensor([0, 3, 1, 2]), known)
