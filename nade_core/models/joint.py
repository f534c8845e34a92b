"""The full joint table: one probability for each of the 2^D cases, 2^D - 1 parameters. For small D only."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..inputs import check_types
from ..messages import N_, NadeError
from ..orderings import inverse
from .binary import BinaryModel

MAX_DIMS = 20


@dataclass(frozen=True)
class JointTableConfig:
    """D = dims, at most 20; ``smoothing`` cases are added to the count of each."""

    dims: int = 9
    smoothing: float = 0.1

    def __post_init__(self):
        check_types(self)
        if not 1 <= self.dims <= MAX_DIMS:
            raise NadeError(
                "A table of 2^D cases is made for D from 1 to {most}; got D = {dims}.", most=MAX_DIMS, dims=self.dims
            )
        if not self.smoothing > 0:
            raise NadeError(
                "Expected a smoothing above 0, or unseen cases have no density; got {smoothing}.",
                smoothing=self.smoothing,
            )


class JointTable(BinaryModel):
    """The histogram of all cases: p(x) is proportional to exp(log_table), whatever the table."""

    description = N_("one probability for every possible row")
    recipe = {"epochs": 1}
    counts = True

    def __init__(self, config: JointTableConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        self.log_table = nn.Parameter(torch.full((2**config.dims,), -config.dims * math.log(2)))

    def _log_prob(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        """The entry of each row, over the sum of all."""
        return self.log_table[self._case(x[:, ordering], self.config.dims)] - self.log_table.logsumexp(0)

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        """p(x_i = 1 | x_<i) = p(x_<i, 1) / p(x_<i), the sums of table entries."""
        x, D, logits = x[:, ordering], self.config.dims, []
        for i in range(D):
            sums = self.log_table.view(2**i, 2, -1).logsumexp(2)  # log p(x_<i, x_i)
            both = sums[self._case(x, i)]
            logits.append(both[:, 1] - both[:, 0])
        return torch.stack(logits, 1)[:, inverse(ordering)]

    def fit(self, train: Tensor) -> None:
        """Count every case."""
        counts = torch.bincount(self._case(train[:, self.ordering], self.config.dims), minlength=len(self.log_table))
        smoothed = counts.double() + self.config.smoothing
        self.log_table.data.copy_((smoothed / smoothed.sum()).log())

    @staticmethod
    def _case(x: Tensor, k: int) -> Tensor:
        """The first k values of each row (B, D) read as a binary number: (B,)."""
        powers = 2 ** torch.arange(k - 1, -1, -1, device=x.device)
        return (x[:, :k].long() * powers).sum(1)
