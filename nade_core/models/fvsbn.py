"""FVSBN: a fully visible sigmoid belief network (Neal, 1992; Frey, Hinton & Dayan, NIPS 1995).

    p(x_i = 1 | x_<i) = sigmoid(b_i + sum_{j<i} R_ij x_j)

One logistic regression a pixel on all pixels before it: D (D - 1) / 2 + D parameters for an ordering. Several
orderings have weights each of their own and make an ensemble: p(x) = mean over orderings of p(x | ordering).

Training adds two Laplace priors to the loss. l1 sum |R_ij|: few of the pixels before matter to one. On images,
smooth sum |R_ij - R_i'j'|, i' and j' being the pixels below i and j, or to the right of them: a pixel matters to its
neighbour in much the same way all over the image (total variation, as in the fused lasso, Tibshirani et al., 2005).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli

from ..orderings import which_ordering, with_turns
from .base import DensityModel, logit_means


@dataclass(frozen=True)
class FVSBNConfig:
    """D = dims, and how many orderings there are.

    ``l1`` and ``smooth`` are the rates of the Laplace priors on each weight and on each difference of neighbours'
    weights, divided by the number of training rows; ``smooth`` is for square images.
    """

    dims: int = 784
    orderings: int = 1
    l1: float = 1e-4
    smooth: float = 0.0

    def __post_init__(self):
        if min(self.dims, self.orderings) < 1 or not (self.l1 >= 0 and self.smooth >= 0):
            raise ValueError(f"Expected dims and orderings of at least 1, l1 and smooth of at least 0; got {self}.")
        if self.smooth and math.isqrt(self.dims) ** 2 != self.dims:
            raise ValueError(f"Only the weights of a square image can be smooth; {self.dims} values are none.")


class FVSBN(DensityModel):
    """An exact density, each conditional a logistic regression."""

    description = "a logistic regression on all pixels before"
    recipe = {"epochs": 40, "learning_rate": 3e-3, "weight_decay": 0.0}

    def __init__(self, config: FVSBNConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, M = config.dims, config.orderings
        self.register_buffer("all_orderings", with_turns(self.ordering, M), persistent=False)
        self.R = nn.Parameter(torch.zeros(M * (D * (D - 1) // 2)))  # the rows of one triangle after another
        self.b = nn.Parameter(torch.zeros(M * D))
        i, j = torch.tril_indices(D, D, -1)
        self.register_buffer("places", self.all_orderings[:, i] * D + self.all_orderings[:, j], persistent=False)

    def conditionals(self, x, y=None, ordering: Tensor | None = None) -> Bernoulli:
        """p(x_i = 1 | x_<i) along one of its orderings (its own if None): a Bernoulli of batch shape (B, D)."""
        x = self.as_rows(x)
        self.as_labels(y, len(x))
        m = 0 if ordering is None else which_ordering(ordering, self.all_orderings)
        return Bernoulli(logits=F.linear(x, self._square(m), self._biases()[m]), validate_args=False)

    def log_prob(self, x, y=None, ordering: Tensor | None = None) -> Tensor:
        """log p(x | ordering) in nats, its own ordering if None: (B,)."""
        x = self.as_rows(x)
        return self.conditionals(x, y, ordering).log_prob(x).sum(-1)

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """The mean over orderings of -log p(x | ordering), and the priors."""
        R = torch.stack([self._square(m) for m in range(self.config.orderings)])
        logits = torch.einsum("mij,bj->mbi", R, x) + self._biases()[:, None]
        nats = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="sum") / len(x)
        if self.config.l1:
            nats = nats + self.config.l1 * self.R.abs().sum()
        return (nats + self.config.smooth * _variation(R) if self.config.smooth else nats) / len(R)

    def orderings(self, n: int = 1, seed: int = 0) -> list[Tensor]:
        """The first n of its orderings."""
        return list(self.all_orderings[:n])

    def one_conditional(self) -> Callable[[Tensor, int], Tensor]:
        R, b = self._square(0), self._biases()[0]
        return lambda x, d: b[d] + x @ R[d]

    def start_from(self, train: Tensor) -> None:
        """The biases at the logits of the pixel means (Laplace-smoothed)."""
        self._biases().data.copy_(logit_means(train))

    def _square(self, m: int) -> Tensor:
        """R_ij of an ordering at row i and column j of the data, zero unless j comes before i: (D, D)."""
        D, triangle = self.config.dims, self.R.view(self.config.orderings, -1)[m]
        return triangle.new_zeros(D * D).scatter(0, self.places[m], triangle).view(D, D)

    def _biases(self) -> Tensor:
        """b_i for each ordering: (M, D)."""
        return self.b.view(self.config.orderings, -1)


def _variation(R: Tensor) -> Tensor:
    """sum |R_ij - R_i'j'| over the pixels i', j' below i, j and those to the right of them, R (M, D, D): a scalar."""
    side = math.isqrt(R.shape[1])
    R = R.view(-1, side, side, side, side)
    down, right = R[:, 1:, :, 1:] - R[:, :-1, :, :-1], R[:, :, 1:, :, 1:] - R[:, :, :-1, :, :-1]
    return down.abs().sum() + right.abs().sum()
