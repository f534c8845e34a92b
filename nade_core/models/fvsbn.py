"""FVSBN: a fully visible sigmoid belief network (Neal, 1992; Frey, Hinton & Dayan, NIPS 1995).

    p(x_i = 1 | x_<i) = sigmoid(b_i + sum_{j<i} R_ij x_j)

One logistic regression a pixel on all pixels before it: D (D - 1) / 2 + D parameters. Training adds
l1 sum |R_ij| to the loss, a Laplace prior: few of the pixels before matter to one, most of them next to it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli

from .base import DensityModel, logit_means


@dataclass(frozen=True)
class FVSBNConfig:
    """D = dims; ``l1`` is the rate of the Laplace prior on each weight, divided by the number of training rows."""

    dims: int = 784
    l1: float = 1e-4

    def __post_init__(self):
        if self.dims < 1 or not self.l1 >= 0:
            raise ValueError(f"Expected dims of at least 1 and l1 of at least 0; got {self}.")


class FVSBN(DensityModel):
    """An exact density, each conditional a logistic regression."""

    description = "a logistic regression on all pixels before"
    recipe = {"epochs": 40, "learning_rate": 3e-3, "weight_decay": 0.0}

    def __init__(self, config: FVSBNConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        self.R = nn.Parameter(torch.zeros(config.dims * (config.dims - 1) // 2))  # the rows of the triangle
        self.b = nn.Parameter(torch.zeros(config.dims))
        i, j = torch.tril_indices(config.dims, config.dims, -1)
        self.register_buffer("places", self.ordering[i] * config.dims + self.ordering[j], persistent=False)

    def conditionals(self, x, y=None) -> Bernoulli:
        """p(x_i = 1 | x_<i): a Bernoulli of batch shape (B, D)."""
        x = self.as_rows(x)
        self.as_labels(y, len(x))
        return Bernoulli(logits=F.linear(x, self._square(), self.b), validate_args=False)

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """The mean of -log p(x), and the prior."""
        return super().loss(x, y, generator) + self.config.l1 * self.R.abs().sum()

    def one_conditional(self) -> Callable[[Tensor, int], Tensor]:
        R = self._square()
        return lambda x, d: self.b[d] + x @ R[d]

    def _square(self) -> Tensor:
        """R_ij at row i and column j of the data, zero unless j comes before i: (D, D)."""
        D = self.config.dims
        return self.R.new_zeros(D * D).scatter(0, self.places, self.R).view(D, D)

    def start_from(self, train: Tensor) -> None:
        """The biases at the logits of the pixel means (Laplace-smoothed)."""
        self.b.data.copy_(logit_means(train))
