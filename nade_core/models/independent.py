"""Independent pixels: p(x) = prod_i p(x_i), D parameters, each a frequency that was counted."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli

from .base import DensityModel, logit_means


@dataclass(frozen=True)
class IndependentConfig:
    """D = dims."""

    dims: int = 784

    def __post_init__(self):
        if self.dims < 1:
            raise ValueError(f"Expected dims of at least 1; got {self.dims}.")


class Independent(DensityModel):
    """Every pixel a coin of its own; frequencies are Laplace-smoothed."""

    description = "every pixel a coin of its own"
    recipe = {"epochs": 1}
    counts = True

    def __init__(self, config: IndependentConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        self.b = nn.Parameter(torch.zeros(config.dims))

    def conditionals(self, x, y=None) -> Bernoulli:
        """p(x_i = 1), whatever came before: a Bernoulli of batch shape (B, D)."""
        x = self.as_rows(x)
        self.as_labels(y, len(x))
        return Bernoulli(logits=self.b.expand(len(x), -1), validate_args=False)

    def fit(self, train: Tensor) -> None:
        """Count how often each pixel is on."""
        self.b.data.copy_(logit_means(train))
