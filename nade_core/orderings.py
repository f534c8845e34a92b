"""Orderings: the permutation in which an autoregressive model visits the dimensions.

An ordering is a LongTensor of shape (D,): ``ordering[i]`` is the dimension that is generated i-th.
Any permutation gives a valid chain rule p(x) = prod_i p(x_ordering[i] | x_ordering[<i]).
"""

import math

import torch
from torch import Tensor

from .inputs import as_numbers
from .messages import NadeError


def raster(height: int, width: int) -> Tensor:
    """Row by row from the top left, as one reads: (height * width,)."""
    return torch.arange(height * width)


def reverse(height: int, width: int) -> Tensor:
    """Raster from the last pixel back to the first: (height * width,)."""
    return raster(height, width).flip(0)


def spiral(height: int, width: int) -> Tensor:
    """From the top left clockwise along the border and inwards: (height * width,)."""
    grid, rings = raster(height, width).view(height, width), []
    while grid.numel():
        rings.append(grid[0])
        grid = grid[1:].T.flip(0)  # take the top row off, turn what is left by 90 degrees
    return torch.cat(rings)


def random(height: int, width: int, seed: int = 0) -> Tensor:
    """A uniformly drawn permutation, the same for the same seed: (height * width,)."""
    return torch.randperm(height * width, generator=torch.Generator().manual_seed(seed))


def coarse_to_fine(height: int, width: int, generator: torch.Generator) -> Tensor:
    """A random ordering in which every pixel of a coarse grid comes before those of a finer one: (height * width,).

    The grids have steps ..., 4, 2, 1 from a random place; the pixels that a grid adds come in random order. So the
    known pixels lie spread over the image, and each new one has some near it, at any time.
    """
    largest = 2 ** (max(height, width) - 1).bit_length()
    down, right = torch.randint(0, largest, (2,), generator=generator)
    y, x = (torch.arange(height) + down)[:, None] % largest, (torch.arange(width) + right) % largest
    step = (y | x) & -(y | x)  # the largest power of two that divides both, 0 for the largest of all
    step[step == 0] = largest
    return (torch.rand(height * width, generator=generator) - step.flatten()).argsort()


def with_turns(ordering: Tensor, n: int) -> Tensor:
    """The ordering, then on a square image its seven turns and mirror images, then random ones, n in all: (n, D)."""
    D, generator, found = len(ordering), torch.Generator().manual_seed(0), [ordering]
    if (side := math.isqrt(D)) ** 2 == D > 1:
        grids = [raster(side, side).view(side, side).rot90(quarter) for quarter in range(4)]
        turns = [grid.flatten().to(ordering.device) for pair in grids for grid in (pair, pair.T)]
        found = [turn[ordering] for turn in turns]
    found += [torch.randperm(D, generator=generator).to(ordering) for _ in range(len(found), n)]
    return torch.stack(found[:n])


def which_ordering(ordering: Tensor, known: Tensor) -> int:
    """The place of an ordering (D,) among the known ones (M, D); NadeError if it is none of them."""
    found = (known == check_ordering(ordering, known.shape[1]).to(known.device)).all(1).nonzero()
    if not len(found):
        raise NadeError("This model knows only the orderings that it was trained with: take one from orderings(n).")
    return int(found[0])


ORDERINGS = ("raster", "reverse", "spiral", "random")


def make_ordering(name: str, height: int, width: int, seed: int = 0) -> Tensor:
    """The ordering of that name, (height * width,); ``seed`` matters to ``random`` alone.

    Raises NadeError for a name that is not in ORDERINGS.
    """
    if name not in ORDERINGS:
        raise NadeError(
            "Unknown ordering {name}: expected one of {names}.", name=repr(name), names=", ".join(ORDERINGS)
        )
    if name == "random":
        return random(height, width, seed)
    return {"raster": raster, "reverse": reverse, "spiral": spiral}[name](height, width)


def inverse(ordering: Tensor) -> Tensor:
    """The position at which each dimension is generated: ``inverse(o)[o[i]] == i``, (D,)."""
    return torch.argsort(ordering)


def check_ordering(ordering: Tensor, dims: int) -> Tensor:
    """The ordering as a LongTensor (dims,); NadeError if it is no permutation of 0..dims-1."""
    ordering = as_numbers(ordering)
    if ordering.shape != (dims,) or not (ordering.cpu().sort().values == torch.arange(dims)).all():
        raise NadeError(
            "Expected an ordering of 0 to {last}, each once; got {shape} values.",
            last=dims - 1,
            shape=tuple(ordering.shape),
        )
    return ordering.long()
