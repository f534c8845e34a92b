"""A Markov chain of order k along the ordering: p(x) = prod_i p(x_i | x_{i-k}, ..., x_{i-1}).

Given the k pixels before it, a pixel is independent of all earlier ones: 2^k parameters a pixel instead of
2^(i-1). Order 0 is independence, order 1 has 2D - 1 parameters.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..inputs import check_types
from ..messages import N_, NadeError
from ..orderings import inverse
from .binary import BinaryModel

MAX_ORDER = 16


@dataclass(frozen=True)
class MarkovChainConfig:
    """D = dims, k = order; ``smoothing`` is added to both counts of every context."""

    dims: int = 784
    order: int = 8
    smoothing: float = 0.1

    def __post_init__(self):
        check_types(self)
        if self.dims < 1 or not 0 <= self.order <= MAX_ORDER or not self.smoothing > 0:
            raise NadeError(
                "Expected dims above 0, an order from 0 to {most}, smoothing above 0; got {config}.",
                most=MAX_ORDER,
                config=self,
            )


class MarkovChain(BinaryModel):
    """A table of 2^k coins for each pixel: which one is tossed, the k pixels before it say."""

    description = N_("each pixel knows only a few pixels before it")
    recipe = {"epochs": 1}
    counts = True

    def __init__(self, config: MarkovChainConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        self.table = nn.Parameter(torch.zeros(config.dims, 2**config.order))  # logits, in generation order

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        """From the table of each pixel, the entry of the k before it."""
        return self.table.T.gather(0, self._contexts(x[:, ordering]))[:, inverse(ordering)]

    def fit(self, train: Tensor) -> None:
        """Count how often each pixel is on after each context."""
        x = train[:, self.ordering]
        contexts, counts = self._contexts(x).T, torch.zeros(2, *self.table.shape, device=x.device)
        for value in (0, 1):
            counts[value].scatter_add_(1, contexts, torch.eq(x.T, value).float())
        counts += self.config.smoothing
        self.table.data.copy_(counts[1].log() - counts[0].log())

    def _contexts(self, x: Tensor) -> Tensor:
        """The k values before each place as a binary number, zeros before the first: (B, D), x in generation order."""
        k, D = self.config.order, self.config.dims
        padded = F.pad(x.long(), (k, 0))
        return sum(
            (padded[:, k - lag : k - lag + D] << (lag - 1) for lag in range(1, k + 1)), torch.zeros_like(x).long()
        )
