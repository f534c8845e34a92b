"""Independent pixels: p(x) = prod_i p(x_i), D parameters, each a frequency that was counted."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..inputs import check_types
from ..messages import N_, NadeError
from .binary import BinaryModel, logit_means


@dataclass(frozen=True)
class IndependentConfig:
    """D = dims."""

    dims: int = 784

    def __post_init__(self):
        check_types(self)
        if self.dims < 1:
            raise NadeError("Expected dims of at least 1; got {dims}.", dims=self.dims)


class Independent(BinaryModel):
    """Every pixel a coin of its own; frequencies are Laplace-smoothed."""

    description = N_("every pixel a coin of its own")
    recipe = {"epochs": 1}
    counts = True

    def __init__(self, config: IndependentConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        self.b = nn.Parameter(torch.zeros(config.dims))

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return self.b.expand(len(x), -1)

    def fit(self, train: Tensor) -> None:
        """Count how often each pixel is on."""
        self.b.data.copy_(logit_means(train))
