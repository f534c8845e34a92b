"""Orderings are permutations, and coarse to fine means what it says."""

import pytest
import torch

from nade_core.orderings import ORDERINGS, coarse_to_fine, make_ordering


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
