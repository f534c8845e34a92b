"""MADE: a masked autoencoder for distribution estimation (Germain, Gregor, Murray & Larochelle, ICML 2015).

Every unit has a degree: an input its place in the ordering (1..D), a hidden unit a number in 1..D-1. A weight
is kept where it goes from a degree to one that is not smaller; into an output, from strictly smaller ones:

    h_1 = relu((W_1 * mask_1) x + c_1), h_k = h_{k-1} + relu((W_k * mask_k) h_{k-1} + c_k), k = 2, 3, ...
    p(x_i = 1 | x_<i) = sigmoid(b_i + (V * mask_V) h + (R * mask_R) x),   R: the direct connections

where x stands for x minus the mean of the training rows, and every hidden layer has the same degrees, so that
adding the layer below crosses no mask. One pass gives all D conditionals. Each of ``masks`` seeds is an ordering
with hidden degrees of its own; the weights are shared by all of them, and they make an ensemble.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..inputs import check_types
from ..messages import N_, NadeError
from ..orderings import inverse, which_ordering
from ..shares import dropout
from .binary import BinaryModel, logit_means


@dataclass(frozen=True)
class MADEConfig:
    """D = dims, H = hidden units in each of ``layers`` hidden layers, and how many masks share the weights."""

    dims: int = 784
    hidden: int = 1000
    layers: int = 2
    masks: int = 8
    dropout: float = 0.0

    def __post_init__(self):
        check_types(self)
        if min(self.dims, self.hidden, self.layers, self.masks) < 1 or not 0 <= self.dropout < 1:
            raise NadeError("Expected sizes of at least 1 and a dropout in [0, 1); got {config}.", config=self)


class MADE(BinaryModel):
    """An exact density that scores in one pass through a masked network."""

    all_orderings: Tensor
    degrees: Tensor
    mean: Tensor
    layers: Any  # a ModuleList of Linear

    description = N_("one masked pass for all conditionals")
    recipe = {"epochs": 60, "weight_decay": 0.1, "average": 0.9995, "precision": "bfloat16"}
    many_orderings = True
    draws_slowly = True

    def __init__(self, config: MADEConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, H = config.dims, config.hidden
        generator = torch.Generator().manual_seed(0)  # the masks are part of the model, not of its training
        others = [torch.randperm(D, generator=generator) for _ in range(config.masks - 1)]
        self.register_buffer("all_orderings", torch.stack([self.ordering, *others]))
        self.register_buffer("degrees", torch.stack([self._degrees(generator) for _ in range(config.masks)]))
        self.register_buffer("mean", torch.zeros(D))
        self.layers = nn.ModuleList(nn.Linear(D if i == 0 else H, H) for i in range(config.layers))
        self.V = nn.Parameter(torch.randn(D, H) * 0.1 * H**-0.5)
        self.R = nn.Parameter(torch.zeros(D, D))
        self.b = nn.Parameter(torch.zeros(D))

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return self._through(x, which_ordering(ordering, self.all_orderings))

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """The mean of -log p(x | ordering), with one mask drawn for the batch."""
        mask = int(torch.randint(self.config.masks, (), generator=generator))
        return F.binary_cross_entropy_with_logits(self._through(x, mask).float(), x, reduction="sum") / len(x)

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """The mean of the rows, and the biases at its logits (Laplace-smoothed)."""
        self.b.data.copy_(logit_means(train))
        self.mean.copy_(torch.sigmoid(self.b.data))

    def _orderings(self, n: int, seed: int) -> list[Tensor]:
        """The first n of its orderings."""
        return list(self.all_orderings[:n])

    def _walk(self, x: Tensor) -> Iterator[Tensor]:
        weights, V, R = self._masked(0)
        for d in self.ordering.tolist():
            centred = x - self.mean
            yield self.b[d] + self._hidden(centred, weights) @ V[d] + centred @ R[d]

    def _through(self, x: Tensor, mask: int) -> Tensor:
        """The logits of one pass through the masked network: (B, D)."""
        weights, V, R = self._masked(mask)
        x = x - self.mean
        return F.linear(self._hidden(x, weights), V, self.b) + F.linear(x, R)

    def _hidden(self, x: Tensor, weights: list[Tensor]) -> Tensor:
        h = x.new_zeros(())
        for weight, layer in zip(weights, self.layers, strict=True):
            new = torch.relu(F.linear(x, weight, layer.bias))
            x = h = h + dropout(new, self.config.dropout, self.training)
        return h

    def _masked(self, mask: int) -> tuple[list[Tensor], Tensor, Tensor]:
        """The weights that a mask leaves: of the hidden layers, V and R."""
        place, weights = inverse(self.all_orderings[mask]) + 1, []
        below = place
        degree = self.degrees[mask]
        for layer in self.layers:
            weights.append(layer.weight * (degree[:, None] >= below))
            below = degree
        return weights, self.V * (place[:, None] > below), self.R * (place[:, None] > place)

    def _knows(self, ordering: Tensor) -> bool:
        return bool((self.all_orderings == ordering).all(1).any())

    def _degrees(self, generator: torch.Generator) -> Tensor:
        """Evenly spread over 1..D-1, shuffled: (H,)."""
        D, H = self.config.dims, self.config.hidden
        return (1 + torch.arange(H) * max(1, D - 1) // H)[torch.randperm(H, generator=generator)]
